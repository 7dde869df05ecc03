/** The rules of `operation.ts`: how an operation's legs follow each other, and what the engine and the journal get. */

import { type AlertDraft, raised } from '../alerts/alert.ts';
import { abs } from '../money/units.ts';
import type { CommandAnswer } from '../order/command.ts';
import { type Intent, orderSize } from '../order/intent.ts';
import { type Goal, PLAIN_TERMS, type Terms } from '../order/intent-plan.ts';
import { type ExitRequest, isExitRequest } from '../order/operation-request.ts';
import { OPERATIONS } from '../order/operations.ts';
import type { SignedAttempt } from '../transaction/attempt.ts';
import {
  type AlertNote,
  fillsUnknown,
  isSpent,
  lastAttempt,
  hasEnded as legHasEnded,
  type NewTransaction,
  type Note,
  newTransaction,
  recoveredTransaction,
  resolvedByHuman,
  type Step,
  type TransactionEvent,
} from '../transaction/transaction.ts';
import { step as stepTransaction } from '../transaction/transaction-step.ts';
import {
  closedSlot,
  currentLeg,
  filledSize,
  hasNewRules,
  hasUnknownFill,
  intentOf,
  isHumanResolved,
  type Leg,
  landedPlacements,
  latestEndMs,
  legLanded,
  MAX_CANCELS,
  MAX_MISSES,
  MAX_REPLACEMENTS,
  mainTerms,
  noMore,
  type OperationEffect,
  type OperationEvent,
  type OperationState,
  type OperationStatus,
  type OperationTask,
  operationMain,
  perpChange,
  placement,
  SETTLE_ABOVE,
  type Transition,
  windowClosed,
} from './operation.ts';
import { answerOf, isProven, remainingText, unknownAnswer } from './operation-answer.ts';
import type { OperationReport } from './operation-report.ts';

export type Recovered = SignedAttempt & { readonly intent?: Intent };

/** The part of a record from which an operation continues. */
export const recoveredFrom = (record: Required<Recovered>): Required<Recovered> => ({
  signature: record.signature,
  wire: record.wire,
  lastValidBlockHeight: record.lastValidBlockHeight,
  slot: record.slot,
  signedAtMs: record.signedAtMs,
  intent: record.intent,
});

export function newOperation(
  task: OperationTask,
  confirmed: OperationState['confirmed'],
  recovered: readonly Recovered[] = [],
): OperationState {
  const { request } = task;
  const terms = mainTerms(request, 0, confirmed.priceLimit);
  const options = transactionOptions(task, OPERATIONS[request.kind].reduces);
  const legs: Leg[] =
    recovered.length === 0
      ? [newLeg('main', request, terms, newTransaction(options))]
      : recovered.map(({ intent, ...signed }) =>
          newLeg(
            'main',
            request,
            terms,
            recoveredTransaction(options, signed, intent ?? intentOf(request, signed, task.timing)),
          ),
        );
  return {
    task,
    legs,
    current: 0,
    course: 'working',
    phase: recovered.length === 0 ? 'running' : 'unresolved',
    ticket: 0,
    followUntilMs: null,
    cancels: 0,
    replacements: 0,
    misses: 0,
    roundAtMs: null,
    slotUntilMs: null,
    flat: false,
    standDown: null,
    left: recovered.length > 0,
    recovered: recovered.length > 0,
    confirmed,
    answer: null,
    transitions: 0,
    reports: 0,
    reported: { windowClosed: false, wantsSlot: false },
    opened: false,
  };
}

const newLeg = (purpose: Leg['purpose'], goal: Goal, terms: Terms, tx: Leg['tx']): Leg => ({
  purpose,
  goal,
  terms,
  tx,
  position: null,
  nothing: null,
});

const transactionOptions = (task: OperationTask, reducing: boolean): NewTransaction => ({
  timing: task.timing,
  acceptedAtMs: task.acceptedAtMs,
  freshMs: task.freshMs,
  reducing,
  noFurther: false,
});

/** One event. What comes late (an older ticket) changes nothing. */
export function step(state: OperationState, event: OperationEvent): Step<OperationState, OperationEffect> {
  if (state.course === 'ended') return { state, effects: lateEffects(state, event) };
  const b = new OperationBuilder(state, event.nowMs, event.kind === 'result');
  switch (event.kind) {
    case 'start':
      b.startMain();
      break;
    case 'result':
      if (event.ticket !== state.ticket) return { state, effects: [] };
      onResult(b, event.result);
      break;
    case 'verdict':
    case 'malformed_verdict':
      b.dispatch(event);
      break;
    case 'stand_down':
      onStandDown(b, event.reason, event.exitFollows ?? true);
      break;
    case 'slot_granted':
      onSlotGranted(b, {
        // A price bound that was confirmed holds for the retry too, unless another one was confirmed for it.
        priceLimit: event.confirmedPriceLimit ?? b.state.confirmed.priceLimit,
        exposure: event.exposureConfirmed,
        ...(event.shownNetDelta === undefined ? {} : { netDelta: event.shownNetDelta }),
      });
      break;
    case 'report_again':
      b.report();
      break;
    case 'prove_now':
      b.dispatch(event);
      break;
  }
  advance(b);
  return b.finish();
}

/** After the end: a verdict is refused, the last report can be had again. */
function lateEffects(state: OperationState, event: OperationEvent): readonly OperationEffect[] {
  if (event.kind === 'verdict') {
    const error = { code: 'VERDICT_REFUSED', message: 'The operation has ended, so there is no outcome to submit.' };
    return [{ kind: 'verdict', id: event.asked.id, error }];
  }
  return event.kind === 'report_again' ? [{ kind: 'report', report: reportOf(state, event.nowMs) }] : [];
}

export function reportOf(state: OperationState, nowMs: number): OperationReport {
  const leg = currentLeg(state);
  const unresolved = state.phase === 'unresolved';
  const closed = windowClosed(state, nowMs);
  const slot = unresolved && closed ? closedSlot(state) : null;
  const endMs = unresolved && !closed ? latestEndMs(state) : null;
  return {
    operationId: state.task.operationId,
    kind: state.task.request.kind,
    sequence: state.reports,
    stage: stageText(state),
    phase: state.phase,
    reducing: state.legs[0]?.tx.reducing ?? false,
    answer: state.answer ?? (unresolved ? unknownAnswer(state) : null),
    perpChange: perpChange(state).toString(),
    windowClosed: closed,
    ...(slot === null ? {} : { closedSlot: slot }),
    ...(endMs === null ? {} : { latestEndMs: endMs }),
    contradicted: state.legs.some((other) => other.tx.contradicted),
    error: state.answer?.error ?? leg?.tx.error ?? null,
    ...(hasUnknownFill(state) ? { fillUnknown: true } : {}),
    ...(isExitRequest(state.task.request) ? { flat: staysFlat(state) } : {}),
    wantsSlot: leg?.tx.stage === 'awaiting_slot' || state.slotUntilMs != null,
    ...(state.legs.some(isUnaccepted) ? { unaccepted: true } : {}),
  };
}

/** Only somebody who reached Temporal says how it ended. */
const isUnaccepted = (leg: Leg): boolean =>
  resolvedByHuman(leg.tx) && leg.tx.verdict?.unsigned === true && !isProven(leg);

/** Flat, and no fork has finally undone the trade that made it so. */
const staysFlat = ({ flat, legs }: OperationState): boolean =>
  flat && !legs.some(({ purpose, tx }) => purpose === 'main' && tx.alerts.includes('CONFIRMED_THEN_LOST'));

/** Its stage in one word or two, for people. */
export function stageText(state: OperationState): string {
  const leg = currentLeg(state);
  if (state.course === 'ended' || leg === null) return 'ended';
  if (leg.tx.stage === 'landed' && state.followUntilMs !== null) return 'order open';
  return leg.purpose === 'main' ? leg.tx.stage : `${leg.purpose}: ${leg.tx.stage}`;
}

class OperationBuilder {
  state: OperationState;
  readonly nowMs: number;
  private readonly effects: OperationEffect[] = [];
  private readonly transitions: Transition[] = [];
  private readonly alerts: AlertNote[] = [];
  private status: OperationStatus | null = null;
  private newAnswer: CommandAnswer | null = null;
  private mainWanted = false;
  /** The event ended the present wait. */
  readonly consumed: boolean;

  constructor(state: OperationState, nowMs: number, consumed: boolean) {
    this.state = state;
    this.nowMs = nowMs;
    this.consumed = consumed;
  }

  set(change: Partial<OperationState>): void {
    this.state = { ...this.state, ...change };
  }

  get leg(): Leg {
    const leg = currentLeg(this.state);
    if (leg === null) throw new Error('an operation has at least one leg');
    return leg;
  }

  setLeg(change: Partial<Leg>): void {
    const legs = this.state.legs.map((leg, index) => (index === this.state.current ? { ...leg, ...change } : leg));
    this.set({ legs });
  }

  /** Hands an event to the current leg's transaction; its effects become the operation's. */
  dispatch(event: TransactionEvent): void {
    const { state, effects } = stepTransaction(this.leg.tx, event);
    this.setLeg({ tx: state });
    for (const effect of effects) {
      if (effect.kind === 'main') this.mainWanted = true;
      else if (effect.kind === 'note') this.note(effect.note);
      else if (effect.kind === 'alert') this.alertOfLeg(effect.alert);
      else this.effects.push({ kind: 'verdict', id: effect.id, error: effect.error });
    }
  }

  note(note: Note): void {
    const { operationId } = this.state.task;
    this.transitions.push({ operationId, sequence: this.state.transitions, atMs: this.nowMs, note });
    this.set({ transitions: this.state.transitions + 1 });
  }

  /** An alert of the operation is over when it is over for each of its legs. */
  private alertOfLeg(alert: AlertNote): void {
    const { kind, code } = alert.draft;
    const standsElsewhere = this.state.legs.some(
      ({ tx }, index) => index !== this.state.current && tx.alerts.includes(code),
    );
    if (kind === 'alert' || !standsElsewhere) this.alerts.push(alert);
  }

  alert(draft: AlertDraft): void {
    const signature = lastAttempt(this.leg.tx)?.signed.signature ?? null;
    this.alerts.push({ draft, signature });
  }

  /** The operation waits for something else now: the host abandons the old wait and starts the new one. */
  startMain(): void {
    this.mainWanted = true;
  }

  addLeg(purpose: Leg['purpose'], goal: Goal, terms: Terms, reducing: boolean): void {
    const options = transactionOptions(this.state.task, reducing);
    // A close may take minutes: the time in which its settle may start counts from the settle.
    const fromNow = purpose === 'settle' && hasNewRules(this.state.task);
    const tx = newTransaction(fromNow ? { ...options, acceptedAtMs: this.nowMs } : options);
    this.set({
      legs: [...this.state.legs, newLeg(purpose, goal, terms, tx)],
      current: this.state.legs.length,
      followUntilMs: null,
      roundAtMs: null,
    });
    this.startMain();
  }

  /** An order may have to be cancelled for hours: of cancels that are over nothing is kept. */
  dropCancels(): void {
    const placed = this.leg;
    const legs = this.state.legs.filter((leg) => leg.purpose !== 'cancel' || !legHasEnded(leg.tx));
    this.set({ legs, current: legs.indexOf(placed) });
  }

  /** The current leg once more, before anything of it was signed. */
  beginLegAnew(goal: Goal, terms: Terms): void {
    this.setLeg(newLeg('main', goal, terms, newTransaction(transactionOptions(this.state.task, true))));
    this.startMain();
  }

  journal(status: OperationStatus, answer: CommandAnswer | null = null): void {
    this.status = status;
    this.newAnswer = answer ?? this.newAnswer;
  }

  report(): void {
    const report = reportOf(this.state, this.nowMs);
    this.effects.push({ kind: 'report', report });
    this.set({
      reports: this.state.reports + 1,
      reported: {
        windowClosed: report.windowClosed,
        wantsSlot: report.wantsSlot ?? false,
        unaccepted: report.unaccepted ?? false,
      },
    });
  }

  /** The answer as the facts stand now. The first final one is the command's for ever; a later one corrects the record. */
  answer(): void {
    this.set({ answer: answerOf(this.state) });
  }

  finish(): Step<OperationState, OperationEffect> {
    const effects = [...this.effects];
    if (this.transitions.length > 0 || this.alerts.length > 0 || this.status !== null) {
      const ended = this.state.course === 'ended';
      effects.unshift({
        kind: 'journal',
        notes: {
          atMs: this.nowMs,
          opens: !this.state.opened,
          transitions: this.transitions,
          alerts: this.alerts,
          update:
            this.status === null
              ? null
              : {
                  status: this.status,
                  ...(ended ? { endedAtMs: this.nowMs } : {}),
                  ...(this.newAnswer === null ? {} : { answer: this.newAnswer, error: this.newAnswer.error ?? null }),
                },
          answer: this.newAnswer,
        },
      });
      this.set({ opened: true });
    }
    if (this.mainWanted && this.state.course !== 'ended') {
      this.set({ ticket: this.state.ticket + 1 });
      const main = operationMain(this.state);
      if (main !== null) effects.push({ kind: 'main', main });
    }
    if (this.state.course === 'ended') effects.push({ kind: 'end' });
    return { state: this.state, effects };
  }
}

function onResult(b: OperationBuilder, result: Extract<OperationEvent, { kind: 'result' }>['result']): void {
  const at = { ticket: b.leg.tx.ticket, nowMs: b.nowMs };
  if (result.kind === 'woke' && b.state.roundAtMs != null) {
    b.set({ roundAtMs: null });
    b.startMain();
    return;
  }
  if (result.kind === 'woke' && b.state.slotUntilMs != null) {
    endIncomplete(b);
    return;
  }
  if (result.kind === 'prepared') {
    b.setLeg({ position: result.position, nothing: result.nothing });
    b.dispatch({ kind: 'prepared', ...at, prepared: result.prepared });
    return;
  }
  b.dispatch({ ...result, ...at });
}

function onStandDown(b: OperationBuilder, reason: string, exitFollows: boolean): void {
  if (b.state.standDown !== null) return;
  b.set({ standDown: reason, ...(exitFollows ? { yields: true } : {}) });
  // A cancel removes risk, and a leg that is being made final needs no attempt.
  if (b.leg.purpose !== 'cancel') b.dispatch({ kind: 'stand_down', nowMs: b.nowMs, reason });
}

function onSlotGranted(b: OperationBuilder, confirmed: OperationState['confirmed']): void {
  const { request } = b.state.task;
  if (b.state.slotUntilMs != null && isExitRequest(request)) {
    b.set({ left: false, slotUntilMs: null });
    if (!nextRound(b, request)) endIncomplete(b);
    return;
  }
  if (b.leg.tx.stage !== 'awaiting_slot') return;
  b.set({ confirmed, left: false, standDown: null, answer: null, course: 'working' });
  b.setLeg({ terms: mainTerms(b.state.task.request, b.state.replacements, confirmed.priceLimit) });
  b.dispatch({ kind: 'slot_granted', nowMs: b.nowMs });
}

/** Goes on as far as nothing is waited for. Bounded: each round ends a leg, starts one, or returns. */
function advance(b: OperationBuilder): void {
  for (;;) {
    const { leg } = b;
    const before = b.state;
    if (legHasEnded(leg.tx) || leg.tx.stage === 'landed' || mayLeaveBehind(b.state, leg)) {
      if (b.state.course === 'finishing') finalizeNext(b);
      else if (leg.tx.stage === 'landed' && placement(leg) !== null) afterPlacement(b);
      else legDone(b);
    }
    if (b.state === before || b.state.course === 'ended') break;
  }
  updatePhase(b);
}

/** A close goes on without knowing what became of an attempt, once that can have no further effect. */
const mayLeaveBehind = ({ course, task }: OperationState, { tx }: Leg): boolean =>
  course === 'working' && isExitRequest(task.request) && hasNewRules(task) && !resolvedByHuman(tx) && isSpent(tx);

/** A landed placement: its order is followed until it is gone, and cancelled when it should be and is not. */
function afterPlacement(b: OperationBuilder): void {
  const { leg, state } = b;
  const order = placement(leg);
  if (order === null || leg.tx.order?.gone === true) {
    legDone(b);
    return;
  }
  const { timing } = state.task;
  // Its maxTs is by the venue's clock, which may not be ours; a moment of grace saves a needless cancel.
  const signedAtMs = lastAttempt(leg.tx)?.signed.signedAtMs ?? b.nowMs;
  const overAtMs = signedAtMs + timing.orderLifeMs + timing.rebroadcastMs;
  const due = state.standDown !== null || b.nowMs >= overAtMs;
  const looked = state.followUntilMs === null || b.nowMs >= state.followUntilMs;
  const newRules = hasNewRules(state.task);
  if (due && (state.cancels === 0 || (looked && (newRules || state.cancels < MAX_CANCELS)))) {
    if (state.cancels === MAX_CANCELS) b.alert(raised('ORDER_NOT_CANCELLED', {}));
    b.set({ cancels: state.cancels + 1 });
    if (newRules) b.dropCancels();
    b.addLeg('cancel', { kind: 'cancel_orders', market: order.market }, PLAIN_TERMS, true);
    return;
  }
  if (!looked) {
    if (b.consumed) b.startMain();
    return;
  }
  if (due && state.cancels === MAX_CANCELS) {
    b.set({ cancels: MAX_CANCELS + 1 });
    b.alert(raised('ORDER_NOT_CANCELLED', {}));
  }
  b.set({ followUntilMs: due ? b.nowMs + timing.proofMaxMs : overAtMs });
  b.startMain();
}

function legDone(b: OperationBuilder): void {
  const { leg, state } = b;
  if (leg.purpose === 'cancel') {
    // Back to the placement, whatever became of the cancel: only the order itself tells that it is gone.
    const index = state.legs.findLastIndex((other, at) => at < state.current && other.purpose === 'main');
    b.set({ current: index, followUntilMs: b.nowMs + state.task.timing.confirmMs });
    b.startMain();
    return;
  }
  if (leg.purpose === 'settle') {
    settleDone(b);
    return;
  }
  if (state.recovered && state.current + 1 < state.legs.length) {
    b.set({ current: state.current + 1 });
    b.startMain();
    return;
  }
  const { request } = state.task;
  if (isExitRequest(request)) {
    closeRound(b, request);
    return;
  }
  finish(b);
}

/** Worth another try: the price moved, or the venue's state of the moment was in the way. */
const RETRYABLE_REFUSALS: ReadonlySet<string> = new Set(['SIMULATION_FAILED', 'UNAVAILABLE', 'UNEXPECTED']);
const isRetryable = (code: string): boolean => RETRYABLE_REFUSALS.has(code) || code.startsWith('RPC_');

/**
 * What a round of a close came to. `unread`: nobody could be asked, so it was none. `missed`: nothing of it landed, and
 * another may do better. `refused`: another would be refused as well.
 */
function roundOf({ tx }: Leg): 'landed' | 'unread' | 'missed' | 'refused' {
  if (tx.stage === 'expired' || tx.stage === 'failed' || isSpent(tx)) return 'missed';
  if (tx.stage !== 'rejected') return 'landed';
  if (tx.passing === true) return 'unread';
  return isRetryable(tx.error?.code ?? '') ? 'missed' : 'refused';
}

function closeRound(b: OperationBuilder, request: ExitRequest): void {
  const { leg, state } = b;
  const order = placement(leg);
  const filledWhole = order !== null && legLanded(leg) && filledSize(leg) >= abs(orderSize(order));
  if (leg.nothing === 'flat' || filledWhole) {
    closed(b, request);
    return;
  }
  if (!noMore(state) && (hasNewRules(state.task) ? nextRound(b, request) : nextRoundOfOld(b, request))) return;
  if (mayAskForSlot(state)) {
    if (state.slotUntilMs != null) return;
    b.set({ slotUntilMs: b.nowMs + state.task.timing.retryVerdictMs });
    b.startMain();
    return;
  }
  endIncomplete(b);
}

/** It left the slot while an attempt was unknown. The attempt is over now, and the close is still to be done. */
const mayAskForSlot = (state: OperationState): boolean =>
  state.left && state.standDown === null && !state.recovered && !isHumanResolved(state) && hasNewRules(state.task);

function endIncomplete(b: OperationBuilder): void {
  const { state } = b;
  // Whatever ended it: unless another exit has taken over, an alert is raised.
  if (state.yields !== true && !(state.left && !hasNewRules(state.task))) {
    b.alert(raised('CLOSE_INCOMPLETE', { remaining: remainingText(state), placements: landedPlacements(state) }));
  }
  finish(b);
}

/** False: the close has used all its rounds. Only a landed placement uses up a round; while no node responds it keeps asking. */
function nextRound(b: OperationBuilder, request: ExitRequest): boolean {
  const { leg, state } = b;
  const round = roundOf(leg);
  const misses = round === 'missed' ? (state.misses ?? 0) + 1 : 0;
  const replacements = state.replacements + (round === 'landed' ? 1 : 0);
  if (round === 'refused' || misses > MAX_MISSES || replacements > MAX_REPLACEMENTS) return false;
  b.set({ misses: round === 'unread' ? (state.misses ?? 0) : misses, replacements });
  const terms = mainTerms(request, replacements, null);
  // Of what could not even be asked nothing is kept: it may last for hours.
  if (round === 'unread') b.beginLegAnew(request, terms);
  else b.addLeg('main', request, terms, true);
  if (round === 'unread' || leg.tx.stage === 'rejected')
    b.set({ roundAtMs: b.nowMs + state.task.timing.rebroadcastMs });
  return true;
}

/** The first rules: every round counts. */
function nextRoundOfOld(b: OperationBuilder, request: ExitRequest): boolean {
  const { leg, state } = b;
  const refusal = leg.tx.stage === 'rejected' ? (leg.tx.error?.code ?? '') : null;
  if ((refusal !== null && !isRetryable(refusal)) || state.replacements >= MAX_REPLACEMENTS) return false;
  b.set({ replacements: state.replacements + 1 });
  b.addLeg('main', request, mainTerms(request, b.state.replacements, null), true);
  return true;
}

/** Flat. The answer goes out at once; the realized PnL is settled afterwards, in the same slot. */
function closed(b: OperationBuilder, { kind, market }: ExitRequest): void {
  const flatten = kind === 'flatten';
  b.set({ flat: true });
  const nothingWasThere = !b.state.legs.some(legLanded) && !b.state.task.hadPosition && !flatten;
  if (noMore(b.state) || nothingWasThere) {
    finish(b);
    return;
  }
  b.answer();
  b.journal('confirmed', b.state.answer);
  b.report();
  b.addLeg('settle', { kind: 'settle', market }, { ...PLAIN_TERMS, settleAbove: flatten ? null : SETTLE_ABOVE }, false);
}

function settleDone(b: OperationBuilder): void {
  const { leg } = b;
  if (leg.nothing === null && !legLanded(leg) && b.state.standDown === null) {
    b.alert(raised('SETTLE_INCOMPLETE', { reason: leg.tx.error?.message ?? leg.tx.stage }));
  }
  finish(b);
}

/** The goal is reached or given up: the answer is final, the slot is free, and landed transactions are made final. */
function finish(b: OperationBuilder): void {
  b.set({ course: 'finishing', roundAtMs: null, slotUntilMs: null });
  if (awaitsFill(b.state)) {
    finalizeNext(b);
    return;
  }
  b.answer();
  if (b.state.legs.some(({ tx }) => tx.stage === 'landed')) {
    b.journal(isHumanResolved(b.state) ? 'resolved_by_human' : 'confirmed', b.state.answer);
  }
  finalizeNext(b);
}

function finalizeNext(b: OperationBuilder): void {
  // Landed again after a fork: the facts may have changed.
  if (b.leg.tx.stage === 'landed' && !awaitsFill(b.state)) b.answer();
  const index = b.state.legs.findIndex(({ tx }) => tx.stage === 'landed');
  if (index >= 0) {
    b.set({ current: index, followUntilMs: null });
    b.dispatch({ kind: 'finalize', nowMs: b.nowMs });
    return;
  }
  // Attempts that a close left behind unresolved are followed to proof.
  const behind = b.state.legs.findIndex(({ tx }) => isSpent(tx));
  if (behind < 0) {
    end(b);
    return;
  }
  b.set({ current: behind, followUntilMs: null });
  b.startMain();
}

/** One order was all it was to do, and what that filled is not known: there is no answer yet. */
const awaitsFill = (state: OperationState): boolean =>
  !isExitRequest(state.task.request) && state.course === 'finishing' && state.legs.some(({ tx }) => awaitsTelling(tx));

const awaitsTelling = (tx: Leg['tx']): boolean => tx.stage !== 'finalized' && fillsUnknown(tx);

function end(b: OperationBuilder): void {
  b.set({ course: 'ended' });
  b.answer();
  b.journal(endStatus(b.state), b.state.answer);
}

function endStatus(state: OperationState): OperationStatus {
  if (state.legs.some(({ tx }) => tx.stage === 'resolved')) return 'resolved_by_human';
  if (state.answer?.success === true) return 'done';
  const main = state.legs.findLast((leg) => leg.purpose === 'main');
  if (main?.tx.stage === 'rejected') return 'rejected';
  return main?.tx.stage === 'expired' ? 'expired' : 'failed';
}

function phaseOf(state: OperationState): OperationReport['phase'] {
  if (state.course === 'ended') return 'ended';
  const { tx } = currentLeg(state) as Leg;
  if (resolvedByHuman(tx)) return 'released';
  if (awaitsFill(state)) return 'unresolved';
  // The attempts that a close left behind can have no further effect, so they do not block the account.
  if (state.course === 'finishing' && isSpent(tx) && isExitRequest(state.task.request)) return 'released';
  if (tx.leftSlot && ['unknown', 'proving', 'awaiting_slot'].includes(tx.stage)) return 'unresolved';
  if (state.course === 'finishing') return state.legs.some((leg) => leg.tx.dropped) ? 'dropped' : 'released';
  return state.left ? 'unresolved' : 'running';
}

/** Reports to the engine a change of the phase, or news of an unresolved attempt. */
function updatePhase(b: OperationBuilder): void {
  const phase = phaseOf(b.state);
  const changed = phase !== b.state.phase;
  if (changed) {
    b.set({ phase, left: b.state.left || phase === 'unresolved' });
    if (phase === 'unresolved') b.journal('unresolved');
    if (phase === 'released' && resolvedByHuman(b.leg.tx)) {
      b.answer();
      b.journal('resolved_by_human', b.state.answer);
    }
  }
  const report = reportOf(b.state, b.nowMs);
  const { reported } = b.state;
  const told = reported.windowClosed === report.windowClosed && reported.wantsSlot === (report.wantsSlot ?? false);
  const accepted = reported.unaccepted === true && report.unaccepted !== true;
  if (changed || accepted || (phase === 'unresolved' && !told)) b.report();
}
