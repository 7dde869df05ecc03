/** Every message of every workflow, declared in one place: inputs, updates, signals, queries. Plain JSON throughout. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { PolicyJson } from '../src/domain/hedge/policy.ts';
import type { OperationReport } from '../src/domain/operation/operation-report.ts';
import type { Recovered } from '../src/domain/operation/operation-step.ts';
import type { CommandAnswer, CommandEnvelope } from '../src/domain/order/command.ts';
import type { OperationRequest } from '../src/domain/order/operation-request.ts';
import type { VerdictWords } from '../src/domain/order/signed-command.ts';
import type { TransactionTiming } from '../src/domain/transaction/transaction.ts';
import type { EngineRecord } from '../src/journal/records.ts';
import type { Json } from '../src/lib/errors.ts';

export type { OperationReport } from '../src/domain/operation/operation-report.ts';
export type { OperationRequest } from '../src/domain/order/operation-request.ts';

export interface OperationInput {
  readonly operationId: string;
  readonly engineId: string;
  /** Null: the engine's own decision. */
  readonly commandId: string | null;
  readonly request: OperationRequest;
  readonly policy: PolicyJson;
  readonly timing: TransactionTiming;
  readonly acceptedAtMs: number;
  /** The worst price that the person was shown and confirmed; null when no confirmation was needed. */
  readonly confirmedPriceLimit: string | null;
  /** A person confirmed going beyond tolerance (DELTA_EXPOSED). */
  readonly exposureConfirmed: boolean;
  /** With it: the net delta after that they were shown, signed lamports; null: unknown. Absent: whatever it comes to. */
  readonly shownNetDelta?: string | null;
  /** Rebuilt from the journal after Temporal lost it: these were signed, and are proven before anything else. */
  readonly recovered: readonly Recovered[];
  /** It begins anew in place, its journal knowing more than its workflow: reports are counted on from here. */
  readonly restored?: { readonly reports: number };
  /** It was open in a backup: what the original did since is not known here. */
  readonly fromBackup?: true;
  /** The hedge target from which a trade's drift is measured, for waiving profitability; absent: 1e6. */
  readonly hedgeTargetPpm?: number;
  /** Another transaction of the account is unresolved, or the guard acts under a hold: sizes come from a finalized snapshot. */
  readonly whileUnresolved?: boolean;
  /** A finalized slot by which what is unresolved can have no further effect: sizes come from this one or a later one. */
  readonly sizedAfterSlot?: number;
  /** Tests: continue-as-new before each step from the second on. */
  readonly continueAtEveryStep?: boolean;
  /** Seen at acceptance: a close that finds the account flat was beaten to it, and is done. */
  readonly hadPosition?: boolean;
  /** The symbol of the account's quote asset, for its answer. Absent: not known when it started. */
  readonly quoteAsset?: string;
  /** The rules of the reducer that it goes by (`OPERATION_RULES`). Absent: 1. */
  readonly rules?: number;
  readonly searchAttributes: boolean;
  /** The key is in the worker's own process: signing may be a local activity. Absent: it is an ordinary one. */
  readonly signsLocally?: boolean;
  /** False: no activity is local, because one that asks a node takes long enough to meet a query. Absent: some are. */
  readonly localActivities?: false;
  /** An engine starts it, as a child: it refuses to run otherwise. Absent: from a version that did not say so. */
  readonly asChild?: true;
  /** Signing and sending are on the engine's signing queues. Absent: on the operation's own. */
  readonly signsOnQueue?: boolean;
}

export type ResolveVerdict = VerdictWords;

/** On the operation's workflow. The update answers; the signal of the same name does the same and its refusal shows in details and alert. */
export const resolveTransaction = defineSignal<[ResolveVerdict]>('resolveTransaction');
export const resolveTransactionUpdate = defineUpdate<CommandAnswer, [ResolveVerdict]>('resolveTransaction');
/** Sent by the engine: make no further attempt, cancel what is open, end. The way out comes first. */
export const standDown = defineSignal<[{ readonly reason: string; readonly exitFollows?: boolean }]>('standDown');
/**
 * Sent by the engine to an operation whose report says `wantsSlot`, once it has given it the slot: a person's retry
 * goes on, through gates again, with what was confirmed for it just now. Not granted in time, it ends expired.
 */
export const slotGranted =
  defineSignal<[{ readonly confirmedPriceLimit: string | null; readonly exposureConfirmed: boolean }]>('slotGranted');
/** Sent by the engine to unresolved operations when an exit waits for them or the nodes are back. They ask for proof at once. */
export const proveNow = defineSignal('proveNow');
/** Asks the operation to report its state to its engine again. */
export const reportAgain = defineSignal('reportAgain');
export const operationState = defineQuery<OperationReport>('state');

/** Test and bench knobs; production uses the defaults. */
export interface EngineTuning {
  /** The watch returns at least this often, so that history shows life. */
  readonly checkpointMs: number;
  /** Continue-as-new after this many events, besides Temporal's own suggestion. */
  readonly maxHistoryEvents: number;
  /** So many events later, ordinary commands are refused until it could renew itself; 2,000 by default. */
  readonly renewalMarginEvents?: number;
  readonly answerWithinMs: number;
  /**
   * A watch whose worker was silent for so long is lost, and another begins; 10 s by default. With it, a process that starts
   * begins another one at once.
   */
  readonly watchSilenceMs?: number;
  /** Waited before the engine tries again what failed; 10 s by default. */
  readonly retryAfterMs?: number;
  readonly slotWaitMs: number;
  readonly maxWaiting: number;
  readonly timing: TransactionTiming;
  /** A journal that lost something is rebuilt within this time, or not at all: commands wait for it. An hour by default. */
  readonly rebuildMs?: number;
  /** The namespace knows our search attributes, so workflows may set them. */
  readonly searchAttributes: boolean;
  /** The worker's signer is in its own process. False or absent: signing is an ordinary activity. */
  readonly signsLocally?: boolean;
  /** Workers poll the signing queues of live engines. False or absent: all is on the engine's own queue. */
  readonly signingQueues?: boolean;
}

export interface EngineInput {
  readonly engineId: string;
  readonly policy: PolicyJson;
  readonly tuning: EngineTuning;
  /** What the engine carries across continue-as-new; null at its very first start. Opaque to callers. */
  readonly carried: Json;
}

export const command = defineUpdate<CommandAnswer, [CommandEnvelope]>('command');
export interface EngineConfiguration {
  /** Another one at each start of a process. Absent: from a version that gave none. */
  readonly id?: string;
  readonly policy: PolicyJson;
  readonly tuning: EngineTuning;
}
/**
 * A process (re)started with these settings. The signal of the same name does the same: Temporal keeps it for the run that
 * is current, before any worker of that process polls. The update answers once the engine has taken them.
 */
export const configure = defineUpdate<void, [EngineConfiguration]>('configure');
export const configureSignal = defineSignal<[EngineConfiguration]>('configure');
export const operationReport = defineSignal<[OperationReport]>('operationReport');
export const engineState = defineQuery<EngineRecord>('state');
