/**
 * The one procedure by which money moves: a pure reducer, `step(state, event) -> {state, effects}`, of one intent.
 * States and events are plain JSON, carried across continue-as-new; nothing here reads a clock (every event brings the
 * workflow's time). The table of cases stands in docs/architecture/transaction.md. An operation is made of one or more
 * of these: `operation.ts`.
 */

import type { ErrorReport, Json } from '../../lib/errors.ts';
import { type AlertDraft, raised, recovered } from '../alerts/alert.ts';
import { type TransactionEnd, UNCERTAIN, type UncertainCode } from '../alerts/transaction-alerts.ts';
import type { Verdict } from '../order/command.ts';
import type { Intent } from '../order/intent.ts';
import type { NodeTestimony, OrderReport, Sighting, SignedAttempt } from './attempt.ts';

/** Windows of the procedure, all in wall milliseconds; tests scale them. */
export interface TransactionTiming {
  /** Confirm watches and rebroadcasts this long, */
  readonly confirmMs: number;
  /** then asks for this long before it may answer unknown. */
  readonly queryMs: number;
  readonly pollMs: number;
  readonly rebroadcastMs: number;
  /** Attempts of one intent, in turn. */
  readonly maxAttempts: number;
  /** Anything but a reduction makes its next attempt only this long after acceptance. */
  readonly nextAttemptWithinMs: number;
  /** An unknown one asks for proof again after this long, doubling up to the maximum. */
  readonly proofMs: number;
  readonly proofMaxMs: number;
  /** `retry` runs only when expiry is proven this long after the verdict. */
  readonly retryVerdictMs: number;
  /** A verdict taken without evidence stays open for proof this long. */
  readonly verdictProofMs: number;
  /** Orders carry maxTs this long after signing. */
  readonly orderLifeMs: number;
  /** One call of simulate, sign or submit, after which a worker counts as dead and another calls again. Absent: 30 s. */
  readonly callMs?: number;
  /** A confirm that does not tell of itself this long is begun again by another worker. Absent: 10 s. */
  readonly heartbeatMs?: number;
}

export const DEFAULT_TIMING: TransactionTiming = {
  confirmMs: 30_000,
  queryMs: 60_000,
  pollMs: 500,
  rebroadcastMs: 2_000,
  maxAttempts: 3,
  nextAttemptWithinMs: 120_000,
  proofMs: 10_000,
  proofMaxMs: 600_000,
  retryVerdictMs: 600_000,
  verdictProofMs: 7 * 86_400_000,
  orderLifeMs: 30_000,
};

/** Doublings of the proof backoff are counted no further than this. */
const MAX_DOUBLINGS = 20;
/** A person's note is kept to this length. */
export const MAX_NOTE_CHARS = 2_000;

/**
 * - `preparing` gates and simulation on a fresh snapshot · `signing` · `submitting` · `confirming` until confirmed
 * - `landed` confirmed without error; waits until the operation asks for finality · `finalizing`
 * - `unknown` waits on a durable timer · `proving` asks every node once
 * - `awaiting_slot` a person said retry and expiry is proven: waits for the operation slot
 * - ends: `rejected` (never sent) · `finalized` · `failed` (on chain, finalized) · `expired` (proven never to land)
 *   · `resolved` (a person's verdict stands, and proof did not come in time)
 */
export type TransactionStage =
  | 'preparing'
  | 'signing'
  | 'submitting'
  | 'confirming'
  | 'landed'
  | 'finalizing'
  | 'unknown'
  | 'proving'
  | 'awaiting_slot'
  | 'rejected'
  | 'finalized'
  | 'failed'
  | 'expired'
  | 'resolved';

const ENDS: ReadonlySet<TransactionStage> = new Set(['rejected', 'finalized', 'failed', 'expired', 'resolved']);
export const hasEnded = (state: TransactionState): boolean => ENDS.has(state.stage);

export interface Attempt {
  /** From 1. */
  readonly number: number;
  readonly intent: Intent;
  readonly signed: SignedAttempt;
  /** Handed to submit, so that it may have left this machine. */
  readonly sent: boolean;
  readonly outcome: 'confirmed' | 'failed' | 'expired' | 'unknown' | null;
  readonly error: ErrorReport | null;
}

/** A person's verdict, and what followed from it. */
export interface StandingVerdict {
  readonly verdict: Verdict;
  readonly operator: string;
  readonly note: string;
  readonly atMs: number;
  /** It came straight to Temporal, without the bridge's token: recorded, and not yet accepted by a person. */
  readonly unsigned?: true;
  /** With `unsigned`: it is about real money, so that a retry needs a person who can be asked. */
  readonly live?: boolean;
}

export interface AskedVerdict extends StandingVerdict {
  /** Names the question, so that its answer finds the one who asks. */
  readonly id: string;
}

export interface TransactionState {
  readonly timing: TransactionTiming;
  readonly acceptedAtMs: number;
  /** A snapshot and its simulation may be signed on for this long. */
  readonly freshMs: number;
  readonly stage: TransactionStage;
  readonly reducing: boolean;
  readonly attempts: readonly Attempt[];
  /** Intent that passed gates and simulation, to be signed. */
  readonly intent: Intent | null;
  readonly preparedAtMs: number;
  /** Grows with each main effect: a result of an earlier one is ignored. */
  readonly ticket: number;
  /** With `finalizing` and `unknown`: the main effect is to wait until then. */
  readonly wakeAtMs: number | null;
  readonly confirmUntilMs: number;
  readonly queryUntilMs: number;
  /** False when the submit's journal write failed: then these bytes are not sent again. */
  readonly mayResend: boolean;
  /** Sends of the present attempt, to route the next one. */
  readonly tries: number;
  /** The last landed sighting without an error. */
  readonly landed: Extract<Sighting, { kind: 'landed' }> | null;
  readonly order: OrderReport | null;
  readonly nodes: readonly NodeTestimony[];
  /** `lastValidBlockHeight` is past on a healthy node. */
  readonly windowClosed: boolean;
  readonly finalizedTimeMs: number | null;
  /** Slot of that block. */
  readonly finalizedSlot?: number | null;
  /** Its order can act no more, placed or not, by an account of this finalized slot. Null or absent: not so. */
  readonly orderOver?: number | null;
  /** A fork undid it after it was confirmed, and it has neither landed again nor been proven dead. */
  readonly dropped: boolean;
  /** Its outcome is or was unknown: it left the slot. */
  readonly leftSlot: boolean;
  /** No further attempt: stood down, or the slot was given back. */
  readonly noFurther: boolean;
  /** Asks for proof so far, for the backoff. */
  readonly proofs: number;
  readonly asked: readonly AskedVerdict[];
  readonly verdict: StandingVerdict | null;
  readonly contradicted: boolean;
  /** Codes of alerts that stand. */
  readonly alerts: readonly string[];
  readonly error: ErrorReport | null;
  /** The error is of a read or a signer that failed in passing: it says nothing about the order. Absent: it is not. */
  readonly passing?: boolean;
}

export interface NewTransaction {
  readonly timing: TransactionTiming;
  readonly acceptedAtMs: number;
  readonly freshMs: number;
  readonly reducing: boolean;
  readonly noFurther: boolean;
}

export function newTransaction({
  timing,
  acceptedAtMs,
  freshMs,
  reducing,
  noFurther,
}: NewTransaction): TransactionState {
  // Each field by name: a spread followed by this many fields takes V8 five hundred times as long.
  return {
    timing,
    acceptedAtMs,
    freshMs,
    reducing,
    noFurther,
    stage: 'preparing',
    attempts: [],
    intent: null,
    preparedAtMs: 0,
    ticket: 1,
    wakeAtMs: null,
    confirmUntilMs: 0,
    queryUntilMs: 0,
    mayResend: true,
    tries: 0,
    landed: null,
    order: null,
    nodes: [],
    windowClosed: false,
    finalizedTimeMs: null,
    dropped: false,
    leftSlot: false,
    proofs: 0,
    asked: [],
    verdict: null,
    contradicted: false,
    alerts: [],
    error: null,
  };
}

/** One whose workflow was lost: signed and perhaps sent, so it is unknown until proven. */
export function recoveredTransaction(options: NewTransaction, signed: SignedAttempt, intent: Intent): TransactionState {
  const attempt: Attempt = { number: 1, intent, signed, sent: true, outcome: 'unknown', error: null };
  return {
    ...newTransaction({ ...options, noFurther: true }),
    stage: 'proving',
    attempts: [attempt],
    leftSlot: true,
  };
}

/** What the transaction waits for: at most one at a time. */
export type MainEffect =
  | { readonly kind: 'simulate' }
  | { readonly kind: 'sign'; readonly number: number; readonly intent: Intent }
  | { readonly kind: 'submit'; readonly attempt: Attempt; readonly tryNumber: number }
  | {
      readonly kind: 'confirm';
      readonly attempt: Attempt;
      readonly target: 'confirmed' | 'finalized';
      /** Absolute. Equal to now or past: ask every node once. */
      readonly confirmUntilMs: number;
      readonly queryUntilMs: number;
      readonly mayResend: boolean;
      readonly tryNumber: number;
    }
  | { readonly kind: 'wait'; readonly untilMs: number };

/** A line of the journal. */
export interface Note {
  readonly stage: string;
  readonly attempt: Attempt | null;
  readonly outcome: Attempt['outcome'];
  readonly detail: Json;
}

/** An alert about the transaction that was the latest when it was raised. */
export interface AlertNote {
  readonly draft: AlertDraft;
  readonly signature: string | null;
}

export type TransactionEffect =
  | { readonly kind: 'main'; readonly ticket: number; readonly main: MainEffect }
  | { readonly kind: 'note'; readonly note: Note }
  | { readonly kind: 'alert'; readonly alert: AlertNote }
  | { readonly kind: 'verdict'; readonly id: string; readonly accepted: boolean; readonly error: ErrorReport | null };

export type Prepared =
  | { readonly ok: true; readonly intent: Intent; readonly reducing: boolean }
  /** Refused by a draft, a gate, the simulation, or a venue that could not be read. */
  | {
      readonly ok: false;
      readonly error: ErrorReport;
      /** It could not be asked: a read failed in a way that passes. Absent: somebody refused. */
      readonly passing?: boolean;
    };

export type TransactionEvent =
  | { readonly kind: 'prepared'; readonly ticket: number; readonly nowMs: number; readonly prepared: Prepared }
  | { readonly kind: 'signed'; readonly ticket: number; readonly nowMs: number; readonly signed: SignedAttempt }
  /** Nothing was signed, or the signed bytes were lost before they were sent. */
  | {
      readonly kind: 'sign_failed';
      readonly ticket: number;
      readonly nowMs: number;
      readonly error: ErrorReport;
      readonly passing?: boolean;
    }
  | {
      readonly kind: 'submitted';
      readonly ticket: number;
      readonly nowMs: number;
      /** False: no node took it, or that is unknown. Neither says anything about landing. */
      readonly accepted: boolean;
      /** False: it could not be written down first, so do not send it again. */
      readonly recorded: boolean;
    }
  | {
      readonly kind: 'sighted';
      readonly ticket: number;
      readonly nowMs: number;
      readonly sighting: Sighting;
      /** With a landed placement: what became of its order. */
      readonly order: OrderReport | null;
    }
  | { readonly kind: 'woke'; readonly ticket: number; readonly nowMs: number }
  | { readonly kind: 'verdict'; readonly nowMs: number; readonly asked: AskedVerdict }
  /** A signal that was meant as one. */
  | { readonly kind: 'malformed_verdict'; readonly nowMs: number; readonly error: ErrorReport }
  | { readonly kind: 'stand_down'; readonly nowMs: number; readonly reason: string }
  | { readonly kind: 'slot_granted'; readonly nowMs: number }
  /** Somebody waits for proof, or there may be some now: do not wait for the timer. */
  | { readonly kind: 'prove_now'; readonly nowMs: number }
  /** The operation released its slot, or asks for what is confirmed to be made final. */
  | { readonly kind: 'finalize'; readonly nowMs: number };

export interface Step<State, Effect> {
  readonly state: State;
  readonly effects: readonly Effect[];
}

export const lastAttempt = (state: TransactionState): Attempt | null => state.attempts.at(-1) ?? null;

/** What the state waits for; null when it has ended or waits for its operation. Also what a new run starts with. */
export function mainEffect(state: TransactionState): MainEffect | null {
  const attempt = lastAttempt(state);
  switch (state.stage) {
    case 'preparing':
      return { kind: 'simulate' };
    case 'signing':
      return state.intent === null ? null : { kind: 'sign', number: state.attempts.length + 1, intent: state.intent };
    case 'submitting':
      return attempt === null ? null : { kind: 'submit', attempt, tryNumber: state.tries };
    case 'confirming':
      return confirmEffect(state, attempt, 'confirmed');
    case 'finalizing':
      return state.wakeAtMs !== null
        ? { kind: 'wait', untilMs: state.wakeAtMs }
        : confirmEffect(state, attempt, 'finalized');
    case 'proving':
      // A verdict that stands gives way to nothing less than final evidence.
      return confirmEffect(state, attempt, resolvedByHuman(state) ? 'finalized' : 'confirmed');
    case 'unknown':
    case 'awaiting_slot':
      return { kind: 'wait', untilMs: state.wakeAtMs ?? 0 };
    default:
      return null;
  }
}

const confirmEffect = (
  state: TransactionState,
  attempt: Attempt | null,
  target: 'confirmed' | 'finalized',
): MainEffect | null =>
  attempt === null
    ? null
    : {
        kind: 'confirm',
        attempt,
        target,
        confirmUntilMs: state.confirmUntilMs,
        queryUntilMs: state.queryUntilMs,
        // A confirmed transaction that the nodes deny was dropped: the engine gets a report before the bytes go out again.
        mayResend: state.mayResend && state.stage === 'confirming',
        tryNumber: state.tries,
      };

/** A person's `landed` or `failed` stands, without evidence so far. */
export const resolvedByHuman = (state: TransactionState): boolean =>
  state.verdict !== null && state.verdict.verdict !== 'retry';

/** Landed, its order over, its fill unknown. */
export const fillsUnknown = ({ stage, order }: TransactionState): boolean =>
  (stage === 'landed' || stage === 'finalizing' || stage === 'finalized') && order?.fillsUnknown === true;

/** It is unknown whether it landed; neither it nor its order can have an effect any more. */
export const isSpent = ({ stage, windowClosed, orderOver }: TransactionState): boolean =>
  (stage === 'unknown' || stage === 'proving') && windowClosed && orderOver != null;

/** Collects what a step changes and does, so that each rule below reads as one line. */
export class StepBuilder {
  state: TransactionState;
  readonly effects: TransactionEffect[] = [];
  readonly nowMs: number;

  constructor(state: TransactionState, nowMs: number) {
    this.state = state;
    this.nowMs = nowMs;
  }

  set(change: Partial<TransactionState>): void {
    this.state = { ...this.state, ...change };
  }

  setAttempt(change: Partial<Attempt>): void {
    const attempt = lastAttempt(this.state);
    if (attempt === null) return;
    this.set({ attempts: [...this.state.attempts.slice(0, -1), { ...attempt, ...change }] });
  }

  note(stage: string, detail: Json = null): void {
    const attempt = lastAttempt(this.state);
    this.effects.push({ kind: 'note', note: { stage, attempt, outcome: attempt?.outcome ?? null, detail } });
  }

  /** Moves to a stage with a main effect of its own, which the host starts. */
  go(stage: TransactionStage, change: Partial<TransactionState> = {}): this {
    this.set({ ...change, stage, ticket: this.state.ticket + 1 });
    const main = mainEffect(this.state);
    if (main !== null) this.effects.push({ kind: 'main', ticket: this.state.ticket, main });
    return this;
  }

  /** Once per code: a standing alert is not raised again. */
  alert(draft: AlertDraft): void {
    const { code } = draft;
    if (this.state.alerts.includes(code)) return;
    this.set({ alerts: [...this.state.alerts, code] });
    this.tell(draft);
  }

  /** Every alert about an uncertain outcome is over. */
  certain(outcome: TransactionEnd, codes: readonly UncertainCode[] = UNCERTAIN): void {
    for (const code of codes) {
      if (!this.state.alerts.includes(code)) continue;
      this.set({ alerts: this.state.alerts.filter((other) => other !== code) });
      this.tell(recovered(code, { outcome }));
    }
  }

  private tell(draft: AlertDraft): void {
    const signature = lastAttempt(this.state)?.signed.signature ?? null;
    this.effects.push({ kind: 'alert', alert: { draft, signature } });
  }

  answer(asked: AskedVerdict, error: ErrorReport | null): this {
    this.effects.push({ kind: 'verdict', id: asked.id, accepted: error === null, error });
    if (error !== null) {
      // Each refusal raises an alert: a signal has no answer.
      const { verdict, operator } = asked;
      this.tell(raised('VERDICT_REFUSED', { reason: error.message, malformed: false, verdict, operator }));
    }
    this.note(error === null ? 'verdict_accepted' : 'verdict_refused', {
      verdict: asked.verdict,
      operator: asked.operator,
      note: asked.note,
      refusal: error?.message,
    });
    return this;
  }

  /** It means nothing, and whoever sent it has no other way to hear of that. */
  refuseMalformed({ message, details = {} }: ErrorReport): this {
    this.tell(raised('VERDICT_REFUSED', { ...details, reason: message, malformed: true }));
    this.note('verdict_refused', { refusal: message });
    return this;
  }
}

/** Backoff of the `n`th ask for proof, from 0. */
export const proofDelay = (timing: TransactionTiming, n: number): number =>
  Math.min(timing.proofMs * 2 ** Math.min(n, MAX_DOUBLINGS), timing.proofMaxMs);
