import { describe, expect, it } from '@jest/globals';
import { compareStores, type StoresToCompare, type StoreVerdict } from '../../src/journal/store-comparison.ts';
import { engineOf } from './records.ts';

type Carried = StoresToCompare['carried'];
const carried = (change: Partial<Carried> = {}): Carried => ({ epoch: 'e1', sequence: 7, journalId: 'j1', ...change });
const row = (epoch: string, sequence: number) => engineOf({ epoch, sequence });
const first: Carried = { epoch: 'e1', sequence: 0, journalId: null };

/** The rows of docs/architecture/two-stores.md. */
const CASES: readonly [string, Carried, Partial<StoresToCompare['journal']>, StoreVerdict][] = [
  ['a first start on an empty journal', first, { record: null, accountExists: false }, 'fresh'],
  ['a first start on an account of the chain', first, { record: null, accountExists: true }, 'fresh'],
  ['a first publish whose acceptance was lost', first, { record: row('e1', 1) }, 'match'],
  ['a new workflow over a known engine', first, { record: row('e0', 40) }, 'temporal_lost'],
  [
    'a new workflow over a known engine without account',
    first,
    { record: row('e0', 40), accountExists: false },
    'temporal_lost',
  ],
  ['the same sequence', carried(), { record: row('e1', 7) }, 'match'],
  ['stores that agree, of a backup', carried(), { record: row('e1', 7), restored: true }, 'restored'],
  ['a new workflow over a restored journal', first, { record: row('e0', 40), restored: true }, 'restored'],
  ['one publish whose acknowledgement was lost', carried(), { record: row('e1', 8) }, 'match'],
  ['a journal far ahead', carried(), { record: row('e1', 9) }, 'temporal_lost'],
  ['a journal behind', carried(), { record: row('e1', 6) }, 'journal_behind'],
  ['a journal without the row', carried(), { record: null }, 'journal_behind'],
  ['a journal of another epoch', carried(), { record: row('e0', 7) }, 'temporal_lost'],
  ['a journal without a command', carried(), { record: row('e1', 7), unknownCommand: 'c9' }, 'journal_behind'],
  [
    'a workflow without an operation of the journal',
    carried({ startedUpToMs: 5 }),
    { record: row('e1', 7), newestOperationMs: 6 },
    'temporal_lost',
  ],
  ['the same operations', carried({ startedUpToMs: 6 }), { record: row('e1', 8), newestOperationMs: 6 }, 'match'],
  [
    'a journal without the newest operation',
    carried({ startedUpToMs: 6 }),
    { record: row('e1', 7), newestOperationMs: 5 },
    'match',
  ],
  ['a workflow of before operations were told', carried(), { record: row('e1', 7), newestOperationMs: 6 }, 'match'],
  ['another journal', carried({ journalId: 'j0' }), { record: null }, 'journal_lost'],
  ['another journal that has a row', carried({ journalId: 'j0' }), { record: row('e1', 7) }, 'journal_lost'],
  [
    'another journal without the account',
    carried({ journalId: 'j0' }),
    { record: null, accountExists: false },
    'account_missing',
  ],
  ['a lost account', carried(), { record: row('e1', 7), accountExists: false }, 'account_missing'],
  [
    'an account that was never seen',
    carried({ accountSeen: false }),
    { record: row('e1', 7), accountExists: false },
    'match',
  ],
  ['accepted, never published', carried({ sequence: 0 }), { record: null }, 'fresh'],
];

describe('compareStores', () => {
  it.each(CASES)('tells %s', (_, workflow, journal, verdict) => {
    const comparison = compareStores({
      carried: workflow,
      journal: { journalId: 'j1', record: null, accountExists: true, ...journal },
    });
    expect(comparison.verdict).toBe(verdict);
  });

  it('names both ends', () => {
    const { detail } = compareStores({
      carried: carried({ journalId: 'j0' }),
      journal: { journalId: 'j1', record: row('e9', 3), accountExists: true },
    });
    for (const part of ['epoch e1', 'sequence 7', 'journal j0', 'journal j1', 'epoch e9', 'sequence 3']) {
      expect(detail).toContain(part);
    }
  });
});
