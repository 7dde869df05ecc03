import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { describeUnless } from '../../localnet/tests/support/unless.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { openTestJournal } from '../support/journal.ts';
import { makeTestDataFolder } from '../support/pglite-image.ts';
import { startPostgres } from '../support/postgres.ts';
import { alertOf } from './records.ts';

const postgres = await startPostgres();

describeUnless(postgres === null && 'no Postgres on this machine')('openJournal on Postgres', () => {
  afterAll(() => postgres?.stop());
  const fresh = async () => (await postgres?.createDatabase()) ?? '';

  it('migrates once when several processes start at the same time, and all see one journal', async () => {
    const databaseUrl = await fresh();
    const journals = await Promise.all(Array.from({ length: 6 }, () => openJournal({ databaseUrl, dataDir: null })));
    expect(new Set(journals.map((journal) => journal.journalId)).size).toBe(1);
    for (const journal of journals) await journal.close();
  });

  it('names the database or the role that is missing', async () => {
    const url = new URL(await fresh());
    const [noDatabase, noRole] = [new URL(url), new URL(url)];
    noDatabase.pathname = '/nowhere';
    noRole.username = 'stranger';
    await expect(openJournal({ databaseUrl: noDatabase.href, dataDir: null })).rejects.toMatchObject({
      code: 'DATABASE_MISSING',
      message: expect.stringContaining('nowhere'),
    });
    await expect(openJournal({ databaseUrl: noRole.href, dataDir: null })).rejects.toMatchObject({
      code: 'DATABASE_DENIED',
      message: expect.stringContaining('stranger'),
    });
  });

  it('gives each database an id of its own', async () => {
    const one = await openJournal({ databaseUrl: await fresh(), dataDir: null });
    const two = await openJournal({ databaseUrl: await fresh(), dataDir: null });
    expect(one.journalId).not.toBe(two.journalId);
    await one.close();
    await two.close();
  });

  it('gives up on a statement that does not end, and the next one works', async () => {
    const journal = await openJournal({ databaseUrl: await fresh(), dataDir: null });
    await expect(sql`SELECT pg_sleep(60)`.execute(journal.db)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(journal.ping()).resolves.toBeUndefined();
    await journal.close();
  });
});

describe('openJournal', () => {
  it('does not answer a ping when it can only read', async () => {
    const journal = await openJournal({ databaseUrl: null, dataDir: null });
    await journal.ping();
    await sql`SET default_transaction_read_only = on`.execute(journal.db);
    await expect(journal.ping()).rejects.toThrow(/read-only/);
    await journal.close();
  });

  it('says so when nothing listens at the address', async () => {
    const error = openJournal({ databaseUrl: 'postgres://nobody@127.0.0.1:1/none', dataDir: null });
    await expect(error).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { part: 'journal' } });
  });

  it('gives up on a server that accepts and never answers', async () => {
    const mute = createServer(() => {}).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as { port: number };
    const started = performance.now();
    const opening = openJournal({ databaseUrl: `postgres://nobody@127.0.0.1:${port}/none`, dataDir: null });
    await expect(opening).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(performance.now() - started).toBeLessThan(15_000);
    mute.close();
  });

  it('refuses a database that a newer program has migrated, and says what to do', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'driftless-journal-'));
    const dataDir = join(folder, 'journal');
    await makeTestDataFolder(dataDir);
    const journal = await openJournal({ databaseUrl: null, dataDir });
    await sql`INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-later', 'now')`.execute(journal.db);
    await journal.close();
    await expect(openJournal({ databaseUrl: null, dataDir })).rejects.toMatchObject({ code: 'JOURNAL_SCHEMA' });
    rmSync(folder, { recursive: true });
  });

  it('refuses a folder that holds something else, and leaves it as it is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'driftless-journal-'));
    mkdirSync(join(folder, 'journal'));
    writeFileSync(join(folder, 'journal', 'notes.txt'), 'mine');
    const opening = openJournal({ databaseUrl: null, dataDir: join(folder, 'journal') });
    await expect(opening).rejects.toMatchObject({ code: 'DATA_FOLDER_INVALID' });
    rmSync(folder, { recursive: true });
  });

  it('holds a transaction alone: what comes beside it waits, and sees all of it or nothing', async () => {
    const journal = await openTestJournal();
    const [first, second] = [alertOf(), alertOf()];
    const seen: (string | undefined)[] = [];
    const writing = journal.db.transaction().execute(async (trx) => {
      await sql`UPDATE meta SET value = value`.execute(trx);
      seen.push('inside');
      for (const turn of [1, 2, 3]) await sql`SELECT ${turn}::int4`.execute(trx);
      seen.push('before the end');
    });
    const beside = journal.raiseAlert(first).then(() => seen.push('beside'));
    await Promise.all([writing, beside, journal.raiseAlert(second)]);
    expect(seen).toEqual(['inside', 'before the end', 'beside']);
    await journal.close();
  });

  it('says unavailable after it was closed', async () => {
    const journal = await openTestJournal();
    await journal.close();
    await expect(journal.ping()).rejects.toThrow();
  });
});
