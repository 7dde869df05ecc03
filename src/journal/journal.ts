/**
 * The journal: the record that people read, and where paper lives. Every write is keyed by its cause, so that a
 * retried activity adds nothing. Every method throws TransientError when the database cannot be reached.
 */

import type { Kysely } from 'kysely';
import type { SnapshotJson } from '../domain/account/snapshot.ts';
import type { Alert } from '../domain/alerts/alert.ts';
import type { CommandAnswer } from '../domain/order/command.ts';
import type {
  AttemptRecord,
  CommandRecord,
  EngineRecord,
  EquityRecord,
  FundingRecord,
  OperationChange,
  OperationRecord,
  OperationWrite,
  TradeRecord,
  TransitionRecord,
} from './records.ts';
import type { Database } from './schema.ts';

export interface Fence {
  readonly engineId: string;
  readonly generation: number;
  readonly attempt: number;
  /** Of the engine; given, a watch of a former epoch (Temporal was lost) writes nothing either. */
  readonly epoch?: string;
}

export type Admission =
  | { readonly kind: 'new' }
  | { readonly kind: 'known'; readonly record: CommandRecord }
  | { readonly kind: 'conflict'; readonly record: CommandRecord };

export interface ListQuery {
  readonly engineId?: string;
  readonly limit: number;
  /** From a former page's `nextCursor`; newest first. @throws ValidationError INVALID_FIELD when it is not ours */
  readonly cursor?: string;
  readonly fromMs?: number;
  readonly toMs?: number;
}

export interface Page<Row> {
  readonly items: readonly Row[];
  readonly nextCursor: string | null;
}

/** What LISTEN/NOTIFY carries: which row changed; the listener reads it. */
export interface JournalEvent {
  readonly table:
    | 'engines'
    | 'snapshots'
    | 'commands'
    | 'operations'
    | 'transitions'
    | 'trades'
    | 'funding'
    | 'equity'
    | 'alerts';
  readonly engineId: string | null;
  /** The row's key: engine id, command id, operation id (transitions: `operationId/sequence`), alert id, … */
  readonly key: string;
}

/** Writes what was written once before: each as the journal's own, and no listener is told. */
export type RebuildingJournal = Pick<Journal, 'admitCommand' | 'recordAnswer' | 'operation' | 'writeOperation'>;

export interface Journal {
  /** Made once when the database is first migrated: how the two stores know each other. */
  readonly journalId: string;
  readonly db: Kysely<Database>;

  engine(engineId: string): Promise<EngineRecord | null>;
  engines(): Promise<readonly EngineRecord[]>;
  /** Ignored when the row has a later `sequence` of the same epoch, or the same and is not older. */
  publishEngine(record: EngineRecord): Promise<void>;

  /** Inserts the command, or tells what is already there under its id. Atomic. */
  admitCommand(record: Omit<CommandRecord, 'answer' | 'answeredAtMs'>): Promise<Admission>;
  command(commandId: string): Promise<CommandRecord | null>;
  /** The first final answer stays; one that is not final is not recorded. */
  recordAnswer(commandId: string, answer: CommandAnswer, atMs: number): Promise<void>;

  /** Inserts, or leaves what is there. */
  openOperation(record: Omit<OperationRecord, 'attempts' | 'endedAtMs' | 'error' | 'answer'>): Promise<void>;
  /** Upserts by signature; `stage` and `outcome` only ever move forward. */
  recordAttempt(record: AttemptRecord): Promise<void>;
  recordTransition(record: TransitionRecord): Promise<void>;
  /** One that has ended stays as it ended. */
  updateOperation(operationId: string, change: Omit<OperationChange, 'operationId'>): Promise<void>;
  /** All of it in one transaction; an `update` older than the last one is not made. */
  writeOperation(write: OperationWrite): Promise<void>;
  operation(operationId: string): Promise<OperationRecord | null>;
  readonly rebuilding: RebuildingJournal;
  transitions(operationId: string): Promise<readonly TransitionRecord[]>;
  unfinishedOperations(engineId: string): Promise<readonly OperationRecord[]>;

  /** False when the fence is older than the newest one seen: a cut-off watch writes nothing. */
  recordSnapshot(fence: Fence, snapshot: SnapshotJson): Promise<boolean>;
  latestSnapshot(engineId: string): Promise<{ readonly snapshot: SnapshotJson; readonly recordedAtMs: number } | null>;
  /** Keeps all of the last hour, one a minute for a day, one an hour beyond. Trades and funding are never thinned. */
  thinSnapshots(engineId: string, nowMs: number): Promise<number>;

  /** Foreign trades of a live venue; a paper venue inserts its own in its transaction. Keyed by signature and index. */
  recordTrades(trades: readonly TradeRecord[]): Promise<void>;
  recordFunding(payments: readonly FundingRecord[]): Promise<void>;
  recordEquity(record: EquityRecord): Promise<void>;
  /**
   * Equity rows that tell of price and interest alone are kept as snapshots are; the others, and the last of each
   * market hour, for ever.
   */
  thinEquity(engineId: string, nowMs: number): Promise<number>;

  /** False when this id is there already. */
  raiseAlert(alert: Alert): Promise<boolean>;
  alert(id: string): Promise<Alert | null>;

  operations(query: ListQuery & { readonly commandId?: string }): Promise<Page<OperationRecord>>;
  trades(query: ListQuery): Promise<Page<TradeRecord>>;
  funding(query: ListQuery): Promise<Page<FundingRecord>>;
  equity(query: ListQuery): Promise<Page<EquityRecord>>;
  alerts(query: ListQuery): Promise<Page<Alert>>;
  fundingTotal(engineId: string, market: string): Promise<string>;

  /** Calls `onEvent` for each row written from anywhere; `onGap` when events may have been missed (reconnect). */
  listen(onEvent: (event: JournalEvent) => void, onGap: () => void): Promise<() => Promise<void>>;
  /** Writes too: a database that only reads (its disk is full, it is a standby) is no journal. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
