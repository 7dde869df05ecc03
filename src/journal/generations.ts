/**
 * Versions that share a journal. It notes by name each change (a migration, a change of the workflows) that its data may need
 * by now, and which workers live, by the database's clock. Two workers are of one generation if they know the same changes.
 */
import { type Kysely, sql } from 'kysely';
import { DATABASE_NOW_MS } from './database-clock.ts';
import { notePresent } from './presence.ts';
import type { Database } from './schema.ts';

const CHANGE = 'change ';
const WORKER = 'worker ';
const keyOf = (generation: string, process: string): string => `${WORKER}${generation} ${process}`;

export interface NotedChange {
  readonly name: string;
  /** The version that noted it first. */
  readonly version: string;
}

export async function notedChanges(db: Kysely<Database>): Promise<readonly NotedChange[]> {
  const rows = await db.selectFrom('meta').selectAll().where('key', 'like', `${CHANGE}%`).orderBy('key').execute();
  return rows.map(({ key, value }) => ({ name: key.slice(CHANGE.length), version: value }));
}

export async function noteChanges(db: Kysely<Database>, names: readonly string[], version: string): Promise<void> {
  const values = names.map((name) => ({ key: `${CHANGE}${name}`, value: version }));
  await db
    .insertInto('meta')
    .values(values)
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
}

/** This worker lives now. */
export async function noteWorker(db: Kysely<Database>, generation: string, process: string): Promise<void> {
  await notePresent(db, [keyOf(generation, process)]);
}

/** Of workers that died without a word. */
export async function forgetDeadWorkers(db: Kysely<Database>, silentForMs: number): Promise<void> {
  await sql`
    DELETE FROM meta WHERE key LIKE ${`${WORKER}%`} AND value::int8 < ${DATABASE_NOW_MS} - ${silentForMs}::int8`.execute(
    db,
  );
}

/** Removes a worker that stopped. One that died is no longer counted after a while. */
export async function forgetWorker(db: Kysely<Database>, generation: string, process: string): Promise<void> {
  await db.deleteFrom('meta').where('key', '=', keyOf(generation, process)).execute();
}

/** Whether a worker of another generation told within this time that it lives. */
export async function otherGenerationLives(
  db: Kysely<Database>,
  generation: string,
  withinMs: number,
): Promise<boolean> {
  const { rows } = await sql<{ readonly alive: boolean }>`
    SELECT EXISTS (
      SELECT FROM meta
      WHERE key LIKE ${`${WORKER}%`} AND NOT starts_with(key, ${`${WORKER}${generation} `})
        AND value::int8 > ${DATABASE_NOW_MS} - ${withinMs}::int8
    ) AS alive`.execute(db);
  return rows[0]?.alive === true;
}
