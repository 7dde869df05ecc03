/** The journal's tables, their indexes, and the triggers that tell listeners of each new or changed row. */
import { type Kysely, sql } from 'kysely';

const AMOUNT = 'base_units NOT NULL';

const TABLES = [
  // numeric(60,0) would round a fraction in silence; this refuses it.
  `CREATE DOMAIN base_units AS numeric CHECK (scale(VALUE) = 0 AND abs(VALUE) < 1e60)`,

  `CREATE TABLE meta (key text PRIMARY KEY, value text NOT NULL)`,
  // Made once with the database: how the two stores know each other.
  `INSERT INTO meta (key, value) VALUES ('journal_id', gen_random_uuid()::text)`,

  `CREATE TABLE engines (
    engine_id text PRIMARY KEY,
    epoch text NOT NULL,
    sequence int8 NOT NULL,
    updated_at_ms int8 NOT NULL,
    record jsonb NOT NULL
  )`,

  `CREATE TABLE commands (
    command_id text PRIMARY KEY,
    engine_id text NOT NULL,
    action text NOT NULL,
    request_hash text NOT NULL,
    request jsonb NOT NULL,
    received_at_ms int8 NOT NULL,
    operation_id text,
    answer jsonb,
    answered_at_ms int8
  )`,

  `CREATE TABLE operations (
    operation_id text PRIMARY KEY,
    engine_id text NOT NULL,
    command_id text,
    kind text NOT NULL,
    status text NOT NULL,
    created_at_ms int8 NOT NULL,
    ended_at_ms int8,
    intent jsonb NOT NULL,
    error jsonb,
    answer jsonb,
    updated_at_ms int8 NOT NULL,
    seq int8 GENERATED ALWAYS AS IDENTITY
  )`,
  `CREATE INDEX operations_newest ON operations (created_at_ms DESC, seq DESC)`,
  `CREATE INDEX operations_of_engine ON operations (engine_id, created_at_ms DESC, seq DESC)`,
  `CREATE INDEX operations_of_command ON operations (command_id) WHERE command_id IS NOT NULL`,
  `CREATE INDEX operations_unfinished ON operations (engine_id, created_at_ms) WHERE ended_at_ms IS NULL`,

  // No foreign key to operations: an attempt is the write-ahead record, and is kept whatever else is missing.
  `CREATE TABLE attempts (
    signature text PRIMARY KEY,
    operation_id text NOT NULL,
    number int4 NOT NULL,
    wire text NOT NULL,
    last_valid_block_height int8 NOT NULL,
    slot int8 NOT NULL,
    intent jsonb NOT NULL,
    stage text NOT NULL,
    outcome text,
    error jsonb,
    signed_at_ms int8 NOT NULL,
    updated_at_ms int8 NOT NULL
  )`,
  `CREATE INDEX attempts_of_operation ON attempts (operation_id, number)`,

  // The time belongs to the key: an operation rebuilt after Temporal was lost counts from 0 again.
  `CREATE TABLE transitions (
    operation_id text NOT NULL,
    at_ms int8 NOT NULL,
    sequence int4 NOT NULL,
    stage text NOT NULL,
    attempt int4,
    signature text,
    outcome text,
    detail jsonb NOT NULL,
    PRIMARY KEY (operation_id, at_ms, sequence)
  )`,

  `CREATE TABLE fences (
    engine_id text PRIMARY KEY,
    generation int8 NOT NULL,
    attempt int8 NOT NULL
  )`,
  `CREATE TABLE snapshots (
    engine_id text NOT NULL,
    taken_at_ms int8 NOT NULL,
    slot int8 NOT NULL,
    snapshot jsonb NOT NULL,
    PRIMARY KEY (engine_id, taken_at_ms, slot)
  )`,

  `CREATE TABLE trades (
    engine_id text NOT NULL,
    signature text NOT NULL,
    fill_index int4 NOT NULL,
    operation_id text,
    market text NOT NULL,
    side text NOT NULL,
    size ${AMOUNT},
    price ${AMOUNT},
    fee ${AMOUNT},
    ts_ms int8 NOT NULL,
    seq int8 GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (engine_id, signature, fill_index)
  )`,
  `CREATE INDEX trades_newest ON trades (ts_ms DESC, seq DESC)`,
  `CREATE INDEX trades_of_engine ON trades (engine_id, ts_ms DESC, seq DESC)`,

  `CREATE TABLE funding (
    engine_id text NOT NULL,
    market text NOT NULL,
    period_ts_ms int8 NOT NULL,
    rate ${AMOUNT},
    position ${AMOUNT},
    amount ${AMOUNT},
    ts_ms int8 NOT NULL,
    seq int8 GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (engine_id, market, period_ts_ms)
  )`,
  `CREATE INDEX funding_newest ON funding (ts_ms DESC, seq DESC)`,
  `CREATE INDEX funding_of_engine ON funding (engine_id, ts_ms DESC, seq DESC)`,

  `CREATE TABLE equity (
    engine_id text NOT NULL,
    ts_ms int8 NOT NULL,
    market_time_ms int8 NOT NULL,
    equity ${AMOUNT},
    baseline ${AMOUNT},
    price ${AMOUNT},
    basis ${AMOUNT},
    slippage ${AMOUNT},
    funding ${AMOUNT},
    interest ${AMOUNT},
    fees ${AMOUNT},
    gas ${AMOUNT},
    transfers ${AMOUNT},
    external ${AMOUNT},
    unexplained ${AMOUNT},
    seq int8 GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (engine_id, ts_ms, market_time_ms)
  )`,
  `CREATE INDEX equity_newest ON equity (ts_ms DESC, seq DESC)`,
  `CREATE INDEX equity_of_engine ON equity (engine_id, ts_ms DESC, seq DESC)`,

  `CREATE TABLE alerts (
    id text PRIMARY KEY,
    engine_id text,
    kind text NOT NULL,
    severity text NOT NULL,
    code text NOT NULL,
    message text NOT NULL,
    action text NOT NULL,
    operation_id text,
    details jsonb NOT NULL,
    ts_ms int8 NOT NULL,
    seq int8 GENERATED ALWAYS AS IDENTITY
  )`,
  `CREATE INDEX alerts_newest ON alerts (ts_ms DESC, seq DESC)`,
  `CREATE INDEX alerts_of_engine ON alerts (engine_id, ts_ms DESC, seq DESC)`,
];

const OPERATIONS_ENGINE = '(SELECT engine_id FROM operations WHERE operation_id = NEW.operation_id)';

/** On each table: as which event its rows are told, whose they are, and the row's key. */
const TOLD: readonly { readonly on: string; readonly event: string; readonly engine: string; readonly key: string }[] =
  [
    { on: 'engines', event: 'engines', engine: 'NEW.engine_id', key: 'NEW.engine_id' },
    { on: 'commands', event: 'commands', engine: 'NEW.engine_id', key: 'NEW.command_id' },
    { on: 'operations', event: 'operations', engine: 'NEW.engine_id', key: 'NEW.operation_id' },
    { on: 'attempts', event: 'operations', engine: OPERATIONS_ENGINE, key: 'NEW.operation_id' },
    {
      on: 'transitions',
      event: 'transitions',
      engine: OPERATIONS_ENGINE,
      key: `NEW.operation_id || '/' || NEW.sequence::text`,
    },
    { on: 'snapshots', event: 'snapshots', engine: 'NEW.engine_id', key: 'NEW.taken_at_ms::text' },
    { on: 'trades', event: 'trades', engine: 'NEW.engine_id', key: `NEW.signature || '/' || NEW.fill_index::text` },
    { on: 'funding', event: 'funding', engine: 'NEW.engine_id', key: `NEW.market || '/' || NEW.period_ts_ms::text` },
    { on: 'equity', event: 'equity', engine: 'NEW.engine_id', key: 'NEW.ts_ms::text' },
    { on: 'alerts', event: 'alerts', engine: 'NEW.engine_id', key: 'NEW.id' },
  ];

// A payload of 8000 bytes would fail the write itself: such a row is told without its names, and a reader reads anew.
const notifying = ({ on, event, engine, key }: (typeof TOLD)[number]) => [
  `CREATE FUNCTION tell_${on}() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE payload text;
  BEGIN
    payload := json_build_object('table', '${event}', 'engineId', ${engine}, 'key', ${key})::text;
    IF octet_length(payload) > 7900 THEN
      payload := json_build_object('table', '${event}', 'engineId', NULL, 'key', '')::text;
    END IF;
    PERFORM pg_notify('driftless', payload);
    RETURN NULL;
  END $$`,
  `CREATE TRIGGER tell AFTER INSERT OR UPDATE ON ${on} FOR EACH ROW EXECUTE FUNCTION tell_${on}()`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...TABLES, ...TOLD.flatMap(notifying)]) await sql.raw(statement).execute(db);
}
