/** Reads of the journal with a bound: a journal that is down or hangs is null, and never holds up an answer. */
import type { Journal } from '../journal/journal.ts';
import { MAX_OPEN_LOOKUPS } from './limits.ts';
import { within } from './within.ts';

export type Lookup<T> =
  | { readonly known: true; readonly value: T }
  | { readonly known: false; readonly error: unknown };

export type JournalLookup = <T>(ms: number, read: (journal: Journal) => Promise<T>) => Promise<Lookup<T>>;

/** Reads that were given up still count until they end, so that a journal that hangs is not asked without bound. */
export function journalLookup(journal: Journal): JournalLookup {
  let open = 0;
  return async (ms, read) => {
    if (open >= MAX_OPEN_LOOKUPS) return { known: false, error: new Error('too many unanswered lookups') };
    open += 1;
    const waited = await within(ms, async () => {
      try {
        return await read(journal);
      } finally {
        open -= 1;
      }
    });
    if (waited.kind === 'value') return { known: true, value: waited.value };
    return { known: false, error: waited.kind === 'failed' ? waited.error : new Error(`no answer within ${ms} ms`) };
  };
}
