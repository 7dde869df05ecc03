/**
 * The journal: the record that people read, and the home of the paper account. Every write is keyed by its cause, so a
 * retried activity adds nothing. Every method throws TransientError when the database cannot be reached.
 */

import type { Kysely } from 'kysely';
import type { SnapshotJson } from '../domain/account/snapshot.ts';
import type { Alert } from '../domain/alerts/alert.ts';
import type { ChartPoint } from '../domain/figures/chart-point.ts';
import type { CommandAnswer } from '../domain/order/command.ts';
import type { AlertReception } from './deliveries.ts';
import type {
  AttemptRecord,
  CommandRecord,
  DecisionRecord,
  EngineRecord,
  EquityRecord,
  FundingRecord,
  OperationChange,
  OperationCounts,
  OperationRecord,
  OperationWrite,
  SeriesQuery,
  SeriesSpan,
  StatisticsRecord,
  TradeRecord,
  TransitionRecord,
} from './records.ts';
import type { Database } from './schema.ts';

export interface Fence {
  readonly engineId: string;
  readonly generation: number;
  readonly attempt: number;
  /** The engine's epoch. If given, a watch of a former epoch (Temporal was lost) writes nothing. */
  readonly epoch?: string;
}

export type Admission =
  | { readonly kind: 'new' }
  | { readonly kind: 'known'; readonly record: CommandRecord }
  | { readonly kind: 'conflict'; readonly record: CommandRecord };

export interface ListQuery {
  readonly engineId?: string;
  readonly limit: number;
  /** From an earlier page's `nextCursor`; newest first. @throws ValidationError INVALID_FIELD if it is not ours */
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

/** Writes rows that were written before; no listener is notified. */
export type RebuildingJournal = Pick<Journal, 'admitCommand' | 'recordAnswer' | 'operation' | 'writeOperation'>;

/** What a copy of a journal holds. */
export interface JournalCopied {
  readonly journalId: string;
  readonly engines: readonly EngineRecord[];
  /** Applied to it, by name. */
  readonly migrations: readonly string[];
}

export interface Journal {
  /** Made once at the database's first migration; the two stores recognise each other by it. */
  readonly journalId: string;
  readonly db: Kysely<Database>;

  engine(engineId: string): Promise<EngineRecord | null>;
  /** @param mode of all by default */
  engines(mode?: EngineRecord['mode']): Promise<readonly EngineRecord[]>;
  /** Ignored when the row has a later `sequence` of the same epoch, or the same and is not older. */
  publishEngine(record: EngineRecord): Promise<void>;

  /** Inserts the command, or returns the one that has this id already. Atomic. */
  admitCommand(record: Omit<CommandRecord, 'answer' | 'answeredAtMs'>): Promise<Admission>;
  command(commandId: string): Promise<CommandRecord | null>;
  /** The first final answer stays; an answer that is not final is not recorded. */
  recordAnswer(commandId: string, answer: CommandAnswer, atMs: number): Promise<void>;

  /** Inserts, or keeps the existing row. */
  openOperation(record: Omit<OperationRecord, 'attempts' | 'endedAtMs' | 'error' | 'answer'>): Promise<void>;
  /** Upserts by signature; `stage` and `outcome` only ever move forward. */
  recordAttempt(record: AttemptRecord): Promise<void>;
  recordTransition(record: TransitionRecord): Promise<void>;
  /** An operation that has ended does not change any more. */
  updateOperation(operationId: string, change: Omit<OperationChange, 'operationId'>): Promise<void>;
  /** Everything in one transaction; an `update` older than the last one is ignored. */
  writeOperation(write: OperationWrite): Promise<void>;
  operation(operationId: string): Promise<OperationRecord | null>;
  readonly rebuilding: RebuildingJournal;
  transitions(operationId: string): Promise<readonly TransitionRecord[]>;
  unfinishedOperations(engineId: string): Promise<readonly OperationRecord[]>;

  /**
   * False if the fence is older than the newest one: a cut-off watch writes nothing.
   * @param chart the figures of the same read that charts show
   */
  recordSnapshot(fence: Fence, snapshot: SnapshotJson, chart?: ChartPoint): Promise<boolean>;
  latestSnapshot(engineId: string): Promise<{ readonly snapshot: SnapshotJson; readonly recordedAtMs: number } | null>;
  /** Keeps all of the last hour, one a minute for a day, then one an hour. Trades and funding are never thinned. */
  thinSnapshots(engineId: string, nowMs: number): Promise<number>;

  /** Foreign trades of a live venue; a paper venue inserts its own in its transaction. Keyed by signature and index. */
  recordTrades(trades: readonly TradeRecord[]): Promise<void>;
  recordFunding(payments: readonly FundingRecord[]): Promise<void>;
  recordEquity(record: EquityRecord): Promise<void>;
  /**
   * Equity rows with changes of only price and interest are thinned like snapshots; the others, and the last of each
   * market hour, are kept forever.
   */
  thinEquity(engineId: string, nowMs: number): Promise<number>;
  /** Fine spans go, coarse ones stay; returns the number of removed rows. */
  thinSeries(engineId: string): Promise<number>;
  series(query: SeriesQuery): Promise<SeriesSpan>;
  /** For the metrics. @param afterMs what ended later is listed */
  operationCounts(engineId: string, afterMs: number): Promise<OperationCounts>;
  standingBySeverity(engineId: string): Promise<readonly { readonly severity: string; readonly count: number }[]>;
  /** Null: no equity row yet. */
  statistics(engineId: string): Promise<StatisticsRecord | null>;
  /** Nothing is written if it is the last one again, unless that is an hour old (market time). */
  recordDecision(record: DecisionRecord): Promise<void>;

  /** False if this id exists already. */
  raiseAlert(alert: Alert): Promise<boolean>;
  alert(id: string): Promise<Alert | null>;
  /** A person has seen it: it is not sent again. False: there is no such alert. */
  acknowledgeAlert(id: string, atMs: number): Promise<boolean>;
  /** By the alert's id; nothing of one that no messenger has taken and nobody has seen. */
  alertReception(ids: readonly string[]): Promise<ReadonlyMap<string, AlertReception>>;
  /** Mutes what is not critical, of one engine or (null) of all, for all messengers. Wall clock, ms. */
  muteAlerts(untilMs: number, engineId: string | null): Promise<void>;
  /** @param engineId null: everything that is muted, single engines too */
  unmuteAlerts(engineId: string | null): Promise<void>;
  /**
   * Takes a lease or renews it, by the database's clock; one that nobody renewed in its time is free.
   * @returns whether the holder has it now
   */
  takeLease(name: string, holder: string, forMs: number): Promise<boolean>;

  operations(query: ListQuery & { readonly commandId?: string }): Promise<Page<OperationRecord>>;
  trades(query: ListQuery): Promise<Page<TradeRecord>>;
  funding(query: ListQuery): Promise<Page<FundingRecord>>;
  equity(query: ListQuery): Promise<Page<EquityRecord>>;
  alerts(query: ListQuery): Promise<Page<Alert>>;
  decisions(query: ListQuery): Promise<Page<DecisionRecord>>;
  /** `status`: of the final answer, or `open` for those without one. */
  commands(query: ListQuery & { readonly status?: string }): Promise<Page<CommandRecord>>;
  fundingTotal(engineId: string, market: string): Promise<string>;

  /** Calls `onEvent` for each row written from anywhere; `onGap` when events may have been missed (reconnect). */
  listen(onEvent: (event: JournalEvent) => void, onGap: () => void): Promise<() => Promise<void>>;
  /** Writes too, because a database that can only read (full disk, standby) is not a working journal. */
  ping(): Promise<void>;
  /** Copies the embedded database into a folder that is not there yet. Null: it is in memory, or on a server. */
  readonly copyTo: ((folder: string) => Promise<JournalCopied>) | null;
  /** The database's own clock: what every process of an engine can ask. */
  timeMs(): Promise<number>;
  close(): Promise<void>;
}
