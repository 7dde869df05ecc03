/** What the quote asset was worth when a value of the account was written. Older rows have none: it was not written down. */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE equity ADD COLUMN quote_price base_units`.execute(db);
}
