/**
 * The small steps of the engine's state, each by its name; the large ones (reports, RESUME, stops) stand in
 * engine-state.ts. The workflow changes its state by these and in no other way.
 */
import type { Snapshot } from '../account/snapshot.ts';
import type { Alert } from '../alerts/alert.ts';
import type { ShownTerms } from '../gates/shown.ts';
import { endAutoCarry } from './auto-carry.ts';
import {
  type Confirmation,
  type EngineCarried,
  flattened,
  leaveSlot,
  passMarketTime,
  type TrackedOperation,
} from './engine-state.ts';
import { type Hold, type HoldCode, withHold, withoutHold } from './hold.ts';
import { afterWrite, type PendingAnswer, type PendingWrites, withAlert, withAnswer } from './pending-writes.ts';
import type { LedgerMark } from './reconcile.ts';

export const restrict = (engine: EngineCarried, hold: Hold): EngineCarried => ({
  ...engine,
  holds: withHold(engine.holds, hold),
});

export const lift = (engine: EngineCarried, code: HoldCode): EngineCarried => ({
  ...engine,
  holds: withoutHold(engine.holds, code),
});

export const isRestrictedBy = (engine: EngineCarried, code: HoldCode): boolean =>
  engine.holds.some((hold) => hold.code === code);

/** Each watch has a number: late writes of an older watch are refused. */
export const nextGeneration = (engine: EngineCarried): EngineCarried => ({
  ...engine,
  generation: engine.generation + 1,
});

/** Each decision has its number, and its operation an id made of it. */
export const nextDecision = (engine: EngineCarried): EngineCarried => ({ ...engine, decisions: engine.decisions + 1 });

// The journal.

export const acknowledgeRow = (engine: EngineCarried, sequence: number): EngineCarried => ({
  ...engine,
  sequence: Math.max(sequence, engine.sequence),
});

export const addPendingAlert = (engine: EngineCarried, alert: Alert): EngineCarried => ({
  ...engine,
  pending: withAlert(engine.pending, alert),
});

export const addPendingAnswer = (engine: EngineCarried, answer: PendingAnswer): EngineCarried => ({
  ...engine,
  pending: withAnswer(engine.pending, answer),
});

export const removeWritten = (engine: EngineCarried, written: PendingWrites): EngineCarried => ({
  ...engine,
  pending: afterWrite(engine.pending, written),
});

const KEPT_CONFIGURATIONS = 200;

export const takeConfiguration = (engine: EngineCarried, id: string): EngineCarried => ({
  ...engine,
  configurations: [...engine.configurations, id].slice(-KEPT_CONFIGURATIONS),
});

export interface KnownJournal {
  readonly journalId: string;
  readonly sequence: number;
  readonly newestOperationMs: number;
}

/** From here on this journal is ours, and its content is known. */
export const acceptJournal = (engine: EngineCarried, journal: KnownJournal): EngineCarried => ({
  ...engine,
  journalId: journal.journalId,
  sequence: Math.max(engine.sequence, journal.sequence),
  startedUpToMs: Math.max(engine.startedUpToMs ?? 0, journal.newestOperationMs),
});

/** The engine's memory of its journal is kept until a person has looked: RESUME compares again. */
export const divergeFromJournal = (engine: EngineCarried, sequence: number, hold: Hold): EngineCarried => ({
  ...restrict(engine, hold),
  expectedPerp: null,
  sequence: Math.max(engine.sequence, sequence),
});

// What a snapshot shows.

export function passSnapshot(engine: EngineCarried, snapshot: Snapshot): EngineCarried {
  const { marketTimeMs, takenAtMs, slot, feed } = snapshot;
  return { ...passMarketTime(engine, marketTimeMs), seen: { marketTimeMs, takenAtMs, slot, feed: feed.feed } };
}

export const rememberLiquidation = (engine: EngineCarried, liquidatedMs: number | null): EngineCarried => ({
  ...endAutoCarry(engine, 'liquidation'),
  liquidatedMs,
});

export const markLedger = (engine: EngineCarried, ledger: LedgerMark): EngineCarried => ({ ...engine, ledger });

export const expectPosition = (engine: EngineCarried, expectedPerp: string): EngineCarried => ({
  ...engine,
  expectedPerp,
});

/** Somebody else closed the position: there is nothing left to hedge. */
export const endHedge = (engine: EngineCarried): EngineCarried => ({
  ...endAutoCarry(engine, 'foreign_trade'),
  hedgeTargetPpm: 0,
  confirmedExcess: null,
});

export const doubtPosition = (engine: EngineCarried, hold: Hold): EngineCarried => ({
  ...restrict(engine, hold),
  doubts: engine.doubts + 1,
});

export const endDoubts = (engine: EngineCarried): EngineCarried =>
  engine.doubts === 0 ? engine : { ...engine, doubts: 0 };

/** Nothing explained the difference, and an alert was raised: from here on the present position is the expected one. */
export const acceptUnexplained = (engine: EngineCarried, expectedPerp: string): EngineCarried => ({
  ...lift(engine, 'resync'),
  expectedPerp,
  ledger: null,
  doubts: 0,
});

// Operations.

/** A person wants it tried again, as they were shown. */
export const consentToRetry = (
  engine: EngineCarried,
  operationId: string,
  shown: ShownTerms | null,
): EngineCarried => ({
  ...engine,
  retryConsents: [...withoutConsent(engine, operationId), { operationId, shown }],
  operations: engine.operations.map((other) =>
    other.operationId === operationId && other.retryHeld === true ? { ...other, retryHeld: false } : other,
  ),
});

/** It waits for a person's confirmation. */
export const holdRetry = (engine: EngineCarried, operationId: string): EngineCarried => ({
  ...engine,
  retryConsents: withoutConsent(engine, operationId),
  operations: engine.operations.map((other) =>
    other.operationId === operationId ? { ...other, retryHeld: true } : other,
  ),
});

/** Of this operation, and of those that are over. */
const withoutConsent = (engine: EngineCarried, operationId: string): EngineCarried['retryConsents'] =>
  engine.retryConsents.filter(
    (one) =>
      one.operationId !== operationId && engine.operations.some((other) => other.operationId === one.operationId),
  );

/** A retry that waited for the slot has it. */
export const grantSlot = (engine: EngineCarried, operationId: string): EngineCarried => ({
  ...engine,
  retryConsents: withoutConsent(engine, operationId),
  slot: operationId,
  operations: engine.operations.map((other) =>
    other.operationId === operationId ? { ...other, wantsSlot: false } : other,
  ),
});

/** Replaces the operation's entry in the list. */
export const carryOperation = (engine: EngineCarried, operation: TrackedOperation): EngineCarried => ({
  ...engine,
  operations: [...engine.operations.filter((other) => other.operationId !== operation.operationId), operation],
});

/** Its workflow is lost: a new one proves the signed attempts, and counts its reports from 0. */
export const proveOperation = (engine: EngineCarried, operation: TrackedOperation, nowMs: number): EngineCarried =>
  carryOperation(
    {
      ...restrict(leaveSlot(engine, operation.operationId), {
        code: 'unresolved',
        key: operation.operationId,
        sinceMs: nowMs,
        permits: 'reducing',
        clearedBy: 'itself',
        reason: 'The workflow of an operation was lost. Driftless is checking what became of its transactions.',
        details: { operation_id: operation.operationId },
      }),
      expectedPerp: null,
    },
    { ...operation, phase: 'unresolved', stage: 'proving', reported: -1, windowClosed: false, doubted: true },
  );

// Commands.

/** FLATTEN without a position still halts. */
export const flattenWithoutPosition = (engine: EngineCarried, nowMs: number): EngineCarried =>
  flattened(endHedge(endAutoCarry(engine, 'flatten')), nowMs);

/** A command that is asked about again has one valid token; expired tokens are removed. */
export const issueConfirmation = (engine: EngineCarried, confirmation: Confirmation, nowMs: number): EngineCarried => ({
  ...engine,
  confirmations: [
    ...engine.confirmations.filter((other) => other.commandId !== confirmation.commandId && other.expiresAtMs > nowMs),
    confirmation,
  ],
});

/** It was not started after all: the same command may come again. */
export const forgetCommand = (engine: EngineCarried, commandId: string): EngineCarried => ({
  ...engine,
  commands: engine.commands.filter((command) => command.commandId !== commandId),
});

export const spendConfirmation = (engine: EngineCarried, token: string): EngineCarried => ({
  ...engine,
  confirmations: engine.confirmations.filter((confirmation) => confirmation.token !== token),
});
