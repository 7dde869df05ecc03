/** Until when a person has muted the alerts that are not critical: one time for all messengers of this journal. */
import { type Kysely, sql } from 'kysely';
import type { Database } from './schema.ts';

const KEY = 'messengers muted until';

/** @param untilMs wall clock, ms; a time that is over unmutes */
export async function muteUntil(db: Kysely<Database>, untilMs: number): Promise<void> {
  await sql`
    INSERT INTO meta (key, value) VALUES (${KEY}, ${String(untilMs)})
    ON CONFLICT (key) DO UPDATE SET value = excluded.value`.execute(db);
}

/** Wall clock, ms; 0: never muted. */
export async function mutedUntilMs(db: Kysely<Database>): Promise<number> {
  const row = await db.selectFrom('meta').select('value').where('key', '=', KEY).executeTakeFirst();
  return Number(row?.value ?? 0);
}
