/**
 * Workers that may sign and send for an engine tell here that they live, by the database's clock. Temporal keeps a poller that
 * died in its list for a minute; a position must not wait so long for somebody to notice.
 */
import { type Kysely, sql } from 'kysely';
import { DATABASE_NOW_MS } from './database-clock.ts';
import { notePresent } from './presence.ts';
import type { Database } from './schema.ts';

const PREFIX = 'signer';
const keyOf = (queue: string, process: string): string => `${PREFIX} ${queue} ${process}`;

/** This process polls these queues now. */
export async function noteSigner(db: Kysely<Database>, queues: readonly string[], process: string): Promise<void> {
  await notePresent(
    db,
    queues.map((queue) => keyOf(queue, process)),
  );
}

/** Removes a process that stopped polling. One that died is no longer counted after a while. */
export async function forgetSigner(db: Kysely<Database>, process: string): Promise<void> {
  await db.deleteFrom('meta').where('key', 'like', `${PREFIX} % ${process}`).execute();
}

/** Milliseconds since a process last told that it polls this queue; null: none ever did. */
export async function signerSeenMsAgo(db: Kysely<Database>, queue: string): Promise<number | null> {
  const { rows } = await sql<{ readonly ago: string | null }>`
    SELECT (${DATABASE_NOW_MS} - max(value::int8))::text AS ago
    FROM meta WHERE key LIKE ${`${PREFIX} ${queue.replaceAll('_', '\\_')} %`}`.execute(db);
  const ago = rows[0]?.ago ?? null;
  return ago === null ? null : Number(ago);
}
