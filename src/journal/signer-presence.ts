/**
 * Workers that may sign and send for an engine tell here that they live, by the database's clock. Temporal keeps a poller that
 * died in its list for a minute; a position must not wait so long for somebody to notice.
 */
import { type Kysely, sql } from 'kysely';
import type { Database } from './schema.ts';

const PREFIX = 'signer';
const NOW_MS = sql`(extract(epoch FROM clock_timestamp()) * 1000)::int8`;
const keyOf = (queue: string, process: string): string => `${PREFIX} ${queue} ${process}`;

/** This process polls these queues now. */
export async function noteSigner(db: Kysely<Database>, queues: readonly string[], process: string): Promise<void> {
  for (const queue of queues) {
    await sql`
      INSERT INTO meta (key, value)
      VALUES (${keyOf(queue, process)}, ${NOW_MS}::text)
      ON CONFLICT (key) DO UPDATE SET value = excluded.value`.execute(db);
  }
}

/** Removes a process that stopped polling. One that died is no longer counted after a while. */
export async function forgetSigner(db: Kysely<Database>, process: string): Promise<void> {
  await db.deleteFrom('meta').where('key', 'like', `${PREFIX} % ${process}`).execute();
}

/** Milliseconds since a process last told that it polls this queue; null: none ever did. */
export async function signerSeenMsAgo(db: Kysely<Database>, queue: string): Promise<number | null> {
  const { rows } = await sql<{ readonly ago: string | null }>`
    SELECT (${NOW_MS} - max(value::int8))::text AS ago
    FROM meta WHERE key LIKE ${`${PREFIX} ${queue.replaceAll('_', '\\_')} %`}`.execute(db);
  const ago = rows[0]?.ago ?? null;
  return ago === null ? null : Number(ago);
}
