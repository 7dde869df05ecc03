/** Brings the database to this program's schema. Safe when several processes start at once: Kysely's Migrator locks. */
import { DEFAULT_MIGRATION_TABLE, Migrator, sql } from 'kysely';
import { CriticalError, TransientError } from '../lib/errors.ts';
import { asJournalError, whyNotLetIn } from './database-errors.ts';
import { migrationProvider } from './migrations/index.ts';
import type { Db } from './writes.ts';

/**
 * @throws CriticalError DATABASE_MISSING, DATABASE_DENIED; JOURNAL_SCHEMA when the database is of a newer program, or a
 * migration fails
 */
export async function migrateToLatest(db: Db): Promise<void> {
  if (await isLatest(db)) return;
  if (((await schemaState(db))?.newer.length ?? 0) > 0) return await requireLatest(db);
  const { error, results } = await new Migrator({ db, provider: migrationProvider }).migrateToLatest();
  if (error === undefined) return;
  const known = asJournalError(error);
  if (known instanceof TransientError) throw known;
  const notLetIn = whyNotLetIn(error);
  if (notLetIn !== null) throw notLetIn;
  const failed = results?.find((result) => result.status === 'Error')?.migrationName;
  const reason = error instanceof Error ? error.message : String(error);
  throw new CriticalError(
    'JOURNAL_SCHEMA',
    failed === undefined
      ? `the journal's schema does not fit this program: ${reason}`
      : `migration ${failed} failed: ${reason}`,
    { remedy: 'use the version of Driftless that last wrote this database, or a newer one' },
    { cause: error },
  );
}

/** What stands in the database against what this program knows, by the names of migrations. */
export interface SchemaState {
  /** Known here and not applied there. */
  readonly pending: readonly string[];
  /** Applied there and unknown here: by a newer program. */
  readonly newer: readonly string[];
}

/** Their names, in order: what its tables are like. */
export async function appliedMigrations(db: Db): Promise<readonly string[]> {
  const { rows } = await sql<{
    readonly name: string;
  }>`SELECT name FROM ${sql.table(DEFAULT_MIGRATION_TABLE)} ORDER BY name`.execute(db);
  return rows.map(({ name }) => name);
}

export const knownMigrations = async (): Promise<readonly string[]> =>
  Object.keys(await migrationProvider.getMigrations()).sort();

/** Null: nobody has migrated it yet, or what it says cannot be read. */
export async function schemaState(db: Db): Promise<SchemaState | null> {
  const ours = Object.keys(await migrationProvider.getMigrations()).sort();
  try {
    const { rows } = await sql<{
      readonly name: string;
    }>`SELECT name FROM ${sql.table(DEFAULT_MIGRATION_TABLE)}`.execute(db);
    const applied = new Set(rows.map(({ name }) => name));
    return {
      pending: ours.filter((name) => !applied.has(name)),
      newer: [...applied].filter((name) => !ours.includes(name)).sort(),
    };
  } catch {
    return null;
  }
}

/** @throws CriticalError JOURNAL_SCHEMA when it is not of this program's schema */
export async function requireLatest(db: Db): Promise<void> {
  const state = await schemaState(db);
  if (state !== null && state.pending.length + state.newer.length === 0) return;
  const newer = state !== null && state.newer.length > 0;
  throw new CriticalError(
    'JOURNAL_SCHEMA',
    newer ? 'the journal is of a newer Driftless' : 'the journal is of an older Driftless, or empty',
    {
      remedy: newer
        ? 'use the version that last wrote it, or a newer one; to go back, restore a backup from before the upgrade'
        : 'start Driftless once: it migrates it',
    },
  );
}

/**
 * Spares a start the migrator, whose look at the database's catalogue takes a fifth of the time in which a journal opens. What
 * cannot be told here, the migrator judges.
 */
async function isLatest(db: Db): Promise<boolean> {
  const state = await schemaState(db);
  return state !== null && state.pending.length + state.newer.length === 0;
}
