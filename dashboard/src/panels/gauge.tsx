/** Health as a half circle from 0 (liquidation) to 100. Unknown is drawn as unknown, not as an empty gauge. */

import { CRITICAL_BELOW, type HealthBand, healthBand, WARNING_BELOW } from '../state/health-band.ts';

const BAND_WORDS: Readonly<Record<HealthBand, string>> = {
  good: 'healthy',
  warning: 'low',
  critical: 'near liquidation',
  unknown: 'unknown',
};

const ARC = 'M 20 104 A 80 80 0 0 1 180 104';
const ZONES = 'M 8 104 A 92 92 0 0 1 192 104';

/** A point on the half circle of `radius` at `value` of 0 to 100. */
function at(value: number, radius: number): { readonly x: number; readonly y: number } {
  const angle = Math.PI * (1 - value / 100);
  return { x: 100 + radius * Math.cos(angle), y: 104 - radius * Math.sin(angle) };
}

function Threshold({ value }: { readonly value: number }) {
  const inner = at(value, 86);
  const outer = at(value, 98);
  const label = at(value, 108);
  return (
    <g class="gauge-threshold">
      <line x1={inner.x} y1={inner.y} x2={outer.x} y2={outer.y} />
      <text x={label.x} y={label.y} text-anchor="middle" dominant-baseline="middle">
        {value}
      </text>
    </g>
  );
}

export function HealthGauge({ health }: { readonly health: number | null }) {
  const band = healthBand(health);
  const shown = health === null ? null : Math.min(100, Math.max(0, health));
  const words = shown === null ? 'Health unknown' : `Health ${shown.toFixed(1)} of 100, ${BAND_WORDS[band]}`;
  const tip = shown === null ? null : at(shown, 80);
  return (
    <div class={`gauge gauge-${band}`} data-testid="health-gauge" data-band={band} data-value={shown ?? 'unknown'}>
      {/* A meter must have a value: without one there are words only. */}
      {shown === null ? (
        <span class="sr-only">{words}</span>
      ) : (
        <meter
          class="sr-only"
          aria-label="Health"
          aria-valuetext={words}
          min={0}
          max={100}
          low={WARNING_BELOW}
          high={WARNING_BELOW}
          optimum={100}
          value={shown}
        >
          {words}
        </meter>
      )}
      <svg viewBox="-8 -10 216 132" aria-hidden="true">
        <path
          class="gauge-zone zone-critical"
          d={ZONES}
          pathLength={100}
          stroke-dasharray={`${CRITICAL_BELOW - 0.6} 200`}
        />
        <path
          class="gauge-zone zone-warning"
          d={ZONES}
          pathLength={100}
          stroke-dasharray={`0 ${CRITICAL_BELOW + 0.6} ${WARNING_BELOW - CRITICAL_BELOW - 1.2} 200`}
        />
        <path
          class="gauge-zone zone-good"
          d={ZONES}
          pathLength={100}
          stroke-dasharray={`0 ${WARNING_BELOW + 0.6} 49.4 200`}
        />
        <path class="gauge-track" d={ARC} pathLength={100} />
        {shown === null ? null : (
          <path class="gauge-value" d={ARC} pathLength={100} stroke-dasharray={`${shown} 200`} />
        )}
        {tip === null ? null : <circle class="gauge-tip" cx={tip.x} cy={tip.y} r="5" />}
        <Threshold value={CRITICAL_BELOW} />
        <Threshold value={WARNING_BELOW} />
        <text class="gauge-figure" x="100" y="88" text-anchor="middle">
          {shown === null ? '?' : shown.toFixed(1)}
        </text>
        <text class="gauge-word" x="100" y="110" text-anchor="middle">
          {shown === null ? BAND_WORDS[band] : 'of 100'}
        </text>
      </svg>
    </div>
  );
}
