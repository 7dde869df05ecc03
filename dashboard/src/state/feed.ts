/** Where the prices come from. */
import type { State } from '../../../src/protocol/state.ts';

export interface Feed {
  /** Null: not named yet. */
  readonly id: string | null;
  /** Null: unknown. */
  readonly synthetic: boolean | null;
}

/** Before the first snapshot the feed's id decides, because made-up prices must never look real. */
export function feedOf(now: State | null): Feed {
  const market = now?.market ?? null;
  if (market !== null) return { id: market.feed, synthetic: market.synthetic };
  const id = now?.engine.feed ?? null;
  return { id, synthetic: id === null ? null : id.startsWith('synthetic') };
}
