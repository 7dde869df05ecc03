/** The activities as workflows see them. Implementations are thin: they call a port and translate its errors. */

import type { CommandAnswer } from '../src/domain/command.ts';
import type { DecisionContext } from '../src/domain/decide.ts';
import type { ErrorReport } from '../src/domain/errors.ts';
import type { Intent } from '../src/domain/intent.ts';
import type { PolicyJson } from '../src/domain/policy.ts';
import type { SnapshotJson } from '../src/domain/snapshot.ts';
import type { TransactionTiming } from '../src/domain/transaction.ts';
import type { Admission } from '../src/journal/journal.ts';
import type {
  AlertRecord,
  AttemptRef,
  CommandRecord,
  EngineRecord,
  OperationRecord,
  OperationWrite,
} from '../src/journal/records.ts';
import type { OrderReport, Sighting, SignedAttempt, Simulation } from '../src/venues/venue.ts';

export type { AttemptRef, OperationWrite } from '../src/journal/records.ts';

/** What moves a transaction: `activities/transaction.ts`. */
export interface TransactionActivities {
  readSnapshot(input: {
    readonly engineId: string;
    readonly commitment: 'confirmed' | 'finalized';
  }): Promise<SnapshotJson>;
  /** A fresh snapshot, and the intent run against current state without effect. */
  simulate(input: {
    readonly engineId: string;
    readonly intent: Intent;
  }): Promise<{ readonly simulation: Simulation; readonly snapshot: SnapshotJson }>;
  sign(input: {
    readonly engineId: string;
    readonly operationId: string;
    readonly number: number;
    readonly intent: Intent;
  }): Promise<SignedAttempt>;
  /** Writes the attempt to the journal (a live reduction need not wait for it), then sends. */
  submit(
    input: AttemptRef & { readonly tryNumber: number; readonly reducing: boolean; readonly write: OperationWrite },
  ): Promise<void>;
  /**
   * Asks every node once; then, until `confirmUntilMs`, watches and rebroadcasts; until `queryUntilMs`, asks.
   * Returns at the first landed sighting at `target` or better, a finalized error, or proven absence; else the last sighting.
   */
  confirm(
    input: AttemptRef & {
      readonly target: 'confirmed' | 'finalized';
      readonly confirmUntilMs: number;
      readonly queryUntilMs: number;
      readonly timing: TransactionTiming;
    },
  ): Promise<Sighting>;
  order(input: AttemptRef): Promise<OrderReport>;
  writeOperation(input: OperationWrite): Promise<void>;
}

/** What the engine needs beside: `activities/engine.ts`. */
export interface EngineActivities {
  /** Compares the two stores at start. */
  openStores(input: OpenStoresInput): Promise<OpenStoresResult>;
  /** The command's record and a fresh snapshot in one go; the snapshot is null when the venue cannot be read. */
  admitCommand(input: {
    readonly engineId: string;
    readonly record: Omit<CommandRecord, 'answer' | 'answeredAtMs'>;
    readonly withSnapshot: boolean;
  }): Promise<{
    readonly admission: Admission;
    /** What the journal holds under the command's operation id already. */
    readonly operation: OperationRecord | null;
    readonly snapshot: SnapshotJson | null;
    readonly unavailable: ErrorReport | null;
  }>;
  recordAnswer(input: {
    readonly commandId: string;
    readonly answer: CommandAnswer;
    readonly atMs: number;
  }): Promise<void>;
  publishEngine(record: EngineRecord): Promise<void>;
  raiseAlerts(alerts: readonly AlertRecord[]): Promise<void>;
  watch(input: WatchInput): Promise<WatchResult>;
  /** Which of these operation workflows Temporal still knows, and the journal's record of those that it does not. */
  operationStates(input: { readonly engineId: string; readonly operationIds: readonly string[] }): Promise<
    readonly {
      readonly operationId: string;
      readonly workflow: 'running' | 'closed' | 'not_found';
      readonly record: OperationRecord | null;
    }[]
  >;
}

export interface OpenStoresInput {
  readonly engineId: string;
  readonly epoch: string;
  /** The last sequence that this engine published; 0 at its very first start. */
  readonly sequence: number;
  /** The journal that it knows; null at its very first start. */
  readonly journalId: string | null;
}

export type OpenStoresResult = {
  readonly journalId: string;
  readonly verdict: 'fresh' | 'match' | 'journal_lost' | 'journal_behind' | 'temporal_lost' | 'account_missing';
  /** Names both ends, in words. */
  readonly detail: string;
  readonly record: EngineRecord | null;
  readonly unfinished: readonly OperationRecord[];
};

export interface WatchInput {
  readonly engineId: string;
  readonly generation: number;
  readonly untilMs: number;
  /** Opaque to the activity but for `decide`: everything that the decision knows besides the snapshot. */
  readonly context: DecisionContext;
  readonly policy: PolicyJson;
  /** What the engine believes it holds, signed lamports; null: the first snapshot tells. */
  readonly vaultPerp: string | null;
  /** False while an unresolved transaction makes a difference expected. */
  readonly reconcile: boolean;
  /** Market time at which a backoff is over. */
  readonly backoffUntilMs: number | null;
  /** The venue could not be read: try every 10 s, and return at the first snapshot. */
  readonly reconnecting: boolean;
  /** Return at the first snapshot, whatever it shows. */
  readonly look: boolean;
}

export type WatchResult =
  | { readonly kind: 'checkpoint' }
  /** `decide` asks for something: an action, a hold to set or clear, an alert to raise. The workflow decides again. */
  | { readonly kind: 'decide'; readonly snapshot: SnapshotJson; readonly why: string }
  | { readonly kind: 'lost'; readonly error: ErrorReport };
