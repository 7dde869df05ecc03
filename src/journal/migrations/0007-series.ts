/** What charts show: for each span of time the lowest, the highest and the last value of every series. */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE series (
      engine_id text NOT NULL,
      level int2 NOT NULL,
      start_ms int8 NOT NULL,
      first_ms int8 NOT NULL,
      last_ms int8 NOT NULL,
      low float8[] NOT NULL,
      high float8[] NOT NULL,
      last float8[] NOT NULL,
      PRIMARY KEY (engine_id, level, start_ms)
    )`.execute(db);
}
