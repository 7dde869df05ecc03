/** Processes tell in the journal that they live, by the database's clock: theirs may differ. */
import { type Kysely, sql } from 'kysely';
import { DATABASE_NOW_MS } from './database-clock.ts';
import type { Database } from './schema.ts';

/** Each of these lives now: as its value the row has the time, in ms. */
export async function notePresent(db: Kysely<Database>, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  await db
    .insertInto('meta')
    .values([...new Set(keys)].map((key) => ({ key, value: sql<string>`${DATABASE_NOW_MS}::text` })))
    .onConflict((conflict) => conflict.column('key').doUpdateSet((eb) => ({ value: eb.ref('excluded.value') })))
    .execute();
}
