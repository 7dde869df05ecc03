/**
 * The journal of the first release, recorded by that release: every migration carries its rows. What a migration changes
 * on purpose is named here; everything else must come out as it went in.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Kysely, Migrator, sql } from 'kysely';
import { appliedMigrations, knownMigrations } from '../../src/journal/migrate.ts';
import { migrationProvider } from '../../src/journal/migrations/index.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { pgliteDialect } from '../../src/journal/pglite-dialect.ts';
import { openPGlite } from '../../src/journal/pglite-folder.ts';
import type { Database } from '../../src/journal/schema.ts';
import { type DataFolderFacts, unpackDataFolder } from '../fixtures/data-folder.ts';

const RELEASE = '0.1.0';

let home = '';
let facts: DataFolderFacts;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'driftless-release-'));
  facts = await unpackDataFolder(RELEASE, home);
});
afterAll(() => rm(home, { recursive: true, force: true }));

/** Tables that the recorded engine wrote to. */
const WRITTEN = [
  'engines',
  'commands',
  'operations',
  'attempts',
  'transitions',
  'alerts',
  'trades',
  'equity',
  'snapshots',
];

type Row = Readonly<Record<string, unknown>>;
type Tables = ReadonlyMap<string, readonly Row[]>;

/** Kysely's own notes of what was applied grow with each migration. */
const isOurs = (table: string): boolean => !table.startsWith('kysely_');

async function rowsOf(db: Kysely<Database>): Promise<Tables> {
  const { rows: names } = await sql<{ name: string }>`
    SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`.execute(db);
  const tables = new Map<string, readonly Row[]>();
  for (const { name } of names.filter((table) => isOurs(table.name))) {
    const { rows } = await sql<{ row: Row }>`SELECT to_jsonb(t) AS row FROM ${sql.table(name)} t`.execute(db);
    tables.set(
      name,
      rows.map(({ row }) => row),
    );
  }
  return tables;
}

/** Of each row only the columns that it had before, in an order that no rewrite of a table changes. */
const asBefore = (rows: readonly Row[], columns: readonly string[]): readonly string[] =>
  rows.map((row) => JSON.stringify(columns.map((name) => [name, row[name]]))).sort();

it('is carried by each migration, row by row, and read as it was written', async () => {
  const dataDir = join(home, 'journal');
  const pglite = await openPGlite(dataDir);
  const db = new Kysely<Database>({ dialect: pgliteDialect(pglite) });
  const known = await knownMigrations();
  const applied = await appliedMigrations(db);
  const first = await rowsOf(db);
  // It is a journal of the first release, with something in every table that matters.
  expect(applied.length).toBeLessThan(known.length);
  expect(known.slice(0, applied.length)).toEqual(applied);
  const filled = [...first].filter(([, rows]) => rows.length > 0).map(([table]) => table);
  expect(filled).toEqual(expect.arrayContaining(WRITTEN));
  let before = first;
  const migrator = new Migrator({ db, provider: migrationProvider });
  const changed: string[] = [];
  for (const name of known.slice(applied.length)) {
    const { error } = await migrator.migrateTo(name);
    expect({ name, error }).toEqual({ name, error: undefined });
    const after = await rowsOf(db);
    for (const [table, rows] of before) {
      const now = after.get(table) ?? [];
      const columns = Object.keys(rows[0] ?? {});
      const same = JSON.stringify(asBefore(rows, columns)) === JSON.stringify(asBefore(now, columns));
      if (!same) changed.push(`${name}: ${table} ${rows.length} -> ${now.length}`);
    }
    before = after;
  }
  expect(changed).toEqual([]);
  await db.destroy();

  const journal = await openJournal({ databaseUrl: null, dataDir });
  try {
    const { engineId, unknown } = facts;
    expect(await journal.engine(engineId)).toMatchObject({
      hedgeTarget: facts.hedgeTarget,
      unresolved: [unknown.operationId],
    });
    const { items } = await journal.operations({ engineId, limit: 100 });
    expect(items.map(({ operationId, kind, status }) => ({ operationId, kind, status }))).toEqual(facts.operations);
    expect(await journal.operation(unknown.operationId)).toMatchObject({
      endedAtMs: null,
      attempts: [{ signature: unknown.signature, outcome: 'unknown' }],
    });
    expect(await journal.command(unknown.commandId)).toMatchObject({ operationId: unknown.operationId });
    const alerts = await journal.alerts({ engineId, limit: 100 });
    expect(alerts.items.filter(({ kind }) => kind === 'alert').map(({ code }) => code)).toEqual(facts.standingAlerts);
    for (const page of [journal.trades, journal.funding, journal.equity, journal.commands, journal.decisions])
      expect((await page({ engineId, limit: 100 })).items).toBeInstanceOf(Array);
    expect(await journal.latestSnapshot(engineId)).not.toBeNull();
  } finally {
    await journal.close();
  }
});
