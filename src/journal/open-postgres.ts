/** A Postgres server as the journal's database. */
import { Kysely, PostgresDialect, type PostgresPool } from 'kysely';
import { listenOnPostgres } from './listen-postgres.ts';
import { migrateToLatest } from './migrate.ts';
import type { JournalLogger, Opened } from './opened.ts';
import { migrationPool, postgresPool } from './postgres-pool.ts';
import type { Database } from './schema.ts';

export function openPostgres(databaseUrl: string, logger: JournalLogger | undefined): Opened {
  const onIdleError = (error: Error) => logger?.warn({ err: error }, 'a connection to the journal was lost');
  const over = (pool: PostgresPool) => new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  const db = over(postgresPool(databaseUrl, onIdleError));
  return {
    db,
    listen: listenOnPostgres(databaseUrl),
    async migrate() {
      const patient = over(migrationPool(databaseUrl, onIdleError));
      try {
        await migrateToLatest(patient);
      } finally {
        await patient.destroy();
      }
    },
    copyTo: null,
    close: () => db.destroy(),
  };
}
