import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Journal } from '../../../../src/journal/journal.ts';
import { BooksStore } from '../../../../src/venues/solana-perps/books/store.ts';
import { attemptOf, operationOf } from '../../../journal/records.ts';
import { openTestJournal } from '../../../support/journal.ts';

let journal: Journal;
beforeAll(async () => {
  journal = await openTestJournal();
});
afterAll(async () => await journal.close());

describe('the books of two sub-accounts of one wallet', () => {
  it('take for their own what their engine sent, and for the others’ what the other one sent', async () => {
    const [first, second] = ['engine:drift:wallet:0', 'engine:drift:wallet:1'];
    for (const [engineId, signature] of [
      [first, 'deposit-of-0'],
      [second, 'deposit-of-1'],
    ] as const) {
      const operation = operationOf({ engineId });
      await journal.openOperation(operation);
      await journal.recordAttempt(attemptOf({ operationId: operation.operationId, signature }));
    }
    const ofOne = async (engineId: string) => [
      ...(await new BooksStore(journal.db, engineId).operationsOf(['deposit-of-0', 'deposit-of-1'])).keys(),
    ];
    // What is none of its own costs the account a transfer, never gas.
    expect(await ofOne(first)).toEqual(['deposit-of-0']);
    expect(await ofOne(second)).toEqual(['deposit-of-1']);
  });
});
