/** Which engine a person should look at first. */
import type * as z from '../lib/codec.ts';
import type { EngineInfo } from '../protocol/history.ts';

type EngineToRank = Pick<z.input<typeof EngineInfo>, 'state' | 'trading_state' | 'holds' | 'unresolved' | 'health'>;

/** An unknown outcome, then a restriction, then an engine that does not run, or of which nothing is known. */
function rankOf(engine: EngineToRank | null): number {
  if (engine === null) return 2;
  if (engine.unresolved.length > 0) return 0;
  if (engine.holds.length > 0) return 1;
  if (engine.state !== 'running') return 2;
  return engine.trading_state === 'active' ? 4 : 3;
}

/** Within a rank the one of less health; one whose health is unknown stands before them. */
export function byUrgency(a: EngineToRank | null, b: EngineToRank | null): number {
  return (
    rankOf(a) - rankOf(b) || (a?.health ?? Number.NEGATIVE_INFINITY) - (b?.health ?? Number.NEGATIVE_INFINITY) || 0
  );
}
