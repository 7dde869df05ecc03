/** What the engine decided by itself and why, and the order in which commands are listed. */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE decisions (
      engine_id text NOT NULL,
      ts_ms int8 NOT NULL,
      market_time_ms int8 NOT NULL,
      action text NOT NULL,
      size base_units,
      reasons jsonb NOT NULL,
      gates jsonb NOT NULL,
      seq int8 GENERATED ALWAYS AS IDENTITY,
      PRIMARY KEY (engine_id, ts_ms, market_time_ms)
    )`.execute(db);
  await sql`CREATE INDEX decisions_of_engine ON decisions (engine_id, ts_ms DESC, seq DESC)`.execute(db);
  await sql`ALTER TABLE commands ADD COLUMN seq int8 GENERATED ALWAYS AS IDENTITY`.execute(db);
  await sql`CREATE INDEX commands_of_engine ON commands (engine_id, received_at_ms DESC, seq DESC)`.execute(db);
  // Statistics follow the market's time, which may be replayed.
  await sql`CREATE INDEX equity_by_market_time ON equity (engine_id, market_time_ms, ts_ms)`.execute(db);
}
