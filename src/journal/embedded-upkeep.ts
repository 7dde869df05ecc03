/**
 * Does what Postgres does in separate processes and PGlite, a single process, does not: without checkpoints the
 * write-ahead log grows forever and is replayed at the next start; without vacuum the tables grow.
 */
import { sql } from 'kysely';
import type { Db } from './writes.ts';

const CHECKPOINT_EVERY_MS = 5 * 60_000;
/** Vacuum runs with each n-th checkpoint: hourly. */
const VACUUM_EVERY = 12;

export async function checkpoint(db: Db): Promise<void> {
  await sql.raw('CHECKPOINT').execute(db);
}

/** Only our own tables: the catalogs hardly change, and their vacuum takes ten times as long. */
async function vacuum(db: Db): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'`.execute(db);
  if (rows.length > 0) await sql.raw(`VACUUM (ANALYZE) ${rows.map((row) => row.name).join(', ')}`).execute(db);
}

/** Runs until the returned function is called; a failure is reported and the next round tries again. */
export function startUpkeep(db: Db, onError: (error: unknown) => void): () => void {
  let rounds = 0;
  const timer = setInterval(() => {
    rounds += 1;
    const work = rounds % VACUUM_EVERY === 0 ? vacuum(db).then(() => checkpoint(db)) : checkpoint(db);
    work.catch(onError);
  }, CHECKPOINT_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
