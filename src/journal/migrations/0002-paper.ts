/** The paper venue's tables: an account is one document, and each signature one row, so that it is applied once. */
import { type Kysely, sql } from 'kysely';

const TABLES = [
  `CREATE TABLE paper_accounts (
    engine_id text PRIMARY KEY,
    state jsonb NOT NULL,
    sequence int8 NOT NULL,
    created_at_ms int8 NOT NULL,
    updated_at_ms int8 NOT NULL
  )`,

  // status: pending (lands at slot), landed (at slot), dropped (never lands).
  `CREATE TABLE paper_transactions (
    signature text PRIMARY KEY,
    engine_id text NOT NULL,
    wire text NOT NULL,
    status text NOT NULL,
    slot int8 NOT NULL,
    last_valid_block_height int8 NOT NULL,
    filling jsonb NOT NULL,
    error jsonb,
    effect jsonb,
    gone_slot int8,
    sent_at_ms int8 NOT NULL
  )`,
  `CREATE INDEX paper_transactions_of_engine ON paper_transactions (engine_id, slot)`,

  // The account before each change that is not finalized yet: what a finalized read answers from.
  `CREATE TABLE paper_checkpoints (
    engine_id text NOT NULL,
    seq int8 GENERATED ALWAYS AS IDENTITY,
    slot int8 NOT NULL,
    state jsonb NOT NULL,
    PRIMARY KEY (engine_id, seq)
  )`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of TABLES) await sql.raw(statement).execute(db);
}
