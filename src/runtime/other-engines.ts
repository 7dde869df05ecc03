/**
 * Other engines that this journal knows. This process's worker serves them too, each from its own id; one that it could
 * not serve must not be left alone with a position or a transaction in doubt.
 */

import type { Journal } from '../journal/journal.ts';
import type { EngineRecord } from '../journal/records.ts';
import { CriticalError } from '../lib/errors.ts';
import { type EngineIdParts, parseEngineId } from '../lib/ids.ts';
import type { Settings } from './config.ts';
import { runsEngine } from './signing-rights.ts';

export interface OtherEngines {
  readonly journal: Pick<Journal, 'engines' | 'latestSnapshot' | 'unfinishedOperations'>;
  readonly settings: Pick<Settings, 'engineId' | 'engines' | 'live'>;
  readonly say: (line: string) => void;
}

/** Why the engine of a former local chain is stopped: nothing of it can be watched any more, and nothing is at stake. */
export const LOCAL_CHAIN_GONE = 'Its local chain is gone.';

/**
 * Names the others that are open.
 * @throws CriticalError ENGINE_UNWATCHED when one would be left with a live position or an unresolved transaction that
 * this process cannot watch
 */
export async function watchOtherEngines({ journal, settings, say }: OtherEngines): Promise<void> {
  for (const other of await journal.engines()) {
    if (runsEngine(other.engineId, settings)) continue;
    if (other.state === 'stopped' && other.reason === LOCAL_CHAIN_GONE) continue;
    const open = await whatIsOpen(journal, other);
    if (open === null && other.state === 'stopped') continue;
    const why = open === null ? null : whyUnwatched(other, settings.live);
    if (why !== null) {
      throw new CriticalError(
        'ENGINE_UNWATCHED',
        `${other.engineId} has ${open}, and nothing would watch it after this start: ${why}.`,
        {
          remedy: 'set what is missing, or close and resolve it first with ENGINE_MODE=live',
          engine_id: other.engineId,
        },
      );
    }
    const stands = open === null ? '' : `, with ${open}`;
    say(
      `Note: ${other.engineId} is also open (${other.mode}, ${other.state}, ${other.tradingState}${stands}). This ` +
        'process watches it. To command it, start Driftless with its settings, or name it in ENGINES_FILE.',
    );
  }
}

/** In words; null: nothing. */
export async function whatIsOpen(
  journal: OtherEngines['journal'],
  { engineId, unresolved }: EngineRecord,
): Promise<string | null> {
  if (unresolved.length > 0) return 'an unresolved transaction';
  if ((await journal.unfinishedOperations(engineId)).length > 0) return 'an unfinished operation';
  return (await hasPosition(journal, engineId)) ? 'an open position' : null;
}

/** As it was last read. */
export async function hasPosition(journal: Pick<Journal, 'latestSnapshot'>, engineId: string): Promise<boolean> {
  const account = (await journal.latestSnapshot(engineId))?.snapshot.account ?? null;
  return account?.perps.some(({ baseAmount }) => baseAmount !== '0') ?? false;
}

/** Null: this process can read its account. Paper is served from the engine's id alone. */
function whyUnwatched({ engineId }: EngineRecord, live: Settings['live']): string | null {
  const parts = parseEngineId(engineId);
  if (parts === null || parts.venue === 'paper') return null;
  if (live.rpcUrls.length === 0) return 'RPC_URL is not set, so its account cannot be read';
  return isOfCluster(parts, live) ? null : 'its account is on another cluster, or its id does not say on which';
}

/** Whether this process's nodes are those of its chain. */
export const isOfCluster = ({ chain }: EngineIdParts, { genesis }: Pick<Settings['live'], 'genesis'>): boolean =>
  chain !== undefined && genesis?.startsWith(chain.genesis) === true;
