/**
 * What the engine carries across continue-as-new, one plain JSON object, and the pure transitions on it. The workflow
 * performs; nothing here reads a clock.
 */

import type { ErrorReport } from '../../lib/errors.ts';
import { alertReason, raised } from '../alerts/alert.ts';
import { withPeriod } from '../alerts/alert-row.ts';
import type { ShownTerms } from '../gates/shown.ts';
import { excessOf, FULL_HEDGE_PPM, hedgeTargetPpm } from '../hedge/delta.ts';
import { lamports, min } from '../money/units.ts';
import type { OperationReport } from '../operation/operation-report.ts';
import { type CommandAnswer, isFinal } from '../order/command.ts';
import { admissionRow, isExit, OPERATIONS, type OperationKind } from '../order/operations.ts';
import { type AdmissionView, refusalOf } from './admission.ts';
import { type CarryConsent, type CarryEnding, type CarryTraded, NOTHING_TRADED } from './auto-carry.ts';
import { type Closing, closingAtEnd, closingAtStart, keptOpen } from './closing.ts';
import type { DecisionContext } from './decide.ts';
import { type Hold, type EngineState as RunState, withHold, withoutHold } from './hold.ts';
import type { PendingWrites } from './pending-writes.ts';
import type { LedgerMark } from './reconcile.ts';

/** How many commands' answers the engine itself remembers; the journal remembers all. */
export const REMEMBERED_COMMANDS = 100;
/** After this many failures in a row a person must look. */
export const MAX_FAILURES = 3;
/** Market time to wait after the first, second and third failed trade. */
export const BACKOFF_MS = [60_000, 300_000, 900_000] as const;
/** The guard waits this long, in market time, after each failed reduction of its own. */
export const GUARD_RETRY_MS = 60_000;
export const CONFIRMATION_LIFE_MS = 60_000;

/** Where an operation stands, from its reports. */
export interface TrackedOperation {
  readonly operationId: string;
  readonly kind: OperationKind;
  readonly commandId: string | null;
  /** Of a trade or settle; absent in what an older version carried. */
  readonly market?: string;
  readonly reducing: boolean;
  /** Sequence of the last report taken; -1 before the first. */
  readonly reported: number;
  readonly phase: OperationReport['phase'];
  readonly stage: string;
  readonly windowClosed: boolean;
  /** A person's retry has its proof and waits for the slot. */
  readonly wantsSlot: boolean;
  /** The retry needs a confirmation and is not granted without it. */
  readonly retryHeld?: boolean;
  /** Its change of the perp that is in `expectedPerp` already. */
  readonly counted: string;
  /** It was unresolved once: the expected position may already include its effect. */
  readonly doubted?: boolean;
  /** An order of it is over and its fill is unknown: `counted` may lack it. */
  readonly fillUnknown?: boolean;
  /** With a closed window: from this finalized slot on an account shows all that it did. */
  readonly closedSlot?: number;
  /** With an open window: by when it should be closed, by our clock. */
  readonly latestEndMs?: number;
  /** Market and wall time at acceptance, and the spot then: the hedge target after an OPEN is short / spot. */
  readonly spot: string;
  /**
   * The net delta after that a person was shown and confirmed; null: they confirmed no exposure. Absent in what an older
   * version carried: whatever it came to was confirmed.
   */
  readonly confirmedNetDelta?: string | null;
  /** The perp in that snapshot, signed lamports; null when there was none. */
  readonly perpBefore: string | null;
  readonly marketTimeMs: number;
  readonly acceptedAtMs: number;
  /** A person accepted the verdict that came straight to Temporal. Absent: none did, or there is none. */
  readonly verdictAccepted?: boolean;
}

export interface RememberedCommand {
  readonly commandId: string;
  readonly requestHash: string;
  readonly operationId: string | null;
  readonly answer: CommandAnswer | null;
}

/** Issued and spent in the workflow: bound to the command's hash and to what was shown; valid once. */
export interface Confirmation {
  readonly commandId: string;
  readonly requestHash: string;
  readonly token: string;
  readonly shown: ShownTerms;
  readonly expiresAtMs: number;
}

export interface EngineCarried {
  readonly epoch: string;
  /** The last sequence that the journal acknowledged. */
  readonly sequence: number;
  readonly journalId: string | null;
  readonly state: RunState;
  readonly holds: readonly Hold[];
  readonly hedgeTargetPpm: number;
  /** The short beyond spot that a person confirmed with OPEN, in lamports: it is shown, and not bought back. */
  readonly confirmedExcess: string | null;
  /** The excess that was shown with it: what fills late never makes more than this confirmed. Null: not known. */
  readonly shownExcess: string | null;
  /** Market time. */
  readonly cooldownUntilMs: number | null;
  /** Wall time of the durable timer. */
  readonly cooldownEndsAtMs: number | null;
  /** Market time. A person adopted the position: until then nothing automatic trades but the guard. */
  readonly quietUntilMs: number | null;
  /** The exit that a person asked for last, until a look shows that it reached its goal. */
  readonly closing: Closing | null;
  readonly slot: string | null;
  readonly operations: readonly TrackedOperation[];
  /** When the newest operation was accepted: the journal has none that is newer. Null: not known yet. */
  readonly startedUpToMs: number | null;
  readonly commands: readonly RememberedCommand[];
  readonly confirmations: readonly Confirmation[];
  /** Retries that a person requested here, with the terms that they saw; null: no confirmation was needed. */
  readonly retryConsents: readonly { readonly operationId: string; readonly shown: ShownTerms | null }[];
  /** Signed lamports that this engine believes it holds; null until a snapshot tells, or while one is unresolved. */
  readonly expectedPerp: string | null;
  /** The venue's ledger at the last quiet look; null: none yet, or the venue keeps none. */
  readonly ledger: LedgerMark | null;
  /** Looks in a row at a difference that the ledger does not tell of yet. */
  readonly doubts: number;
  readonly generation: number;
  readonly decisions: number;
  readonly failures: number;
  /** Market time until which a failed trade keeps automatic trading off. */
  readonly backoffUntilMs: number | null;
  /** Market time before which the guard does not try again after a reduction that failed. */
  readonly guardRetryAtMs: number | null;
  /** Market and wall time of the last snapshot that the workflow saw. */
  readonly seen: {
    readonly marketTimeMs: number;
    readonly takenAtMs: number;
    readonly slot: number;
    readonly feed: string;
  } | null;
  /** Market time of the last liquidation that was reported; null: none. */
  readonly liquidatedMs: number | null;
  /**
   * What an OPEN came to was unknown, or a person took over while something was: the next look takes the hedge target
   * from what stands, unless that is still `unless` (signed lamports). Null: the target stands.
   */
  readonly retarget: { readonly unless: string | null } | null;
  /** A person's consent to the carry policy. Null: there is none, and the engine enters nothing by itself. */
  readonly carry: CarryConsent | null;
  /** What the carry policy has traded, under this consent or an earlier one. */
  readonly carryTraded: CarryTraded;
  /** Why the last consent ended; null: none did since the last one was given. */
  readonly carryEnded: CarryEnding | null;
  /** Alerts and answers that the journal has yet to take: carried, so that no renewal loses one. */
  readonly pending: PendingWrites;
  /** Ids of the last settings that were taken: each is taken once, so that nobody puts former ones in force by a copy. */
  readonly configurations: readonly string[];
}

export const initialEngine = (epoch: string): EngineCarried => ({
  epoch,
  sequence: 0,
  journalId: null,
  state: 'running',
  holds: [],
  hedgeTargetPpm: 0,
  confirmedExcess: null,
  shownExcess: null,
  cooldownUntilMs: null,
  cooldownEndsAtMs: null,
  quietUntilMs: null,
  closing: null,
  slot: null,
  operations: [],
  startedUpToMs: null,
  commands: [],
  confirmations: [],
  retryConsents: [],
  expectedPerp: null,
  ledger: null,
  doubts: 0,
  generation: 0,
  decisions: 0,
  failures: 0,
  backoffUntilMs: null,
  guardRetryAtMs: null,
  seen: null,
  liquidatedMs: null,
  retarget: null,
  carry: null,
  carryTraded: NOTHING_TRADED,
  carryEnded: null,
  pending: { alerts: [], answers: [] },
  configurations: [],
});

/** A state carried by an older version lacks what was added since, and calls the expected position `vaultPerp`. */
export function carriedEngine(
  carried: (Partial<EngineCarried> & { readonly vaultPerp?: string | null }) | null,
  epoch: string,
): EngineCarried {
  const { vaultPerp = null, ...known } = carried ?? {};
  return { ...initialEngine(epoch), expectedPerp: vaultPerp, ...known };
}

export const trackedOperation = (engine: EngineCarried, operationId: string): TrackedOperation | null =>
  engine.operations.find((operation) => operation.operationId === operationId) ?? null;

export const unresolvedOperations = (engine: EngineCarried): readonly TrackedOperation[] =>
  engine.operations.filter((operation) => operation.phase === 'unresolved');

const hasDropped = (engine: EngineCarried): boolean =>
  engine.operations.some((operation) => operation.phase === 'dropped');

/** What sizes must not come from an older account than; null: nothing unresolved tells. */
export function unresolvedSlot(engine: EngineCarried): number | null {
  const slots = unresolvedOperations(engine).flatMap(({ closedSlot }) => closedSlot ?? []);
  return slots.length === 0 ? null : Math.max(...slots);
}

/** Nothing of ours can move the position now, so a snapshot may be compared with the expected position. */
export const isQuiet = (engine: EngineCarried): boolean =>
  engine.slot === null && unresolvedOperations(engine).length === 0 && !hasDropped(engine);

/** An operation that has yet to end, or that a fork undid, may still make a position that no snapshot shows. */
export const mayStillOpen = (engine: EngineCarried): boolean =>
  engine.operations.some(
    ({ kind, phase, reducing }) =>
      OPERATIONS[kind].trades && !reducing && ['running', 'unresolved', 'dropped'].includes(phase),
  );

export const admissionView = (engine: EngineCarried): AdmissionView => ({
  state: engine.state,
  holds: engine.holds,
  unresolved: unresolvedOperations(engine),
  dropped: hasDropped(engine),
  hasPosition: engine.expectedPerp === null ? null : engine.expectedPerp !== '0',
});

export const decisionContext = (engine: EngineCarried): DecisionContext => ({
  hedgeTargetPpm: engine.hedgeTargetPpm,
  confirmedExcess: engine.confirmedExcess,
  cooldownUntilMs: engine.cooldownUntilMs,
  ...(engine.quietUntilMs === null ? {} : { quietUntilMs: engine.quietUntilMs }),
  holds: engine.holds,
  engineRunning: engine.state === 'running',
  busy: engine.slot !== null,
  dropped: hasDropped(engine),
  mayStillLand: unresolvedOperations(engine).some((operation) => !operation.windowClosed),
  guardRetryAtMs: engine.guardRetryAtMs,
  ...(engine.carry === null ? {} : { carry: { ...engine.carry, ...engine.carryTraded } }),
  ...(engine.carryEnded === null ? {} : { carryEnded: engine.carryEnded }),
  // The watch reads it from the alerts that stand.
  carryWarnedAtMs: null,
});

/** More than one may be on its way to the journal; an older copy of it lacks the newest. */
const TOLD_COMMANDS = 5;

/** Ids of the last commands that started an operation, oldest first. A journal that lost nothing has them. */
export const lastStarted = (engine: EngineCarried): readonly string[] =>
  engine.commands
    .filter(({ operationId }) => operationId !== null)
    .slice(-TOLD_COMMANDS)
    .map(({ commandId }) => commandId);

export function rememberCommand(engine: EngineCarried, command: RememberedCommand): EngineCarried {
  const others = engine.commands.filter((other) => other.commandId !== command.commandId);
  return { ...engine, commands: [...others, command].slice(-REMEMBERED_COMMANDS) };
}

/** Commands whose operations have not reported their end. */
export const unansweredCommands = (engine: EngineCarried): readonly string[] =>
  engine.commands
    .filter(({ operationId, answer }) => operationId !== null && (answer === null || !isLasting(answer)))
    .map(({ commandId }) => commandId);

/** A settle of this market that runs, or has landed and is not final yet: another one would settle nothing. */
export const settleUnderWay = (engine: EngineCarried, market: string): TrackedOperation | null =>
  engine.operations.find((other) => other.kind === 'settle' && (other.market ?? market) === market) ?? null;

/** A retry that may have the slot now: it is free, and what holds besides the retry itself lets it start. Null: none. */
export const slotWantedBy = (engine: EngineCarried): TrackedOperation | null =>
  engine.slot !== null
    ? null
    : (engine.operations.find(
        (operation) =>
          operation.wantsSlot && operation.retryHeld !== true && refusalOfRetry(engine, operation) === null,
      ) ?? null);

function refusalOfRetry(engine: EngineCarried, operation: TrackedOperation): ErrorReport | null {
  const view = admissionView(engine);
  return refusalOf(admissionRow(operation.kind, operation.reducing), {
    ...view,
    unresolved: view.unresolved.filter((other) => other.operationId !== operation.operationId),
    holds: withoutHold(view.holds, 'unresolved', operation.operationId),
  });
}

/** The operation takes the slot. */
export function startOperation(engine: EngineCarried, operation: TrackedOperation): EngineCarried {
  return {
    ...closingAtStart(engine, operation),
    slot: operation.operationId,
    operations: [...engine.operations, operation],
    startedUpToMs: Math.max(engine.startedUpToMs ?? 0, operation.acceptedAtMs),
  };
}

export interface ReportContext {
  readonly nowMs: number;
  /** Market time now, as well as the engine knows it. */
  readonly marketNowMs: number;
  readonly cooldownMs: number;
  /** Wall milliseconds that `cooldownMs` takes; null when rows end it (`max`). */
  readonly cooldownWallMs: number | null;
  /** In histories of 0.1.0 the engine did not remember a position that an exit left open, nor when a guard failed. */
  readonly asIn0_1?: boolean;
}

/** Takes a report; one that is not newer than the last, or of an operation that is not ours, changes nothing. */
export function takeReport(engine: EngineCarried, report: OperationReport, context: ReportContext): EngineCarried {
  const before = trackedOperation(engine, report.operationId);
  if (before === null || report.sequence <= before.reported) return engine;
  const operation: TrackedOperation = {
    ...before,
    reported: report.sequence,
    phase: report.phase,
    stage: report.stage,
    reducing: report.reducing,
    windowClosed: report.windowClosed,
    wantsSlot: report.wantsSlot === true,
    ...(report.wantsSlot === true ? {} : { retryHeld: false }),
    counted: report.perpChange,
    doubted: before.doubted === true || report.phase === 'unresolved' || report.fillUnknown === true,
    ...(report.fillUnknown === true ? { fillUnknown: true } : {}),
    ...(report.closedSlot === undefined ? {} : { closedSlot: report.closedSlot }),
    ...(report.latestEndMs === undefined ? {} : { latestEndMs: report.latestEndMs }),
  };
  const change = BigInt(report.perpChange) - BigInt(before.counted);
  let next: EngineCarried = {
    ...engine,
    operations: engine.operations.map((other) => (other.operationId === operation.operationId ? operation : other)),
    expectedPerp: before.doubted === true && change !== 0n ? null : withChange(engine.expectedPerp, change),
  };
  // What an order filled that nobody tells of only the account shows, once nothing of ours moves it any more.
  if (report.fillUnknown === true && report.phase !== 'running' && before.phase === 'running') {
    next = { ...next, expectedPerp: null };
  }
  if (report.answer !== null) next = answerCommand(next, operation.operationId, report.answer);
  next = followVerdict(next, operation, report, context.nowMs);
  if (report.phase !== 'unresolved') {
    next = { ...next, holds: withoutHold(next.holds, 'unresolved', operation.operationId) };
    if (before.phase === 'unresolved') next = retarget(next, operation);
  }
  switch (report.phase) {
    case 'running':
      // One that was believed lost, and works on, holds the slot.
      return { ...next, slot: next.slot ?? operation.operationId };
    case 'unresolved':
      return unresolve(leaveSlot(next, operation.operationId), operation, report, context.nowMs);
    case 'dropped':
      return leaveSlot(next, operation.operationId);
    case 'released':
      return exitTold(
        settleEffects(leaveSlot(next, operation.operationId), operation, before, report, context),
        report,
        context,
      );
    case 'ended':
      return exitTold(end(leaveSlot(next, operation.operationId), operation, before, report, context), report, context);
  }
}

/** An exit works no more: was it flat? */
function exitTold(
  engine: EngineCarried,
  report: OperationReport,
  { nowMs, asIn0_1 = false }: ReportContext,
): EngineCarried {
  const { operationId, kind, answer, error, flat = answer?.success === true } = report;
  return isExit(kind) && !asIn0_1
    ? closingAtEnd(engine, { operationId, why: error?.message ?? null }, flat, nowMs)
    : engine;
}

/** A verdict that came straight to Temporal counts, and nothing is enlarged on it before proof or a person's word. */
function followVerdict(
  engine: EngineCarried,
  { operationId, verdictAccepted = false }: TrackedOperation,
  { unaccepted = false }: OperationReport,
  nowMs: number,
): EngineCarried {
  if (!unaccepted) return { ...engine, holds: withoutHold(engine.holds, 'verdict_unaccepted', operationId) };
  if (verdictAccepted) return engine;
  return {
    ...engine,
    holds: withHold(engine.holds, {
      code: 'verdict_unaccepted',
      key: operationId,
      sinceMs: nowMs,
      permits: 'reducing',
      clearedBy: 'person',
      reason: alertReason(raised('VERDICT_UNACCEPTED', {})),
      details: { operation_id: operationId, alert: 'VERDICT_UNACCEPTED' },
    }),
  };
}

/** What stands after these is the hedge target. */
const SETS_TARGET: readonly OperationKind[] = ['open', 'enter', 'leave'];

/** An OPEN whose outcome was unknown: whatever it reports, only the account shows the present position. */
const retarget = (engine: EngineCarried, operation: TrackedOperation): EngineCarried =>
  SETS_TARGET.includes(operation.kind)
    ? { ...engine, expectedPerp: null, retarget: { unless: operation.perpBefore } }
    : { ...engine, expectedPerp: null };

/** It ended without an outcome: the account shows the position. */
export const takeOverAfter = (engine: EngineCarried, operation: TrackedOperation): EngineCarried =>
  retarget(engine, operation);

/** The operation holds the slot no more, and is unresolved or gone. */
export const leaveSlot = (engine: EngineCarried, operationId: string): EngineCarried =>
  engine.slot === operationId
    ? { ...engine, slot: null, state: engine.state === 'stopping' ? 'stopped' : engine.state }
    : engine;

const perpAfter = (before: string, change: string): string => (BigInt(before) + BigInt(change)).toString();

const withChange = (expectedPerp: string | null, change: bigint): string | null =>
  expectedPerp === null ? null : (BigInt(expectedPerp) + change).toString();

/** "Unknown" is a preliminary answer; the journal waits for the end. */
const isLasting = (answer: CommandAnswer): boolean => isFinal(answer) && answer.data.status !== 'unknown';

/** The first final answer stays, as in the journal. Later corrections come as an alert and in the record. */
function answerCommand(engine: EngineCarried, operationId: string, answer: CommandAnswer): EngineCarried {
  return {
    ...engine,
    commands: engine.commands.map((command) =>
      command.operationId === operationId && (command.answer === null || !isLasting(command.answer))
        ? { ...command, answer }
        : command,
    ),
  };
}

const OUTCOME_UNKNOWN =
  'The outcome of a transaction is unknown. Driftless keeps checking; if you know what happened, submit the outcome.';
const FILL_UNKNOWN =
  'An order is over, and no RPC node tells how much of it filled. Driftless keeps asking; to go on without the answer, submit the outcome "landed".';

function unresolve(
  engine: EngineCarried,
  operation: TrackedOperation,
  report: OperationReport,
  nowMs: number,
): EngineCarried {
  return {
    ...engine,
    expectedPerp: null,
    holds: withHold(engine.holds, {
      code: 'unresolved',
      key: operation.operationId,
      sinceMs: nowMs,
      permits: 'reducing',
      clearedBy: 'itself',
      reason: report.error?.message ?? (report.fillUnknown === true ? FILL_UNKNOWN : OUTCOME_UNKNOWN),
      details: { operation_id: operation.operationId, window_closed: report.windowClosed },
    }),
  };
}

/** Applies a trade's success or failure to the target, the cooldown and the backoff, once per operation. */
function settleEffects(
  engine: EngineCarried,
  operation: TrackedOperation,
  before: TrackedOperation,
  report: OperationReport,
  context: ReportContext,
): EngineCarried {
  if (before.phase === 'released' || before.phase === 'ended') return engine;
  const succeeded = report.answer?.success === true;
  const changed = BigInt(operation.counted) !== 0n;
  switch (operation.kind) {
    case 'open':
      // Of one that was unresolved the account itself tells (`retarget`).
      return changed && operation.perpBefore !== null && before.doubted !== true
        ? chosen(engine, operation, perpAfter(operation.perpBefore, operation.counted))
        : engine;
    case 'close':
      return succeeded ? { ...engine, hedgeTargetPpm: 0, confirmedExcess: null } : engine;
    case 'flatten':
      // A command that was refused outright halts nothing.
      if (report.answer?.data.status === 'rejected' && context.asIn0_1 !== true) return engine;
      return flattened(succeeded ? { ...engine, hedgeTargetPpm: 0, confirmedExcess: null } : engine, context.nowMs);
    case 'enter':
    case 'leave': {
      if (!changed) return succeeded ? engine : countFailure(engine, report, context);
      // Part of it, too, is what stands from here on.
      const perp = operation.perpBefore === null ? null : perpAfter(operation.perpBefore, operation.counted);
      const hedgeTargetPpm = hedgeTargetOf(perp, operation.spot);
      const traded = cooledDown({ ...engine, hedgeTargetPpm, confirmedExcess: null }, context);
      return succeeded ? clearFailures(traded) : countFailure(traded, report, context);
    }
    case 'rebalance':
    case 'correct':
      if (succeeded && changed) {
        const hedgeTargetPpm = operation.kind === 'rebalance' ? FULL_HEDGE_PPM : engine.hedgeTargetPpm;
        return clearFailures(cooledDown({ ...engine, hedgeTargetPpm, confirmedExcess: null }, context));
      }
      return operation.kind === 'correct' ? countFailure(engine, report, context) : engine;
    case 'guard':
      return succeeded
        ? {
            ...engine,
            guardRetryAtMs: null,
            holds: withHold(engine.holds, {
              code: 'guarded',
              sinceMs: context.nowMs,
              permits: 'reducing',
              clearedBy: 'person',
              reason: alertReason(raised('GUARD_ACTED', {})),
              details: { alert: 'GUARD_ACTED' },
            }),
          }
        : guardFailed(engine, report, context);
    case 'deposit':
    case 'withdraw':
    case 'settle':
      return engine;
  }
}

function end(
  engine: EngineCarried,
  operation: TrackedOperation,
  before: TrackedOperation,
  report: OperationReport,
  context: ReportContext,
): EngineCarried {
  const settled = settleEffects(engine, operation, before, report, context);
  const next: EngineCarried = {
    ...settled,
    operations: settled.operations.filter((other) => other.operationId !== operation.operationId),
  };
  if (!report.contradicted) return next;
  return {
    ...next,
    expectedPerp: null,
    holds: withHold(next.holds, {
      code: 'desync',
      key: operation.operationId,
      sinceMs: context.nowMs,
      permits: 'nothing',
      clearedBy: 'person',
      reason: 'The chain contradicts the outcome that was submitted for a transaction. Check the account, then RESUME.',
      details: { operation_id: operation.operationId },
    }),
  };
}

/** After an automatic trade or a rebalance. */
const cooledDown = (engine: EngineCarried, context: ReportContext): EngineCarried => ({
  ...engine,
  cooldownUntilMs: context.marketNowMs + context.cooldownMs,
  cooldownEndsAtMs: context.cooldownWallMs === null ? null : context.nowMs + context.cooldownWallMs,
});

const clearFailures = (engine: EngineCarried): EngineCarried => ({
  ...engine,
  failures: 0,
  backoffUntilMs: null,
  holds: withoutHold(engine.holds, 'backoff'),
});

/** A failed trade sets no cooldown but a backoff of 1, 5, 15 min; after the third only reductions, until a person looks. */
function countFailure(engine: EngineCarried, report: OperationReport, context: ReportContext): EngineCarried {
  const failures = engine.failures + 1;
  const waitMs = BACKOFF_MS[Math.min(failures, BACKOFF_MS.length) - 1] ?? BACKOFF_MS[0];
  const persistent = failures >= MAX_FAILURES;
  const reason = report.error?.message ?? 'no reason was given';
  return {
    ...engine,
    failures,
    backoffUntilMs: context.marketNowMs + waitMs,
    holds: withHold(engine.holds, {
      code: 'backoff',
      sinceMs: context.nowMs,
      permits: 'reducing',
      clearedBy: persistent ? 'person' : 'itself',
      reason: persistent
        ? alertReason(raised('AUTOMATIC_TRADES_FAILED', { failures, reason }))
        : `An automatic trade failed. Driftless tries again in ${waitMs / 60_000} min. The reason: ${withPeriod(reason)}`,
      details: {
        failures,
        until_ms: persistent ? null : context.marketNowMs + waitMs,
        ...(persistent ? { alert: 'AUTOMATIC_TRADES_FAILED', last_error: reason } : {}),
      },
    }),
  };
}

/** The position may be gone by now: then nothing failed. */
function guardFailed(engine: EngineCarried, report: OperationReport, context: ReportContext): EngineCarried {
  if (context.asIn0_1 === true) return countFailure(engine, report, context);
  if (report.error?.code === 'NO_POSITION') return engine;
  return { ...countFailure(engine, report, context), guardRetryAtMs: context.marketNowMs + GUARD_RETRY_MS };
}

/** The hedge target that a person chose with OPEN: short / spot. A short beyond spot is confirmed only as far as it was shown. */
function chosen(engine: EngineCarried, { spot, confirmedNetDelta }: TrackedOperation, perp: string): EngineCarried {
  const excess = excessOf(lamports(BigInt(spot)), lamports(BigInt(perp)));
  const shown = confirmedNetDelta === undefined ? excess : shownExcess(confirmedNetDelta);
  const confirmed = min<bigint>(excess, shown);
  return {
    ...engine,
    hedgeTargetPpm: hedgeTargetOf(perp, spot),
    confirmedExcess: confirmed === 0n ? null : confirmed.toString(),
    shownExcess: shown === 0n ? null : shown.toString(),
  };
}

/** The short beyond spot in a net delta. */
const shownExcess = (netDelta: string | null): bigint => {
  const net = BigInt(netDelta ?? '0');
  return net < 0n ? -net : 0n;
};

const hedgeTargetOf = (perp: string | null, spot: string): number =>
  perp === null ? 0 : hedgeTargetPpm(lamports(BigInt(spot)), lamports(BigInt(perp)));

/** Market time moved: ends the waits that it has passed. */
export function passMarketTime(engine: EngineCarried, marketTimeMs: number): EngineCarried {
  let next = engine;
  if (next.cooldownUntilMs !== null && marketTimeMs >= next.cooldownUntilMs) {
    next = { ...next, cooldownUntilMs: null, cooldownEndsAtMs: null };
  }
  if (next.quietUntilMs !== null && marketTimeMs >= next.quietUntilMs) next = { ...next, quietUntilMs: null };
  if (next.guardRetryAtMs !== null && marketTimeMs >= next.guardRetryAtMs) next = { ...next, guardRetryAtMs: null };
  if (next.backoffUntilMs !== null && marketTimeMs >= next.backoffUntilMs) {
    next = {
      ...next,
      backoffUntilMs: null,
      holds: next.holds.filter((hold) => hold.code !== 'backoff' || hold.clearedBy === 'person'),
    };
  }
  return next;
}

const TAKEN_OVER: readonly Hold['code'][] = ['foreign_trade', 'stores_diverged', 'liquidation', 'desync'];

const isHeldFor = (holds: readonly Hold[], operationId: string): boolean =>
  holds.some(({ code, key }) => code === 'verdict_unaccepted' && key === operationId);

/** What RESUME must not do by itself: a command that clears restrictions requests no trade. */
interface ResumeLimits {
  /** Somebody else made the short larger than spot: only ADOPT_POSITION takes that over, and shows the correction first. */
  readonly keepsForeign: boolean;
  /** Market time before which nothing automatic trades a position that was taken over, but the guard. */
  readonly quietUntilMs: number | null;
}

const NO_LIMITS: ResumeLimits = { keepsForeign: false, quietUntilMs: null };

/** RESUME: clears the holds that a person clears. The others stay until their cause is gone. */
export function resume(
  engine: EngineCarried,
  perp: string | null,
  spot: string,
  { keepsForeign, quietUntilMs }: ResumeLimits = NO_LIMITS,
): EngineCarried {
  const stays = ({ clearedBy, code }: Hold): boolean =>
    clearedBy !== 'person' || code === 'stopped' || (keepsForeign && code === 'foreign_trade');
  // The position becomes the target: the former target would trade away what a person has just accepted.
  const changed = engine.holds.some((hold) => TAKEN_OVER.includes(hold.code) && !stays(hold));
  const next: EngineCarried = {
    ...keptOpen(engine),
    failures: 0,
    backoffUntilMs: null,
    guardRetryAtMs: null,
    holds: engine.holds.filter(stays),
    ...(changed && quietUntilMs !== null ? { quietUntilMs } : {}),
    operations: engine.operations.map((operation) =>
      isHeldFor(engine.holds, operation.operationId) ? { ...operation, verdictAccepted: true } : operation,
    ),
  };
  if (perp === null || !isQuiet(engine)) return takeOverLater(next, changed);
  const taken = { ...next, expectedPerp: perp };
  return changed ? { ...taken, hedgeTargetPpm: hedgeTargetOf(perp, spot), confirmedExcess: null } : taken;
}

/** The position is not known while something of ours may still move it: the first quiet look takes it over. */
const takeOverLater = (engine: EngineCarried, withTarget: boolean): EngineCarried => ({
  ...engine,
  expectedPerp: null,
  retarget: withTarget ? { unless: null } : engine.retarget,
});

/** The first look after the position was unknown: what stands is the engine's, and the target where that was left open. */
export const takePosition = (engine: EngineCarried, perp: string, spot: string): EngineCarried => ({
  ...engine,
  expectedPerp: perp,
  retarget: null,
  hedgeTargetPpm:
    engine.retarget === null || engine.retarget.unless === perp ? engine.hedgeTargetPpm : hedgeTargetOf(perp, spot),
});

/**
 * An order of ours filled after its operation had ended: the engine expects it from here on. What enlarges was wished for with the order,
 * so that the target takes it in, and with it what was confirmed beyond spot; what reduces leaves the target as it is.
 */
export function takeLateFill(engine: EngineCarried, perp: string, spot: string): EngineCarried {
  const target = Math.max(engine.hedgeTargetPpm, hedgeTargetOf(perp, spot));
  const enlarged = engine.expectedPerp !== null && BigInt(perp) < BigInt(engine.expectedPerp);
  const taken = { ...engine, expectedPerp: perp, doubts: 0 };
  const excess = excessOf(lamports(BigInt(spot)), lamports(BigInt(perp)));
  if (enlarged) {
    // The order's size was confirmed as a whole: the part that came late lies beyond spot by the same word. An excess
    // that is there without such a word (spot shrank, or an order that never was beyond it) stays naked.
    const whole = engine.confirmedExcess === null ? null : maxText(engine.confirmedExcess, excess);
    const confirmed =
      whole === null || engine.shownExcess === null ? whole : minText(engine.shownExcess, BigInt(whole));
    return { ...taken, hedgeTargetPpm: target, confirmedExcess: confirmed };
  }
  // A reduced excess is no longer confirmed: it may not come back under the old confirmation.
  const left = engine.confirmedExcess === null || excess === 0n ? null : minText(engine.confirmedExcess, excess);
  return { ...taken, confirmedExcess: left };
}

const maxText = (text: string, amount: bigint): string => (BigInt(text) > amount ? text : amount.toString());
const minText = (text: string, amount: bigint): string => (BigInt(text) < amount ? text : amount.toString());

/** Looks at a difference that nothing explains before it is called so. */
export const MAX_DOUBTS = 3;

/**
 * ADOPT_POSITION: what stands on the venue becomes this engine's own. It trades nothing, and nothing automatic but the
 * guard follows before `quietUntilMs` (market time): a person who takes a position over has time to look at it.
 */
export function adopt(engine: EngineCarried, perp: string, spot: string, quietUntilMs: number): EngineCarried {
  const next = { ...keptOpen({ ...engine, holds: withoutHold(engine.holds, 'foreign_trade') }), quietUntilMs };
  return isQuiet(engine)
    ? { ...next, expectedPerp: perp, hedgeTargetPpm: hedgeTargetOf(perp, spot), confirmedExcess: null }
    : takeOverLater(next, true);
}

export const startEngine = (engine: EngineCarried): EngineCarried => ({
  ...engine,
  state: 'running',
  holds: withoutHold(engine.holds, 'stopped'),
});

/** Ends automatic trading, not care. `stopping` while an operation runs. `reason`: in words, with what ends it. */
export const stopEngine = (
  engine: EngineCarried,
  nowMs: number,
  reason = 'Stopped by command. The engine makes no automatic trades until you start it (START_ENGINE).',
): EngineCarried => ({
  ...engine,
  state: engine.slot === null ? 'stopped' : 'stopping',
  holds: withHold(engine.holds, {
    code: 'stopped',
    sinceMs: nowMs,
    permits: 'reducing',
    clearedBy: 'person',
    reason,
  }),
});

/** FLATTEN halts, with or without a position to close. */
export const flattened = (engine: EngineCarried, nowMs: number): EngineCarried => ({
  ...engine,
  holds: withHold(engine.holds, {
    code: 'flattened',
    sinceMs: nowMs,
    permits: 'nothing',
    clearedBy: 'person',
    reason: 'Trading is halted after FLATTEN. RESUME ends the halt.',
  }),
});
