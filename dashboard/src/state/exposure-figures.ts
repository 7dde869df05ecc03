/** Figures of the exposure in words. */

import type { State } from '../../../src/protocol/state.ts';
import { UNKNOWN } from '../format/number.ts';
import { countdown } from '../format/time.ts';

/** Null: none. Undefined: unknown. */
export function liquidationPrice(now: State | null): number | null | undefined {
  const account = now?.account ?? null;
  if (account === null || account.liq_kind === 'unknown') return undefined;
  return account.liq_price;
}

/** Counts down between messages. */
export function cooldownWords(now: State | null, sinceMs: number): string {
  if (now === null || now.engine.state === null) return UNKNOWN;
  const { cooldown_remaining_ms: remainingMs } = now.engine;
  const left = remainingMs === null ? 0 : remainingMs - sinceMs;
  return left > 0 ? countdown(left) : 'None';
}
