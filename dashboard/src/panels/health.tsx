/** How far the account is from liquidation. */
import { percent, usd } from '../format/number.ts';
import { liquidationPrice } from '../state/exposure-figures.ts';
import { type HealthBand, healthBand } from '../state/health-band.ts';
import { stats } from '../state/store.ts';
import { Answer, AnswerLine, type AnswerTone } from './answer.tsx';
import { HealthGauge } from './gauge.tsx';

const WORDS: Readonly<Record<HealthBand, readonly [string, AnswerTone]>> = {
  good: ['Healthy', 'good'],
  warning: ['Low', 'warn'],
  critical: ['Near liquidation', 'bad'],
  unknown: ['Unknown', 'quiet'],
};

export function HealthCard() {
  const now = stats.value;
  const health = now?.drift_state.health ?? null;
  const [words, tone] = WORDS[healthBand(health)];
  const distance = now?.account?.liq_distance_pct ?? null;
  const liquidation = liquidationPrice(now);
  const price = liquidation === null ? NONE : usd(liquidation);
  return (
    <Answer id="health" question="Health" tone={tone} words={words} testid="health-words">
      <div class="answer-health">
        <HealthGauge health={health} />
        <dl class="answer-lines">
          <AnswerLine label="Liquidation price" testid="liq-price">
            {price}
          </AnswerLine>
          <AnswerLine label="Distance" testid="liq-distance">
            {price === NONE ? 'No position at risk' : percent(distance, 1)}
          </AnswerLine>
        </dl>
      </div>
    </Answer>
  );
}

const NONE = 'None';
