/** Until when a person has muted the alerts that are not critical, of all engines or of one, for all messengers of this journal. */
import { type Kysely, sql } from 'kysely';
import type { Database } from './schema.ts';

const KEY = 'messengers muted until';
const keyOf = (engineId: string | null): string => (engineId === null ? KEY : `${KEY} ${engineId}`);

/** Times by the wall clock, ms; what is over mutes nothing. */
export interface Mutes {
  /** 0: never. */
  readonly allUntilMs: number;
  readonly engines: ReadonlyMap<string, number>;
}

/** @param engineId null: all engines */
export async function muteUntil(db: Kysely<Database>, untilMs: number, engineId: string | null): Promise<void> {
  await sql`
    INSERT INTO meta (key, value) VALUES (${keyOf(engineId)}, ${String(untilMs)})
    ON CONFLICT (key) DO UPDATE SET value = excluded.value`.execute(db);
}

/** @param engineId null: everything that is muted, single engines too */
export async function unmute(db: Kysely<Database>, engineId: string | null): Promise<void> {
  const pattern = engineId === null ? `${KEY}%` : keyOf(engineId);
  await db
    .deleteFrom('meta')
    .where('key', engineId === null ? 'like' : '=', pattern)
    .execute();
}

export async function readMutes(db: Kysely<Database>): Promise<Mutes> {
  const rows = await db.selectFrom('meta').select(['key', 'value']).where('key', 'like', `${KEY}%`).execute();
  const times = new Map(rows.map(({ key, value }) => [key, Number(value)]));
  const engines = [...times]
    .filter(([key]) => key !== KEY)
    .map(([key, ms]) => [key.slice(KEY.length + 1), ms] as const);
  return { allUntilMs: times.get(KEY) ?? 0, engines: new Map(engines) };
}
