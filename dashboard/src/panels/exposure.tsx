/** Is the account neutral? Spot and perp on one axis, and the difference between them. */
import type { State } from '../../../src/protocol/state.ts';
import { percent, ratio, sol, UNKNOWN, usd } from '../format/number.ts';
import { cooldownWords, liquidationPrice, perpOf } from '../state/exposure-figures.ts';
import { deviation, type HedgeInput, hedgeStatus } from '../state/hedge-status.ts';
import { sinceStatsMs, stats } from '../state/store.ts';
import { Holds } from './holds.tsx';
import { Badge, Figure, Panel } from './parts.tsx';

export function ExposurePanel() {
  const now = stats.value;
  const spot = now?.account?.spot_sol ?? null;
  const perp = perpOf(now);
  const tolerance = now?.policy.drift_tolerance_pct ?? null;
  const driftPct = now?.drift_state.drift_pct ?? null;
  const liq = liquidationPrice(now);
  const distance = now?.account?.liq_distance_pct ?? null;
  const target = now?.engine.hedge_target ?? null;
  // At target 1 the deviation is the distance from the target; otherwise the server provides it.
  const offTarget = now?.account?.drift_from_target_pct ?? (target === 1 ? driftPct : null);
  return (
    <Panel
      id="exposure"
      title="Exposure"
      aside={<HedgeBadge {...{ spot, perp, target, tolerance }} deviationPct={offTarget} />}
    >
      <Balance spot={spot} perp={perp} />
      <dl class="figures figures-3">
        <Figure
          label="Net delta"
          value={sol(now?.drift_state.net_delta, 'always')}
          hint={driftPct === null ? undefined : `${deviation(driftPct)} of spot`}
          testid="net-delta"
          large
        />
        <Figure
          label="Hedge deviation"
          value={deviation(offTarget)}
          hint={tolerance === null ? undefined : `tolerance ${percent(tolerance, 1)}`}
          testid="drift-pct"
          large
        />
        <Figure
          label="Hedge target"
          value={ratio(target, 1)}
          hint={target === null ? undefined : target === 0 ? 'no hedge' : 'of spot'}
          testid="hedge-target"
          large
        />
        <Figure
          label="Liquidation price"
          value={liq === null ? 'None' : usd(liq)}
          hint={liq == null || distance === null ? undefined : `${percent(distance, 1)} away`}
          testid="liq-price"
        />
        <Figure label="Cooldown" value={cooldownWords(now, sinceStatsMs.value)} testid="cooldown" />
        <Figure label="Operation" value={operationWords(now)} hint={now?.engine.decision?.message} testid="operation" />
      </dl>
      <Holds />
    </Panel>
  );
}

function operationWords(now: State | null): string {
  if (now === null || now.engine.state === null) return UNKNOWN;
  const operation = now.engine.operation;
  if (operation === null) return 'None';
  return `${operation.kind} · ${operation.stage}`;
}

function HedgeBadge(props: HedgeInput) {
  const { tone, words } = hedgeStatus(props);
  return (
    <Badge tone={tone} testid="neutrality">
      {words}
    </Badge>
  );
}

const HALF = 50;

/** Longs to the right of the middle, shorts to the left, at one scale: the difference is the exposure. */
function Balance({ spot, perp }: { readonly spot: number | null; readonly perp: number | null }) {
  const scale = Math.max(Math.abs(spot ?? 0), Math.abs(perp ?? 0), Number.MIN_VALUE);
  return (
    <div class="balance" aria-hidden="true">
      <Bar label="Spot" amount={spot} scale={scale} testid="spot" />
      <Bar label="Perp" amount={perp} scale={scale} testid="perp" />
    </div>
  );
}

function Bar(props: {
  readonly label: string;
  readonly amount: number | null;
  readonly scale: number;
  readonly testid: string;
}) {
  const { amount } = props;
  const width = amount === null ? 0 : (Math.abs(amount) / props.scale) * HALF;
  const x = amount !== null && amount < 0 ? HALF - width : HALF;
  return (
    <div class="balance-row">
      <span class="balance-label">{props.label}</span>
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <rect class="balance-bed" x="0" y="0" width="100" height="10" />
        <rect
          class={amount !== null && amount < 0 ? 'balance-short' : 'balance-long'}
          x={x}
          y="0"
          width={width}
          height="10"
        />
        <line class="balance-axis" x1={HALF} x2={HALF} y1="0" y2="10" />
      </svg>
      <span class={`balance-amount ${amount === null ? 'is-unknown' : ''}`} data-testid={props.testid}>
        {sol(amount, 'always')}
      </span>
    </div>
  );
}
