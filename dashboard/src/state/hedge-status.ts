/** How well the account is hedged, in the words of its badge. */
import { percent, sol } from '../format/number.ts';

export interface HedgeInput {
  /** SOL; null: unknown. */
  readonly spot: number | null;
  readonly perp: number | null;
  /** The part of spot to hedge, 0 to 1; null: unknown, or the account is only watched. */
  readonly target: number | null;
  /** Per cent of spot between the position and the target; null: unknown. */
  readonly deviationPct: number | null;
  readonly tolerance: number | null;
}

interface HedgeStatus {
  readonly tone: 'good' | 'info' | 'warn' | 'quiet';
  readonly words: string;
}

/**
 * "Neutral" and "Partially hedged" describe the holdings, so they follow from spot and perp: with a target of 99.9995 %,
 * because of the market's step, the account is neutral within the tolerance. A distance from the target beyond the
 * tolerance comes first.
 */
export function hedgeStatus({ spot, perp, target, deviationPct, tolerance }: HedgeInput): HedgeStatus {
  if (spot === null || perp === null || tolerance === null) return { tone: 'quiet', words: 'Hedge unknown' };
  const openPct = spot > 0 ? ((spot + perp) / spot) * 100 : null;
  if (openPct !== null && Math.abs(openPct) <= tolerance) return { tone: 'good', words: 'Neutral' };
  if (perp === 0) {
    return spot === 0
      ? { tone: 'quiet', words: 'No exposure' }
      : { tone: 'info', words: `Unhedged: long ${sol(spot)}` };
  }
  if (target !== null) {
    if (deviationPct === null) return { tone: 'quiet', words: 'Hedge deviation unknown' };
    if (Math.abs(deviationPct) > tolerance) return { tone: 'warn', words: `Off target by ${deviation(deviationPct)}` };
  }
  if (openPct !== null && openPct > 0 && openPct < 100) {
    return { tone: 'info', words: `Partially hedged (${percent(100 - openPct, 0)})` };
  }
  return { tone: 'info', words: target === null ? 'No hedge target' : 'On target' };
}

/** Of next to no spot a percentage says nothing. */
export const deviation = (pct: number | null | undefined): string =>
  pct != null && Math.abs(pct) > 1_000
    ? `${pct < 0 ? 'less than −' : 'more than +'}1,000 %`
    : percent(pct, 2, 'always');
