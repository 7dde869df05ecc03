/** Every message of every workflow, declared in one place: inputs, updates, signals, queries. Plain JSON throughout. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { CommandAnswer, CommandEnvelope, Verdict } from '../src/domain/command.ts';
import type { ErrorReport, Json } from '../src/domain/errors.ts';
import type { OperationKind } from '../src/domain/intent.ts';
import type { PolicyJson } from '../src/domain/policy.ts';
import type { TransactionTiming } from '../src/domain/transaction.ts';
import type { EngineRecord } from '../src/journal/records.ts';
import type { SignedAttempt } from '../src/venues/venue.ts';

/** What an operation is asked to do; amounts are decimal strings of base units. */
export type OperationRequest =
  | { readonly kind: 'deposit' | 'withdraw'; readonly asset: 'SOL' | 'USDC'; readonly amount: string }
  | { readonly kind: 'open'; readonly market: string; readonly direction: 'long' | 'short'; readonly size: string }
  /** A goal: flat. `flatten` widens the price limit to 1, 2, 4 times and settles afterwards. */
  | { readonly kind: 'close'; readonly market: string; readonly flatten: boolean }
  /** Signed lamports to trade, positive = buy. `guard`: the automatic reduction of the guard. */
  | { readonly kind: 'rebalance'; readonly market: string; readonly delta: string; readonly guard: boolean }
  | { readonly kind: 'settle'; readonly market: string };

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
  /** Rebuilt from the journal after Temporal lost it: these were signed, and are proven before anything else. */
  readonly recovered: readonly SignedAttempt[];
}

/** The operation tells its engine; sequence grows, so that a report is taken once. */
export interface OperationReport {
  readonly operationId: string;
  readonly kind: OperationKind;
  readonly sequence: number;
  readonly stage: string;
  /**
   * running: it holds the operation slot · released: confirmed (or its order is gone), the slot is free, the answer
   * stands · unresolved: its outcome is unknown, it left the slot and is a hold · dropped: a fork undid a confirmed
   * one, only reducing operations start until it has landed again or is dead · ended: final.
   */
  readonly phase: 'running' | 'released' | 'unresolved' | 'dropped' | 'ended';
  readonly reducing: boolean;
  /** Given with released, unresolved and ended. */
  readonly answer: CommandAnswer | null;
  /** Signed lamports by which the perp changed through this operation, so far. */
  readonly perpChange: string;
  /** With unresolved: it can no longer land (its window is closed on a healthy node), so that the ways out may start. */
  readonly windowClosed: boolean;
  /** With ended: a person's verdict stands and evidence later contradicted it. */
  readonly contradicted: boolean;
  readonly error: ErrorReport | null;
}

export interface ResolveVerdict {
  readonly verdict: Verdict;
  readonly operator: string;
  readonly note: string;
}

/** On the operation's workflow. The update answers; the signal of the same name does the same and its refusal shows in details and alert. */
export const resolveTransaction = defineSignal<[ResolveVerdict]>('resolveTransaction');
export const resolveTransactionUpdate = defineUpdate<CommandAnswer, [ResolveVerdict]>('resolveTransaction');
/** Sent by the engine: make no further attempt, cancel what is open, end. The way out comes first. */
export const standDown = defineSignal<[{ readonly reason: string }]>('standDown');
/** Asks the operation to tell its engine again where it stands. */
export const reportAgain = defineSignal('reportAgain');
export const operationState = defineQuery<OperationReport>('state');

/** Test and bench knobs; production uses the defaults. */
export interface EngineTuning {
  /** The watch returns at least this often, so that history shows life. */
  readonly checkpointMs: number;
  /** Continue-as-new after this many events, besides Temporal's own suggestion. */
  readonly maxHistoryEvents: number;
  readonly answerWithinMs: number;
  readonly slotWaitMs: number;
  readonly maxWaiting: number;
  readonly timing: TransactionTiming;
}

export interface EngineInput {
  readonly engineId: string;
  readonly policy: PolicyJson;
  readonly tuning: EngineTuning;
  /** What the engine carries across continue-as-new; null at its very first start. Opaque to callers. */
  readonly carried: Json;
}

export const command = defineUpdate<CommandAnswer, [CommandEnvelope]>('command');
/** The process (re)started: policy and tuning of its settings. */
export const configure = defineUpdate<void, [{ readonly policy: PolicyJson; readonly tuning: EngineTuning }]>(
  'configure',
);
export const operationReport = defineSignal<[OperationReport]>('operationReport');
export const engineState = defineQuery<EngineRecord>('state');
