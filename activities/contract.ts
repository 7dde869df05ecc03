/** The activities as workflows see them. Implementations are thin: they call a port and translate its errors. */

import type { SnapshotJson } from '../src/domain/account/snapshot.ts';
import type { Alert } from '../src/domain/alerts/alert.ts';
import type { CarryBacktest } from '../src/domain/carry/carry-backtest.ts';
import type { DecisionContext } from '../src/domain/engine/decide.ts';
import type { LedgerMark } from '../src/domain/engine/reconcile.ts';
import type { RestoredState, SignedTask } from '../src/domain/engine/restored.ts';
import type { PolicyJson } from '../src/domain/hedge/policy.ts';
import type { CommandAnswer, CommandEnvelope } from '../src/domain/order/command.ts';
import type { Intent } from '../src/domain/order/intent.ts';
import type { Goal, Planned, Terms } from '../src/domain/order/intent-plan.ts';
import type { VerdictWords } from '../src/domain/order/signed-command.ts';
import type { TransactionTiming } from '../src/domain/transaction/transaction.ts';
import type { Admission } from '../src/journal/journal.ts';
import type {
  AttemptRef,
  CommandRecord,
  EngineRecord,
  OperationRecord,
  OperationWrite,
} from '../src/journal/records.ts';
import type { StoreVerdict } from '../src/journal/store-comparison.ts';
import type { ErrorReport } from '../src/lib/errors.ts';
import type { OrderReport, Sighting, SignedAttempt, Simulation } from '../src/venues/venue.ts';

export type { AttemptRef, OperationWrite } from '../src/journal/records.ts';

/** One operation's writes that ride along: made first, and made again later when `written` comes back false. */
type Carrying<Input> = Input & { readonly writes: readonly OperationWrite[] };

/** What moves a transaction: `activities/transaction.ts`. */
export interface TransactionActivities {
  readSnapshot(input: {
    readonly engineId: string;
    readonly commitment: 'confirmed' | 'finalized';
  }): Promise<SnapshotJson>;
  /** A fresh snapshot, the goal's intent on it, and that intent run against current state without effect. */
  simulate(input: {
    readonly engineId: string;
    readonly goal: Goal;
    readonly terms: Terms;
    readonly maxSlippageBps: number;
    /** What sizes come from: finalized while another transaction of the account is unresolved. */
    readonly commitment: 'confirmed' | 'finalized';
    /** A snapshot of an earlier slot is of a node that lags: it is no answer. Absent: any. */
    readonly afterSlot?: number;
    readonly timing: TransactionTiming;
  }): Promise<{
    readonly planned: Planned;
    /** Null when nothing was planned. */
    readonly simulation: Simulation | null;
    readonly snapshot: SnapshotJson;
  }>;
  sign(input: {
    readonly engineId: string;
    readonly intent: Intent;
    /** Absent: from a version that did not say so. */
    readonly task?: SignedTask;
  }): Promise<{
    readonly signed: SignedAttempt;
    readonly explorerUrl: string | null;
  }>;
  /**
   * Writes the attempt to the journal (a live reduction need not wait for it), then sends once. A send that failed or
   * whose fate nobody knows is `accepted: false`, not an error: only confirm can tell what became of it.
   * @throws when the journal cannot be written and must be first: then nothing was sent by this call;
   *   UnknownStateError STORES_DIVERGED (details: `attempts`) when it knows attempts that `known` does not name
   */
  submit(
    input: Carrying<
      AttemptRef & {
        readonly tryNumber: number;
        readonly reducing: boolean;
        /** Signatures of all attempts that the workflow knows. */
        readonly known?: readonly string[];
        /** As of `sign`. */
        readonly task?: SignedTask;
      }
    >,
  ): Promise<{
    readonly accepted: boolean;
    readonly written: boolean;
    /** Where a venue lands at once what it accepts: the sighting that confirms it, so that nobody needs to ask for it. */
    readonly seen?: Omit<ConfirmationReport, 'written'>;
  }>;
  /**
   * Asks every node once; then, until `confirmUntilMs`, watches and rebroadcasts; until `queryUntilMs`, asks.
   * Returns at the first landed sighting at `target` or better (a placement's order finalized with it), a finalized
   * error, proven absence, or a drop by a fork; else the last sighting.
   */
  confirm(
    input: Carrying<
      AttemptRef & {
        readonly target: 'confirmed' | 'finalized';
        readonly confirmUntilMs: number;
        readonly queryUntilMs: number;
        readonly mayResend: boolean;
        readonly tryNumber: number;
        readonly timing: TransactionTiming;
        /** As of `sign`. */
        readonly task?: SignedTask;
      }
    >,
  ): Promise<ConfirmationReport>;
  /** Watches the order of a landed placement until it is gone, until the placement is no longer landed, or until then. */
  follow(
    input: Carrying<AttemptRef & { readonly untilMs: number; readonly timing: TransactionTiming }>,
  ): Promise<ConfirmationReport>;
  writeOperation(input: { readonly writes: readonly OperationWrite[] }): Promise<void>;
}

export interface ConfirmationReport {
  readonly sighting: Sighting;
  /** With a landed placement: what became of its order; null when that could not be read. */
  readonly order: OrderReport | null;
  readonly written: boolean;
}

/** What the engine needs beside: `activities/engine.ts`. */
export interface EngineActivities {
  /** Compares the two stores at start. */
  openStores(input: OpenStoresInput): Promise<OpenStoresResult>;
  /** What a person said of a restored data folder is noted in it; from here on more is signed. */
  noteRestored(input: { readonly engineId: string; readonly stage: 'confirmed' | 'compared' }): Promise<void>;
  /** The command's record and a fresh snapshot in one go; the snapshot is null when the venue cannot be read. */
  admitCommand(input: {
    readonly engineId: string;
    readonly record: Omit<CommandRecord, 'answer' | 'answeredAtMs'>;
    /** As it came: its signature is checked before anything is recorded. */
    readonly envelope: CommandEnvelope;
    readonly withSnapshot: boolean;
    /** Commands whose operations have not reported their end to the engine. */
    readonly unanswered?: readonly string[];
  }): Promise<{
    readonly admission: Admission;
    /** Those of `unanswered` whose answer the journal has, so that everybody can read it. */
    readonly answered?: readonly string[];
    /** The journal's record of the command's operation, if it has one. */
    readonly operation: OperationRecord | null;
    readonly snapshot: SnapshotJson | null;
    readonly unavailable: ErrorReport | null;
    /** It did not come through a bridge of this engine: nothing was recorded or read. Absent or null: it did. */
    readonly unauthorized?: ErrorReport | null;
    /** Its time is over, by the clock that bridges and workers share. Absent: the workflow's clock tells. */
    readonly late?: boolean;
  }>;
  /** The checks of `admitCommand` alone, for when the journal is away. */
  checkCommand(input: { readonly engineId: string; readonly envelope: CommandEnvelope }): Promise<CommandCheck>;
  /** Whether a verdict came through a bridge. */
  isVerdictSigned(input: { readonly operationId: string; readonly verdict: VerdictWords }): Promise<boolean>;
  recordAnswer(input: {
    readonly commandId: string;
    readonly answer: CommandAnswer;
    readonly atMs: number;
  }): Promise<void>;
  publishEngine(record: EngineRecord): Promise<void>;
  raiseAlerts(alerts: readonly Alert[]): Promise<void>;
  /** The backtest of this policy on the funding that the venue knows up to now, at this account's size and costs. */
  carryBacktest(input: { readonly engineId: string; readonly policy: PolicyJson }): Promise<CarryBacktest>;
  watch(input: WatchInput): Promise<WatchResult>;
  /** Restores lost journal rows from the histories that Temporal keeps. Idempotent; continues where it was cut off. */
  rebuildJournal(input: { readonly engineId: string }): Promise<Rebuilt>;
  /** Which of these operation workflows Temporal still knows, and the journal's record of those that it does not. */
  operationStates(input: { readonly engineId: string; readonly operationIds: readonly string[] }): Promise<
    readonly {
      readonly operationId: string;
      readonly workflow: 'running' | 'closed' | 'not_found';
      readonly record: OperationRecord | null;
    }[]
  >;
}

export interface CommandCheck {
  /** Null: it came through a bridge of this engine. */
  readonly unauthorized: ErrorReport | null;
  readonly late: boolean;
}

export interface Rebuilt {
  /** Start of the oldest history of the engine that is kept; null: there is none. */
  readonly keptSinceMs: number | null;
  readonly commands: number;
  readonly operations: number;
  /** Operations that the engine started, but that neither the journal nor Temporal has any more. */
  readonly notKept: number;
}

interface OpenStoresInput {
  readonly engineId: string;
  readonly epoch: string;
  /** The last sequence that this engine published; 0 at its very first start. */
  readonly sequence: number;
  /** The journal that it knows; null at its very first start. */
  readonly journalId: string | null;
  /** It has read its account before: one that is missing now is lost, not new. */
  readonly accountSeen: boolean;
  /** The last commands that it started operations for: a journal that does not know them is behind. */
  readonly commandIds?: readonly string[];
  /** When the newest operation that it started was accepted; null: it does not know. */
  readonly startedUpToMs?: number | null;
}

export type OpenStoresResult = {
  readonly journalId: string;
  readonly verdict: StoreVerdict;
  /** With `restored`: of which backup, and how far a person has gone with it. */
  readonly restored?: RestoredState;
  /** Names both ends, in words. */
  readonly detail: string;
  readonly record: EngineRecord | null;
  readonly unfinished: readonly OperationRecord[];
  /** When the journal's newest operation was accepted; 0: it has none. */
  readonly newestOperationMs: number;
};

export interface WatchInput {
  readonly engineId: string;
  readonly epoch: string;
  readonly generation: number;
  /** The engine's clock: an operation that was accepted later is not known to this watch. */
  readonly startedAtMs: number;
  readonly untilMs: number;
  /** Opaque to the activity but for `decide`: everything that the decision knows besides the snapshot. */
  readonly context: DecisionContext;
  readonly policy: PolicyJson;
  /** The position that the engine expects, in signed lamports; null: it takes the first snapshot's. */
  readonly expectedPerp: string | null;
  /** The venue's ledger at the engine's last quiet look. Absent or null: sizes alone must tell. */
  readonly ledger?: LedgerMark | null;
  /** False while an unresolved transaction makes a difference expected. */
  readonly reconcile: boolean;
  /** Market time of the last liquidation that is known; null: none. */
  readonly liquidatedMs: number | null;
  /** Market time at which a backoff is over. */
  readonly backoffUntilMs: number | null;
  /** The venue could not be read: try every 10 s, and return at the first snapshot. */
  readonly reconnecting: boolean;
  /** Return at the first snapshot, whatever it shows. */
  readonly look: boolean;
}

export type WatchResult =
  | { readonly kind: 'checkpoint' }
  /** A later watch of this engine has written already: the engine's workflow stands at an earlier point (it was reset). */
  | { readonly kind: 'behind' }
  /** `decide` asks for something: an action, a hold to set or clear, an alert to raise. The workflow decides again. */
  | { readonly kind: 'decide'; readonly snapshot: SnapshotJson; readonly why: string }
  /** `critical`: no retry helps until a person corrects something. */
  | { readonly kind: 'lost'; readonly error: ErrorReport; readonly critical: boolean };
