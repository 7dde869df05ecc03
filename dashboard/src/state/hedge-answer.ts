/** Is the account hedged? In one or two words, with the sentence below them. */
import { percent, ratio, sol } from '../format/number.ts';

export interface HedgeInput {
  /** SOL; null: unknown. */
  readonly spot: number | null;
  readonly perp: number | null;
  /** The part of spot to hedge, 0 to 1; null: unknown, or the account is only watched. */
  readonly target: number | null;
  /** Per cent of spot between the position and the target; null: unknown. */
  readonly deviationPct: number | null;
  readonly tolerance: number | null;
  /** The market's step in SOL: a smaller difference cannot be traded away. Null: unknown. */
  readonly step: number | null;
}

export interface HedgeAnswer {
  readonly tone: 'good' | 'info' | 'warn' | 'bad' | 'quiet';
  readonly words: string;
  readonly detail: string;
}

/**
 * The words describe the holdings, so they follow from spot and perp: what is within the tolerance, or within a step of the
 * market, is neutral whatever the target says. The sentence compares them with the target.
 */
export function hedgeAnswer(input: HedgeInput): HedgeAnswer {
  const { spot, perp, tolerance } = input;
  if (spot === null || perp === null || tolerance === null) {
    return { tone: 'quiet', words: 'Hedge unknown', detail: 'The account has not been read yet.' };
  }
  const off = offTarget(input);
  const held = holdings(spot, perp, tolerance, input.step ?? 0);
  return off !== null && held.tone !== 'bad'
    ? { ...held, tone: 'warn', detail: off }
    : { ...held, detail: held.detail };
}

function holdings(spot: number, perp: number, tolerance: number, step: number): HedgeAnswer {
  const net = spot + perp;
  if (spot === 0 && perp === 0) return { tone: 'quiet', words: 'No exposure', detail: 'Nothing is deposited.' };
  if (perp !== 0 && spot > 0 && (Math.abs(net) / spot) * 100 <= Math.max(tolerance, (step / spot) * 100)) {
    return { tone: 'good', words: 'Neutral', detail: 'The price of SOL does not move your equity.' };
  }
  if (perp === 0) {
    return { tone: 'info', words: 'Unhedged', detail: `${side(net)} ${sol(Math.abs(net))}, exposed to its price.` };
  }
  if (perp > 0) return { tone: 'warn', words: 'Not a hedge', detail: `Spot and perp are both long: ${sol(net)}.` };
  if (net < 0) {
    return { tone: 'bad', words: 'Over-hedged', detail: `The short exceeds your spot by ${sol(-net)}.` };
  }
  // To the nearest per cent, but never all or nothing: that would be another answer.
  const hedged = Math.min(99, Math.max(1, Math.round((-perp / spot) * 100)));
  return {
    tone: 'info',
    words: `Partially hedged ${percent(hedged, 0)}`,
    detail: `${sol(net)} of your spot moves with its price.`,
  };
}

const side = (net: number): string => (net < 0 ? 'Short' : 'Long');

/** Null: on target, or there is none. */
function offTarget({ target, deviationPct, tolerance, spot, step }: HedgeInput): string | null {
  if (target === null || tolerance === null) return null;
  if (deviationPct === null) return 'The distance from the target is unknown.';
  const away = (Math.abs(deviationPct) / 100) * (spot ?? 0);
  if (Math.abs(deviationPct) <= tolerance || away <= (step ?? 0)) return null;
  return `Off target by ${deviation(deviationPct)}; the target is ${ratio(target, 0)}.`;
}

/** Of next to no spot a percentage says nothing. */
export const deviation = (pct: number | null | undefined): string =>
  pct != null && Math.abs(pct) > 1_000
    ? `${pct < 0 ? 'less than −' : 'more than +'}1,000 %`
    : percent(pct, 2, 'always');
