/**
 * Which keys payloads were ever encrypted with, so that a start knows what to look for in Temporal's histories. An id and a
 * fingerprint, never a key.
 */
import { type Kysely, sql } from 'kysely';
import type { Database } from './schema.ts';

const PREFIX = 'encryption key ';

/** By id: the fingerprint of its key. */
export async function notedEncryptionKeys(db: Kysely<Database>): Promise<ReadonlyMap<string, string>> {
  const rows = await db.selectFrom('meta').selectAll().where('key', 'like', `${PREFIX}%`).execute();
  return new Map(rows.map(({ key, value }) => [key.slice(PREFIX.length), value]));
}

export async function noteEncryptionKey(db: Kysely<Database>, id: string, fingerprint: string): Promise<void> {
  await sql`
    INSERT INTO meta (key, value) VALUES (${PREFIX + id}, ${fingerprint})
    ON CONFLICT (key) DO NOTHING`.execute(db);
}

/** No history that Temporal keeps needs it any longer. */
export async function forgetEncryptionKey(db: Kysely<Database>, id: string): Promise<void> {
  await db
    .deleteFrom('meta')
    .where('key', '=', PREFIX + id)
    .execute();
}
