/** Runs the same claims on embedded PGlite and on a real Postgres. */
import { afterAll, describe } from '@jest/globals';
import { describeUnless } from '../../localnet/tests/support/unless.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { openTestJournal } from '../support/journal.ts';
import { startPostgres } from '../support/postgres.ts';

/** @param claims called once for each kind; `open` gives a journal on an empty database, closed afterwards */
export async function onBothDatabases(claims: (open: () => Promise<Journal>) => void): Promise<void> {
  const postgres = await startPostgres();
  const closing = (open: () => Promise<Journal>) => {
    const opened: Journal[] = [];
    afterAll(async () => {
      for (const journal of opened) await journal.close();
    });
    claims(async () => {
      const journal = await open();
      opened.push(journal);
      return journal;
    });
  };
  describe('on PGlite', () => closing(openTestJournal));
  describeUnless(postgres === null && 'no Postgres on this machine')('on Postgres', () => {
    afterAll(() => postgres?.stop());
    closing(async () => openJournal({ databaseUrl: (await postgres?.createDatabase()) ?? null, dataDir: null }));
  });
}
