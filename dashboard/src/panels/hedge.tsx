/** Spot and perp on one axis, what is left of them together, and the wallet apart. */
import { percent, ratio, sol } from '../format/number.ts';
import { deviation, hedgeAnswer } from '../state/hedge-answer.ts';
import { stats } from '../state/store.ts';
import { Answer, AnswerLine } from './answer.tsx';

/** The market's step is exact; here it only decides whether a difference can be traded. */
const stepOf = (base: bigint | null | undefined): number | null => (base == null ? null : Number(base) / 1e9);

export function HedgeCard() {
  const now = stats.value;
  const account = now?.account ?? null;
  const spot = account?.spot_sol ?? null;
  const perp = account?.perp_sol ?? null;
  const target = now?.engine.hedge_target ?? null;
  const driftPct = now?.drift_state.drift_pct ?? null;
  // At target 1 the deviation is the distance from the target; otherwise the server provides it.
  const offTarget = account?.drift_from_target_pct ?? (target === 1 ? driftPct : null);
  const tolerance = now?.policy.drift_tolerance_pct ?? null;
  const { tone, words, detail } = hedgeAnswer({
    ...{ spot, perp, target, tolerance },
    deviationPct: offTarget,
    step: stepOf(now?.market?.step_size_base),
  });
  const counted = now?.policy.hedge_wallet_sol === true;
  return (
    <Answer id="hedge" question="Hedge" tone={tone} words={words.replace(/ %$/, '\u00a0%')} testid="neutrality">
      <p class="answer-detail">{detail}</p>
      <Balance spot={spot} perp={perp} />
      <dl class="answer-lines">
        <AnswerLine label="Net" testid="net-delta">
          <span class="whole">{sol(now?.drift_state.net_delta, 'always')}</span>
          {driftPct === null ? null : <small> {deviation(driftPct)}</small>}
        </AnswerLine>
        <AnswerLine label="Target">
          <span data-testid="hedge-target">{ratio(target, 1)}</span>
          {tolerance === null ? null : <small> ±{percent(tolerance, 1)}</small>}
        </AnswerLine>
        <AnswerLine label={counted ? 'Wallet (hedged too)' : 'Wallet (not hedged)'} testid="wallet-sol">
          {sol(account?.wallet_sol)}
        </AnswerLine>
      </dl>
    </Answer>
  );
}

const HALF = 50;

/** Longs to the right of the middle, shorts to the left, at one scale: the difference is the exposure. */
function Balance({ spot, perp }: { readonly spot: number | null; readonly perp: number | null }) {
  const scale = Math.max(Math.abs(spot ?? 0), Math.abs(perp ?? 0), Number.MIN_VALUE);
  return (
    <div class="balance">
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
