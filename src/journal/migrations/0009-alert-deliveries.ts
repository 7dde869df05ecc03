/** Which alert a messenger has sent, and which process is about to send it; and what a person has acknowledged. */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE alert_deliveries (
      alert_id text NOT NULL,
      channel text NOT NULL,
      times int4 NOT NULL DEFAULT 0,
      sent_at_ms int8,
      holder text,
      held_until_ms int8,
      PRIMARY KEY (alert_id, channel)
    )`.execute(db);
  await sql`
    CREATE TABLE alert_acknowledgements (
      alert_id text PRIMARY KEY,
      at_ms int8 NOT NULL
    )`.execute(db);
}
