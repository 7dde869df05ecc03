/** The rules of `transaction.ts`: what each event does in each stage. */

import type { ErrorReport } from '../../lib/errors.ts';
import { raised } from '../alerts/alert.ts';
import type { NodeTestimony, OrderReport, Sighting } from './attempt.ts';
import {
  fillsUnknown,
  hasEnded,
  lastAttempt,
  MAX_NOTE_CHARS,
  proofDelay,
  resolvedByHuman,
  type Step,
  StepBuilder,
  type TransactionEffect,
  type TransactionEvent,
  type TransactionState,
} from './transaction.ts';
import { judgeVerdicts, verdictRefusal } from './transaction-verdict.ts';

/** One event. Late results (an older ticket) and events that mean nothing in a stage change nothing. */
export function step(state: TransactionState, event: TransactionEvent): Step<TransactionState, TransactionEffect> {
  const b = new StepBuilder(state, event.nowMs);
  if ('ticket' in event && event.ticket !== state.ticket) return { state, effects: [] };
  switch (event.kind) {
    case 'prepared':
      if (state.stage === 'preparing') onPrepared(b, event.prepared);
      break;
    case 'signed':
      if (state.stage === 'signing') onSigned(b, event.signed);
      break;
    case 'sign_failed':
      if (state.stage === 'signing') endUnsent(b, event.error, event.passing);
      break;
    case 'submitted':
      if (state.stage === 'submitting') onSubmitted(b, event.accepted, event.recorded);
      break;
    case 'sighted':
      onSighted(b, event.sighting, event.order);
      break;
    case 'woke':
      onWoke(b);
      break;
    case 'verdict':
      onVerdict(b, { ...event.asked, note: event.asked.note.slice(0, MAX_NOTE_CHARS) });
      break;
    case 'malformed_verdict':
      b.refuseMalformed(event.error);
      break;
    case 'stand_down':
      onStandDown(b, event.reason);
      break;
    case 'slot_granted':
      // A person requested it again, so its time counts from now.
      if (state.stage === 'awaiting_slot') {
        b.set({ acceptedAtMs: event.nowMs, noFurther: false });
        nextAttempt(b);
      }
      break;
    case 'prove_now':
      proveNow(b);
      break;
    case 'finalize':
      if (state.stage === 'landed') finalize(b);
      break;
  }
  return { state: b.state, effects: b.effects };
}

const STOOD_DOWN = 'ENGINE_REDUCING';

function onPrepared(
  b: StepBuilder,
  prepared: Extract<TransactionEvent, { kind: 'prepared' }>['prepared'],
): StepBuilder {
  const { state } = b;
  if (!prepared.ok) return endUnsent(b, prepared.error, prepared.passing);
  if (state.noFurther && state.attempts.length === 0) {
    return endUnsent(b, { code: STOOD_DOWN, message: 'Cancelled before anything was sent.' });
  }
  b.set({ reducing: prepared.reducing });
  if (!inTime(b)) return endUnsent(b, lateError(b));
  b.set({ intent: prepared.intent, preparedAtMs: b.nowMs });
  b.note('prepared');
  return b.go('signing');
}

function onSigned(b: StepBuilder, signed: Extract<TransactionEvent, { kind: 'signed' }>['signed']): StepBuilder {
  const { state } = b;
  if (state.intent === null) return b;
  const number = state.attempts.length + 1;
  const attempt = { number, intent: state.intent, signed, sent: false, outcome: null, error: null };
  b.set({ attempts: [...state.attempts, attempt] });
  b.note('signed');
  if (state.noFurther) return discard(b, 'cancelled before it was sent');
  if (b.nowMs - state.preparedAtMs > state.freshMs) return discard(b, 'the account data it was based on is too old');
  b.setAttempt({ sent: true });
  return b.go('submitting', {
    tries: 0,
    mayResend: true,
    ...windowFrom(b),
    windowClosed: false,
    landed: null,
    order: null,
  });
}

/** Signed, never sent: only this history has the bytes, so it can never land. */
function discard(b: StepBuilder, why: string): StepBuilder {
  b.setAttempt({ outcome: 'expired', error: { code: 'TRANSACTION_FAILED', message: `Discarded: ${why}.` } });
  b.note('discarded', { why });
  return expired(b);
}

const windowFrom = (b: StepBuilder) => ({
  confirmUntilMs: b.nowMs + b.state.timing.confirmMs,
  queryUntilMs: b.nowMs + b.state.timing.confirmMs + b.state.timing.queryMs,
});

function onSubmitted(b: StepBuilder, accepted: boolean, recorded: boolean): StepBuilder {
  b.note('submitted', accepted ? null : { accepted, recorded });
  return b.go('confirming', { tries: b.state.tries + 1, mayResend: recorded });
}

function onSighted(b: StepBuilder, sighting: Sighting, order: OrderReport | null): StepBuilder {
  const { state } = b;
  if (!['confirming', 'finalizing', 'proving', 'landed'].includes(state.stage)) return b;
  b.set({ nodes: sighting.nodes });
  const asked = state.asked;
  b.set({ asked: [] });
  judgeVerdicts(b, asked, sighting);
  switch (sighting.kind) {
    case 'landed':
      if (sighting.error === null) return onLanded(b, sighting, order);
      if (sighting.commitment === 'finalized') return failed(b, sighting.error);
      return state.stage === 'landed' ? undone(b, 'confirming') : undecided(b);
    case 'absent':
      b.set({ windowClosed: true });
      return proveExpired(b);
    case 'unseen':
      b.set({
        windowClosed: b.state.windowClosed || sighting.windowClosed,
        finalizedTimeMs: sighting.finalizedTimeMs ?? b.state.finalizedTimeMs,
        finalizedSlot: sighting.finalizedSlot ?? b.state.finalizedSlot ?? null,
        orderOver: sighting.orderOver ?? b.state.orderOver ?? null,
      });
      return onUnseen(b, sighting.nodes);
  }
}

function onLanded(
  b: StepBuilder,
  sighting: Extract<Sighting, { kind: 'landed' }>,
  order: OrderReport | null,
): StepBuilder {
  const { state } = b;
  if (sighting.commitment === 'processed') return state.stage === 'landed' ? b.go('landed') : undecided(b);
  const places = lastAttempt(state)?.intent.kind === 'order';
  const orderFinal = !places || (order?.gone === true && order.commitment === 'finalized');
  const told = !places || order?.fillsUnknown !== true || isTooLate(b);
  const isFinal = sighting.commitment === 'finalized' && orderFinal && told;
  b.set({ landed: sighting, order: order ?? state.order });
  if (resolvedByHuman(state)) {
    // Only final evidence overrules a person, or ends a transaction that a person resolved.
    if (!isFinal) return undecided(b);
    if (state.verdict?.verdict === 'failed') contradict(b, 'landed');
  }
  if (state.stage === 'finalizing' || resolvedByHuman(state)) {
    if (!isFinal) return lateFinality(b);
    b.setAttempt({ outcome: 'confirmed' });
    b.certain(order?.fillsUnknown === true ? 'untold' : 'finalized');
    b.note('finalized', { slot: sighting.slot });
    return b.go('finalized', { dropped: false });
  }
  const first = state.stage !== 'landed';
  b.setAttempt({ outcome: 'confirmed' });
  b.certain('landed');
  if (first) b.note('confirmed', { slot: sighting.slot });
  return b.go('landed', { dropped: false, wakeAtMs: null });
}

/** Its fills are requested as long as a verdict without proof stays open. */
const isTooLate = (b: StepBuilder): boolean =>
  b.nowMs >= (lastAttempt(b.state)?.signed.signedAtMs ?? 0) + b.state.timing.verdictProofMs;

function failed(b: StepBuilder, error: ErrorReport): StepBuilder {
  if (b.state.verdict?.verdict === 'landed') contradict(b, 'failed');
  b.setAttempt({ outcome: 'failed', error });
  b.certain('failed');
  b.note('failed', { code: error.code, message: error.message });
  return b.go('failed', { error: { ...error, code: error.code || 'TRANSACTION_FAILED' }, dropped: false });
}

function proveExpired(b: StepBuilder): StepBuilder {
  if (b.state.verdict?.verdict === 'landed') contradict(b, 'never landed');
  b.setAttempt({ outcome: 'expired' });
  b.note('expired', { nodes: names(b.state.nodes, 'never_seen') });
  return expired(b);
}

/** The last attempt can never land. What follows: a next attempt, a person's retry, or the end. */
function expired(b: StepBuilder): StepBuilder {
  const { state } = b;
  const verdict = state.verdict;
  const wasConfirmed = state.dropped || state.stage === 'finalizing';
  b.set({ dropped: false });
  b.certain('expired');
  if (verdict?.verdict === 'retry' && b.nowMs <= verdict.atMs + state.timing.retryVerdictMs) {
    b.note('awaiting_slot');
    return b.go('awaiting_slot', { wakeAtMs: verdict.atMs + state.timing.retryVerdictMs });
  }
  const free = !state.noFurther && !state.leftSlot;
  if (free && state.attempts.length < state.timing.maxAttempts && inTime(b)) return nextAttempt(b);
  return endExpired(b, wasConfirmed);
}

function endExpired(b: StepBuilder, wasConfirmed: boolean): StepBuilder {
  const sent = b.state.attempts.filter((attempt) => attempt.sent).length;
  if (sent === 0) {
    return endUnsent(
      b,
      b.state.noFurther ? { code: STOOD_DOWN, message: 'Cancelled before anything was sent.' } : lateError(b),
    );
  }
  if (wasConfirmed) b.alert(raised('CONFIRMED_THEN_LOST', {}));
  return b.go('expired', {
    error: {
      code: 'TRANSACTION_FAILED',
      message: `The transaction never landed: ${sent === 1 ? 'its only attempt' : `all ${sent} attempts`} provably expired. Nothing happened. Send the command again.`,
      details: { reason: 'expired', attempts: sent },
    },
  });
}

/** From gates and simulate on. */
function nextAttempt(b: StepBuilder): StepBuilder {
  b.note('next_attempt', { number: b.state.attempts.length + 1 });
  return b.go('preparing', {
    intent: null,
    wakeAtMs: null,
    verdict: null,
    proofs: 0,
    windowClosed: false,
    orderOver: null,
    nodes: [],
    leftSlot: false,
  });
}

/** A reduction always; anything else only soon after it was accepted, so that nothing trades late. */
const inTime = (b: StepBuilder): boolean =>
  b.state.reducing || b.nowMs <= b.state.acceptedAtMs + b.state.timing.nextAttemptWithinMs;

const lateError = (b: StepBuilder): ErrorReport => ({
  code: 'COMMAND_EXPIRED',
  message: 'Too late. The command was accepted too long ago to start now. Nothing was sent.',
  details: { accepted_at: b.state.acceptedAtMs, within_ms: b.state.timing.nextAttemptWithinMs },
});

/** Nothing of this attempt was sent. With earlier attempts (all proven dead) the transaction is expired, else rejected. */
function endUnsent(b: StepBuilder, error: ErrorReport, passing = false): StepBuilder {
  const sent = b.state.attempts.some((attempt) => attempt.sent);
  b.note(sent ? 'expired' : 'rejected', { code: error.code, message: error.message });
  return b.go(sent ? 'expired' : 'rejected', passing ? { error, passing } : { error });
}

function onUnseen(b: StepBuilder, nodes: readonly NodeTestimony[]): StepBuilder {
  const { state } = b;
  const denied = nodes.some((node) => node.says === 'never_seen');
  const was = state.stage === 'finalizing' || state.stage === 'landed';
  if (!was) return undecided(b);
  // Silence is no evidence: only a node that answers and has not seen it makes it dropped.
  if (!denied) return state.stage === 'landed' ? b.go('landed') : lateFinality(b);
  return undone(b, state.windowClosed ? 'proving' : 'submitting');
}

/** The transaction is no longer confirmed: continue with the same bytes. */
function undone(b: StepBuilder, stage: 'submitting' | 'confirming' | 'proving'): StepBuilder {
  b.setAttempt({ outcome: null });
  b.note('dropped', { nodes: names(b.state.nodes, 'never_seen') });
  b.set({ dropped: true, landed: null, order: null });
  b.alert(raised('TRANSACTION_DROPPED', {}));
  return b.go(stage, { wakeAtMs: null, ...windowFrom(b) });
}

/** Neither landed nor proven dead, and the windows are over: unknown. */
function undecided(b: StepBuilder): StepBuilder {
  const { state } = b;
  if (state.stage === 'finalizing' && !state.dropped) return lateFinality(b);
  if (resolvedByHuman(state) && state.verdict !== null && b.nowMs >= state.verdict.atMs + state.timing.verdictProofMs) {
    return endWithoutProof(b);
  }
  if (state.verdict?.verdict === 'retry' && b.nowMs > state.verdict.atMs + state.timing.retryVerdictMs) {
    b.note('verdict_lapsed', { verdict: 'retry' });
    b.set({ verdict: null });
  }
  if (lastAttempt(state)?.outcome !== 'unknown') {
    b.setAttempt({ outcome: 'unknown' });
    b.note('unknown', { nodes: state.nodes as never });
  }
  b.set({ leftSlot: true });
  // A person has submitted the outcome: nothing more is asked of them, and proof may still contradict it.
  const isAnswered = resolvedByHuman(b.state) && b.state.verdict?.unsigned !== true;
  if (isAnswered) b.certain('resolved', ['TRANSACTION_UNKNOWN']);
  else b.alert(raised('TRANSACTION_UNKNOWN', { nodes: state.nodes }));
  return b.go('unknown', { wakeAtMs: wakeAt(b), proofs: state.proofs + 1 });
}

function wakeAt(b: StepBuilder): number {
  const { verdict, timing, proofs } = b.state;
  const next = b.nowMs + proofDelay(timing, proofs);
  if (verdict === null) return next;
  const deadline = verdict.atMs + (verdict.verdict === 'retry' ? timing.retryVerdictMs : timing.verdictProofMs);
  return deadline > b.nowMs ? Math.min(next, deadline) : next;
}

function endWithoutProof(b: StepBuilder): StepBuilder {
  b.alert(raised('RESOLVED_WITHOUT_PROOF', {}));
  b.certain('resolved', ['TRANSACTION_UNKNOWN']);
  b.note('resolved');
  return b.go('resolved');
}

/** Confirmed, and not final within its window, or not known in all it did: nothing is in doubt yet, it takes long. */
function lateFinality(b: StepBuilder): StepBuilder {
  const { order, nodes } = b.state;
  b.alert(order?.fillsUnknown === true ? raised('FILL_UNKNOWN', { nodes }) : raised('FINALITY_LATE', { nodes }));
  return b.go('finalizing', {
    wakeAtMs: b.nowMs + proofDelay(b.state.timing, b.state.proofs),
    proofs: b.state.proofs + 1,
  });
}

function finalize(b: StepBuilder): StepBuilder {
  const attempt = lastAttempt(b.state);
  if (attempt === null) return b;
  return b.go('finalizing', { wakeAtMs: null, proofs: 0, noFurther: true, ...windowFrom(b) });
}

function onWoke(b: StepBuilder): StepBuilder {
  const { state } = b;
  if (state.stage === 'finalizing') return b.go('finalizing', { wakeAtMs: null, ...windowFrom(b) });
  if (state.stage === 'unknown') return prove(b);
  if (state.stage === 'awaiting_slot') {
    b.note('verdict_lapsed', { verdict: 'retry' });
    b.set({ verdict: null });
    endExpired(b, false);
  }
  return b;
}

/** Asks every node once: the deadlines are now. */
function prove(b: StepBuilder): StepBuilder {
  return b.go('proving', { wakeAtMs: null, confirmUntilMs: b.nowMs, queryUntilMs: b.nowMs });
}

/** The backoff starts over too: a silent node may respond now. */
function proveNow(b: StepBuilder): void {
  const { stage, wakeAtMs } = b.state;
  if (stage === 'unknown') {
    b.set({ proofs: 0 });
    prove(b);
  }
  if (stage === 'finalizing' && wakeAtMs !== null) b.go('finalizing', { wakeAtMs: null, proofs: 0, ...windowFrom(b) });
}

function onVerdict(b: StepBuilder, asked: TransactionState['asked'][number]): StepBuilder {
  const { state } = b;
  const onlyFill = state.stage === 'finalizing' && state.landed?.commitment === 'finalized' && fillsUnknown(state);
  if (onlyFill) return onVerdictOfFill(b, asked);
  if (state.stage !== 'unknown' && state.stage !== 'proving') {
    return b.answer(asked, verdictRefusal('The outcome of this operation is known.', { stage: state.stage }));
  }
  const standing = state.verdict;
  if (standing !== null && resolvedByHuman(state)) {
    if (standing.verdict === asked.verdict) {
      // A person behind the token says the same: from here on it is theirs.
      if (standing.unsigned === true && asked.unsigned !== true) {
        const { operator, note } = asked;
        const { verdict, atMs } = standing;
        b.set({ verdict: { verdict, operator, note, atMs } });
      }
      return b.answer(asked, null);
    }
    return b.answer(
      asked,
      verdictRefusal(`${standing.operator} already submitted "${standing.verdict}". Only evidence can correct it.`, {
        verdict: standing.verdict,
      }),
    );
  }
  if (asked.verdict === 'retry' && asked.unsigned === true && asked.live === true && !state.reducing) {
    return b.answer(
      asked,
      verdictRefusal('A retry may need a confirmation, which only the page can ask for. Choose Retry there.'),
    );
  }
  b.set({ asked: [...state.asked, asked] });
  if (state.stage === 'unknown') prove(b);
  return b;
}

/** It landed, and a person may decide that its fill will stay unknown. */
function onVerdictOfFill(b: StepBuilder, asked: TransactionState['asked'][number]): StepBuilder {
  if (asked.verdict !== 'landed') {
    const message =
      'The transaction landed. Only how much its order filled is unknown: submit "landed" to stop asking.';
    return b.answer(asked, verdictRefusal(message, { stage: b.state.stage }));
  }
  b.answer(asked, null);
  b.certain('resolved');
  b.note('finalized', { fill: 'unknown', operator: asked.operator });
  return b.go('finalized', { dropped: false });
}

function onStandDown(b: StepBuilder, reason: string): StepBuilder {
  const { state } = b;
  if (hasEnded(state) || state.noFurther) return b;
  b.set({ noFurther: true });
  b.note('stand_down', { reason });
  if (state.stage === 'awaiting_slot') return endExpired(b, false);
  if (state.stage === 'preparing' || state.stage === 'signing') {
    // What may still be signed is lost unsent with its result.
    endUnsent(b, { code: STOOD_DOWN, message: `Cancelled before anything was sent: ${reason}`, details: { reason } });
  }
  return b;
}

function contradict(b: StepBuilder, evidence: 'landed' | 'failed' | 'never landed'): void {
  const { verdict = null, operator = null } = b.state.verdict ?? {};
  b.set({ contradicted: true });
  b.alert(raised('VERDICT_CONTRADICTED', { verdict, operator, evidence }));
}

const names = (nodes: readonly NodeTestimony[], says: NodeTestimony['says']): readonly string[] =>
  nodes.filter((node) => node.says === says).map((node) => node.node);
