/** The books of live accounts: one document each, with the cursor up to which the chain is in. */
import { type Kysely, sql } from 'kysely';

const TABLE = `CREATE TABLE drift_books (
  engine_id text PRIMARY KEY,
  state jsonb NOT NULL,
  sequence int8 NOT NULL,
  created_at_ms int8 NOT NULL,
  updated_at_ms int8 NOT NULL
)`;

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(TABLE).execute(db);
}
