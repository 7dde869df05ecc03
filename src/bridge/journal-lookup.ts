/** Reads of the journal with a bound: a journal that is down or hangs is not known, and never holds up an answer. */
import { setImmediate } from 'node:timers/promises';
import type { Journal } from '../journal/journal.ts';
import { within } from '../lib/within.ts';
import { LOOKUP_LOST_MS } from './limits.ts';

type Lookup<T> = { readonly known: true; readonly value: T } | { readonly known: false; readonly error: unknown };

export type JournalLookup = <T>(ms: number, read: (journal: Journal) => Promise<T>) => Promise<Lookup<T>>;

/**
 * At most `maxOpen` at once: beyond that the journal counts as not known without being asked, so that a rush does not
 * wait in its queue. Reads that were given up count until they end, or are taken as lost.
 */
export function journalLookup(journal: Journal, maxOpen: number): JournalLookup {
  let open = 0;
  return async (ms, read) => {
    if (open >= maxOpen) return { known: false, error: new Error('too many unanswered lookups') };
    open += 1;
    // An embedded database answers within the microtasks of its caller: without this turn of the loop a thousand
    // messages that came together would each wait for the reads of all before them.
    const reading = setImmediate().then(() => read(journal));
    void within(LOOKUP_LOST_MS, () => reading).then(() => {
      open -= 1;
    });
    const waited = await within(ms, () => reading);
    if (waited.kind === 'value') return { known: true, value: waited.value };
    return { known: false, error: waited.kind === 'failed' ? waited.error : new Error(`no answer within ${ms} ms`) };
  };
}
