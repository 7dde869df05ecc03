/**
 * The journal's tables as Kysely sees them. Amounts are of the domain `base_units` (whole numbers) and come back as decimal strings; times are
 * wall milliseconds in `int8` and come back as numbers; `jsonb` goes in as text (`jsonText`) and comes back parsed.
 */

import type { ColumnType, Generated, GeneratedAlways } from 'kysely';
import type { SnapshotJson } from '../domain/account/snapshot.ts';
import type { Alert } from '../domain/alerts/alert.ts';
import type { OperationStatus } from '../domain/operation/operation.ts';
import type { CommandAnswer } from '../domain/order/command.ts';
import type { Intent } from '../domain/order/intent.ts';
import type { ErrorReport, Json } from '../lib/errors.ts';
import type { InsertOnly } from './column-types.ts';
import type { DriftTables } from './drift-schema.ts';
import type { PaperTables } from './paper-schema.ts';
import type {
  AttemptRecord,
  CommandRecord,
  DecisionRecord,
  EngineRecord,
  OperationRecord,
  TradeRecord,
} from './records.ts';

/** A `jsonb` column: parsed when read, text when written. */
type JsonColumn<T> = ColumnType<T, string, string>;
type NullableJsonColumn<T> = ColumnType<T | null, string | null, string | null>;

interface MetaTable {
  key: string;
  value: string;
}

interface EnginesTable {
  engine_id: InsertOnly<string>;
  epoch: string;
  sequence: number;
  updated_at_ms: number;
  record: JsonColumn<EngineRecord>;
}

export interface CommandsTable {
  command_id: InsertOnly<string>;
  engine_id: InsertOnly<string>;
  action: InsertOnly<CommandRecord['action']>;
  request_hash: InsertOnly<string>;
  request: ColumnType<Json, string, never>;
  received_at_ms: InsertOnly<number>;
  operation_id: InsertOnly<string | null>;
  answer: NullableJsonColumn<CommandAnswer>;
  answered_at_ms: number | null;
  seq: GeneratedAlways<number>;
}

export interface OperationsTable {
  operation_id: InsertOnly<string>;
  engine_id: InsertOnly<string>;
  command_id: InsertOnly<string | null>;
  kind: InsertOnly<OperationRecord['kind']>;
  status: OperationStatus;
  created_at_ms: InsertOnly<number>;
  ended_at_ms: number | null;
  intent: ColumnType<Json, string, never>;
  error: NullableJsonColumn<ErrorReport>;
  answer: NullableJsonColumn<CommandAnswer>;
  updated_at_ms: number;
  seq: GeneratedAlways<number>;
}

export interface AttemptsTable {
  signature: InsertOnly<string>;
  operation_id: InsertOnly<string>;
  number: InsertOnly<number>;
  wire: InsertOnly<string>;
  last_valid_block_height: InsertOnly<number>;
  slot: InsertOnly<number>;
  intent: ColumnType<Intent, string, never>;
  stage: string;
  outcome: AttemptRecord['outcome'];
  error: NullableJsonColumn<ErrorReport>;
  signed_at_ms: InsertOnly<number>;
  updated_at_ms: number;
}

export interface TransitionsTable {
  operation_id: InsertOnly<string>;
  sequence: InsertOnly<number>;
  at_ms: InsertOnly<number>;
  stage: InsertOnly<string>;
  attempt: InsertOnly<number | null>;
  signature: InsertOnly<string | null>;
  outcome: InsertOnly<string | null>;
  detail: ColumnType<Json, string, never>;
}

/** The newest watch of an engine; writes of an older one are refused. */
interface FencesTable {
  engine_id: InsertOnly<string>;
  generation: number;
  attempt: number;
}

interface SnapshotsTable {
  engine_id: InsertOnly<string>;
  taken_at_ms: InsertOnly<number>;
  slot: InsertOnly<number>;
  snapshot: ColumnType<SnapshotJson, string, never>;
  /** In the order of writing. */
  seq: Generated<number>;
}

export interface TradesTable {
  engine_id: InsertOnly<string>;
  signature: InsertOnly<string>;
  fill_index: InsertOnly<number>;
  /** Set later if the operation became known after its fill. */
  operation_id: string | null;
  market: InsertOnly<string>;
  side: InsertOnly<TradeRecord['side']>;
  size: InsertOnly<string>;
  price: InsertOnly<string>;
  fee: InsertOnly<string>;
  ts_ms: InsertOnly<number>;
  seq: GeneratedAlways<number>;
}

export interface FundingTable {
  engine_id: InsertOnly<string>;
  market: InsertOnly<string>;
  period_ts_ms: InsertOnly<number>;
  rate: InsertOnly<string>;
  position: InsertOnly<string>;
  amount: InsertOnly<string>;
  ts_ms: InsertOnly<number>;
  seq: GeneratedAlways<number>;
}

export interface EquityTable {
  engine_id: InsertOnly<string>;
  ts_ms: InsertOnly<number>;
  market_time_ms: InsertOnly<number>;
  equity: string;
  baseline: string;
  price: string;
  basis: string;
  slippage: string;
  funding: string;
  interest: string;
  fees: string;
  gas: string;
  transfers: string;
  external: string;
  unexplained: string;
  quote_price: string | null;
  seq: GeneratedAlways<number>;
}

export interface AlertsTable {
  id: InsertOnly<string>;
  engine_id: InsertOnly<string | null>;
  kind: InsertOnly<Alert['kind']>;
  severity: InsertOnly<Alert['severity']>;
  code: InsertOnly<string>;
  message: InsertOnly<string>;
  action: InsertOnly<string>;
  operation_id: InsertOnly<string | null>;
  details: ColumnType<Json, string, never>;
  ts_ms: InsertOnly<number>;
  seq: GeneratedAlways<number>;
}

export interface DecisionsTable {
  engine_id: InsertOnly<string>;
  ts_ms: InsertOnly<number>;
  market_time_ms: InsertOnly<number>;
  action: InsertOnly<string>;
  size: InsertOnly<string | null>;
  reasons: ColumnType<DecisionRecord['reasons'], string, never>;
  gates: ColumnType<DecisionRecord['gates'], string, never>;
  seq: GeneratedAlways<number>;
}

interface SeriesTable {
  engine_id: InsertOnly<string>;
  /** The span's length. */
  span_ms: InsertOnly<number>;
  start_ms: InsertOnly<number>;
  /** Of the first and the last point in it. */
  first_ms: number;
  last_ms: number;
  /** Bytes, as Postgres writes them: lowest, highest and last value as float8, for each name at its place in `SERIES_NAMES`. */
  figures: ColumnType<string, string, string>;
}

interface JournalTables {
  meta: MetaTable;
  engines: EnginesTable;
  commands: CommandsTable;
  operations: OperationsTable;
  attempts: AttemptsTable;
  transitions: TransitionsTable;
  fences: FencesTable;
  snapshots: SnapshotsTable;
  trades: TradesTable;
  funding: FundingTable;
  equity: EquityTable;
  alerts: AlertsTable;
  decisions: DecisionsTable;
  series: SeriesTable;
}

export type Database = JournalTables & PaperTables & DriftTables;
