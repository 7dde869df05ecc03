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

/**
 * Spares a start the migrator, whose look at the database's catalogue takes a fifth of the time in which a journal opens. What
 * cannot be told here, the migrator judges.
 */
async function isLatest(db: Db): Promise<boolean> {
  const ours = Object.keys(await migrationProvider.getMigrations()).sort();
  try {
    const { rows } = await sql<{
      readonly name: string;
    }>`SELECT name FROM ${sql.table(DEFAULT_MIGRATION_TABLE)}`.execute(db);
    const applied = rows.map(({ name }) => name).sort();
    return applied.length === ours.length && applied.every((name, place) => name === ours[place]);
  } catch {
    return false;
  }
}
