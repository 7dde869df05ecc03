/** Figures of the exposure that the page puts together itself where the server does not tell them. */
import { UNKNOWN } from '../format/number.ts';
import { countdown } from '../format/time.ts';
import type { DriftState, Stats } from '../socket/messages.ts';

/** The perp in SOL: what the server says, else the sum of the positions. */
export function perpOf(stats: Stats | null): number | null {
  if (stats === null) return null;
  if (stats.account.perpSol !== null) return stats.account.perpSol;
  const positions = stats.drift.positions;
  if (positions === null || positions.some((position) => position.amount === null)) return null;
  return positions.reduce((sum, position) => sum + (position.amount ?? 0), 0);
}

export function liquidationPrice(stats: Stats | null): number | null | undefined {
  if (stats === null || stats.account.liqKind === 'unknown') return undefined;
  if (stats.account.liqPrice !== undefined) return stats.account.liqPrice;
  const positions: DriftState['positions'] = stats.drift.positions;
  if (positions === null) return undefined;
  return positions.find((position) => position.amount !== 0)?.liqPrice ?? (positions.length === 0 ? null : undefined);
}

/** Counts down between messages; `ready` when there is none. */
export function cooldownWords(now: Stats | null, sinceMs: number): string {
  if (now === null || now.engine.state === null) return UNKNOWN;
  const { cooldownRemainingMs, cooldownUntilMs } = now.engine;
  if (typeof cooldownRemainingMs === 'number') {
    const left = cooldownRemainingMs - sinceMs;
    return left > 0 ? countdown(left) : 'None';
  }
  if (cooldownUntilMs === null) return 'None';
  // Without the server's remainder: the deadline is in market time, which runs `speed` times as fast as the wall's.
  const { marketTimeMs, speed } = now.market;
  if (marketTimeMs === null || typeof speed !== 'number') return 'Running';
  const left = (cooldownUntilMs - marketTimeMs) / speed - sinceMs;
  return left > 0 ? countdown(left) : 'None';
}
