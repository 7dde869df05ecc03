/**
 * An operation: one command or decision, made of one or more transactions (its legs) in turn. A pure reducer like the
 * one of `transaction.ts`, which it drives; state and events are plain JSON. What each event does: `operation-step.ts`.
 */

import type { ErrorReport } from '../../lib/errors.ts';
import type { Asset } from '../account/account.ts';
import type { CommandAnswer, Mode } from '../order/command.ts';
import { type Fill, type Intent, type OrderIntent, totalFills } from '../order/intent.ts';
import { type Goal, PLAIN_TERMS, type Planned, type Terms } from '../order/intent-plan.ts';
import { isExitRequest, type OperationRequest } from '../order/operation-request.ts';
import { OPERATIONS } from '../order/operations.ts';
import type { OrderReport, Sighting, SignedAttempt } from '../transaction/attempt.ts';
import {
  type AlertNote,
  type AskedVerdict,
  type Attempt,
  fillsUnknown,
  hasEnded,
  isSpent,
  type MainEffect,
  mainEffect,
  type Note,
  type Prepared,
  resolvedByHuman,
  type TransactionState,
  type TransactionTiming,
} from '../transaction/transaction.ts';
import type { OperationReport } from './operation-report.ts';

/** The rules that a new operation goes by. One that was started under older ones keeps them, so that its history replays. */
export const OPERATION_RULES = 2;
/** A close places the unfilled rest again, this often at most. A round counts when a placement landed. */
export const MAX_REPLACEMENTS = 5;
/** Rounds in a row that the venue refused, or of which nothing landed: a close gives up after so many. */
export const MAX_MISSES = 5;
/** FLATTEN's price limit, as multiples of MAX_SLIPPAGE_BPS, by placement; the last stays. */
export const FLATTEN_MULTIPLES = [1, 2, 4] as const;
/** An order that stays is cancelled this often; then an alert is raised, and cancelling continues. */
export const MAX_CANCELS = 3;
/** Micro-USD of unsettled PnL above which a close settles. */
export const SETTLE_ABOVE = '1000000';

/** What stays the same for the whole operation. */
export interface OperationTask {
  readonly operationId: string;
  readonly engineId: string;
  readonly mode: Mode;
  /** Null: the engine's own decision. */
  readonly commandId: string | null;
  readonly request: OperationRequest;
  readonly acceptedAtMs: number;
  readonly timing: TransactionTiming;
  /** A simulated intent may be signed and sent for this long. */
  readonly freshMs: number;
  readonly hadPosition: boolean;
  /** In which PnL is settled, for the answer. Absent: not known when it started. */
  readonly quoteAsset?: Asset;
  /** Absent: 1, from before rounds waited and were counted by what landed. */
  readonly rules?: number;
  /** It was open in a backup: the original may have made other attempts since. */
  readonly fromBackup?: true;
}

export interface Leg {
  readonly purpose: 'main' | 'cancel' | 'settle';
  readonly goal: Goal;
  readonly terms: Terms;
  readonly tx: TransactionState;
  /** Signed lamports in the snapshot that it was planned on; null before, or for what is no trade. */
  readonly position: string | null;
  /** The plan found nothing to do. */
  readonly nothing: Extract<Planned, { kind: 'nothing' }>['why'] | null;
}

/** The terms that a person confirmed. */
export interface ConfirmedTerms {
  readonly priceLimit: string | null;
  readonly exposure: boolean;
  /** With `exposure`: the net delta after that was shown; null: unknown. Absent: whatever it comes to. */
  readonly netDelta?: string | null;
}

export interface OperationState {
  readonly task: OperationTask;
  readonly legs: readonly Leg[];
  readonly current: number;
  /** `working`: towards the goal · `finishing`: the goal is decided, landed transactions are made final · `ended`. */
  readonly course: 'working' | 'finishing' | 'ended';
  readonly phase: OperationReport['phase'];
  readonly ticket: number;
  /** A landed placement's order is watched until then. */
  readonly followUntilMs: number | null;
  readonly cancels: number;
  readonly replacements: number;
  /** Rounds of a close in a row of which nothing landed. Absent: none. */
  readonly misses?: number;
  /** The next round of a close begins then; null or absent: it has begun. */
  readonly roundAtMs?: number | null;
  /** A close whose attempt left the slot as unknown, and is over now, waits this long for the slot to go on. */
  readonly slotUntilMs?: number | null;
  /** A close's goal is reached. */
  readonly flat: boolean;
  readonly standDown: string | null;
  /** It stood down for an exit, which goes on where this one ended. */
  readonly yields?: boolean;
  /** It left the slot: no further attempt without being given it again. */
  readonly left: boolean;
  readonly recovered: boolean;
  readonly confirmed: ConfirmedTerms;
  readonly answer: CommandAnswer | null;
  /** Number of the next transition and of the next report. */
  readonly transitions: number;
  readonly reports: number;
  /** These values in the last report, so that a change is reported. */
  readonly reported: {
    readonly windowClosed: boolean;
    readonly wantsSlot: boolean;
    readonly unaccepted?: boolean;
  };
  readonly opened: boolean;
}

/** The order of a landed placement, until it is gone. */
export interface FollowEffect {
  readonly kind: 'follow';
  readonly attempt: Attempt;
  readonly untilMs: number;
}

export interface OperationMain {
  readonly ticket: number;
  readonly leg: Leg;
  readonly main: MainEffect | FollowEffect;
}

/** A line of the journal with its number. */
export interface Transition {
  readonly operationId: string;
  /** From 0, without gaps. */
  readonly sequence: number;
  readonly atMs: number;
  readonly note: Note;
}

export type OperationStatus =
  | 'running'
  | 'confirmed'
  | 'unresolved'
  | 'resolved_by_human'
  | 'done'
  | 'rejected'
  | 'failed'
  | 'expired';

/** What one step has for the journal. */
export interface JournalNotes {
  readonly atMs: number;
  /** True once: the operation's row comes with it. */
  readonly opens: boolean;
  readonly transitions: readonly Transition[];
  readonly alerts: readonly AlertNote[];
  readonly update: {
    readonly status: OperationStatus;
    readonly endedAtMs?: number;
    readonly error?: ErrorReport | null;
    readonly answer?: CommandAnswer | null;
  } | null;
  /** The command's final answer. */
  readonly answer: CommandAnswer | null;
}

export type OperationEffect =
  | { readonly kind: 'main'; readonly main: OperationMain }
  | { readonly kind: 'journal'; readonly notes: JournalNotes }
  | { readonly kind: 'report'; readonly report: OperationReport }
  | { readonly kind: 'verdict'; readonly id: string; readonly error: ErrorReport | null }
  | { readonly kind: 'end' };

/** What became of a main effect. */
export type MainResult =
  | {
      readonly kind: 'prepared';
      readonly prepared: Prepared;
      readonly position: string | null;
      readonly nothing: Leg['nothing'];
    }
  | { readonly kind: 'signed'; readonly signed: SignedAttempt }
  | { readonly kind: 'sign_failed'; readonly error: ErrorReport; readonly passing?: boolean }
  | { readonly kind: 'submitted'; readonly accepted: boolean; readonly recorded: boolean }
  | { readonly kind: 'sighted'; readonly sighting: Sighting; readonly order: OrderReport | null }
  | { readonly kind: 'woke' };

export type OperationEvent =
  | { readonly kind: 'start'; readonly nowMs: number }
  | { readonly kind: 'result'; readonly ticket: number; readonly nowMs: number; readonly result: MainResult }
  | { readonly kind: 'verdict'; readonly nowMs: number; readonly asked: AskedVerdict }
  | { readonly kind: 'malformed_verdict'; readonly nowMs: number; readonly error: ErrorReport }
  /** `exitFollows` false: no exit continues its work. Absent in older messages: only exits sent it then. */
  | { readonly kind: 'stand_down'; readonly nowMs: number; readonly reason: string; readonly exitFollows?: boolean }
  | {
      readonly kind: 'slot_granted';
      readonly nowMs: number;
      readonly confirmedPriceLimit: string | null;
      readonly exposureConfirmed: boolean;
      readonly shownNetDelta?: string | null;
    }
  | { readonly kind: 'report_again'; readonly nowMs: number }
  | { readonly kind: 'prove_now'; readonly nowMs: number };

export const currentLeg = (state: OperationState): Leg | null => state.legs[state.current] ?? null;

export const legLanded = ({ tx }: Leg): boolean =>
  tx.stage === 'landed' || tx.stage === 'finalizing' || tx.stage === 'finalized';

export function placement(leg: Leg): OrderIntent | null {
  const intent = leg.tx.attempts.at(-1)?.intent;
  return intent?.kind === 'order' ? intent : null;
}

/** The fill of the placement's order, as last seen. */
export const legFills = (leg: Leg): readonly Fill[] =>
  legLanded(leg) && placement(leg) !== null ? (leg.tx.order?.fills ?? leg.tx.landed?.effect?.fills ?? []) : [];

export const operationFills = (state: OperationState): readonly Fill[] => state.legs.flatMap(legFills);

/** Signed lamports by which the perp changed through this operation so far. */
export function perpChange(state: OperationState): bigint {
  let change = 0n;
  for (const fill of operationFills(state)) change += fill.side === 'buy' ? BigInt(fill.size) : -BigInt(fill.size);
  return change;
}

export const hasNewRules = ({ rules = 1 }: OperationTask): boolean => rules >= 2;

/** Placements of the operation that landed. */
export const landedPlacements = ({ legs }: OperationState): number =>
  legs.filter((leg) => leg.purpose === 'main' && legLanded(leg) && placement(leg) !== null).length;

export const filledSize = (leg: Leg): bigint => totalFills(legFills(leg)).size;

/** No further attempt and no further leg, but what takes risk away (a cancel). */
export const noMore = (state: OperationState): boolean => state.standDown !== null || state.left;

export const isHumanResolved = (state: OperationState): boolean => state.legs.some((leg) => resolvedByHuman(leg.tx));

/** Nothing of it can land any more, and no order of it can still be placed or open. */
export function windowClosed(state: OperationState, nowMs: number): boolean {
  if (!hasNewRules(state.task)) return windowClosedOfOld(state, nowMs);
  const finalizedTimeMs = finalizedTime(state, nowMs);
  return state.legs.every((leg) => isClosed(leg, finalizedTimeMs));
}

/** The first rules: of the current leg only. */
function windowClosedOfOld(state: OperationState, nowMs: number): boolean {
  const leg = currentLeg(state);
  if (leg === null || !leg.tx.windowClosed) return false;
  const order = placement(leg);
  return order === null || (leg.tx.finalizedTimeMs ?? nowMs) > order.maxTsMs;
}

/** By the newest finalized block that was told of; null: none was. Paper has no block time but the wall clock. */
function finalizedTime({ legs, task }: OperationState, nowMs: number): number | null {
  const times = legs.flatMap(({ tx }) => tx.finalizedTimeMs ?? []);
  if (times.length > 0) return Math.max(...times);
  return task.mode === 'paper' ? nowMs : null;
}

function isClosed(leg: Leg, finalizedTimeMs: number | null): boolean {
  const { tx } = leg;
  if (hasEnded(tx) || tx.stage === 'awaiting_slot') return true;
  const order = placement(leg);
  const isPast = order === null || (finalizedTimeMs !== null && finalizedTimeMs > order.maxTsMs);
  if (legLanded(leg)) return isPast || tx.order?.gone === true;
  return tx.windowClosed && (isPast || tx.orderOver != null);
}

/** Finalized slot by which it is closed: an account of this slot or a later one shows all it did. Null: none was told. */
export function closedSlot(state: OperationState): number | null {
  const slots = state.legs.flatMap(({ tx }) =>
    [tx.finalizedSlot ?? [], tx.orderOver ?? [], tx.order?.slot ?? []].flat(),
  );
  return slots.length === 0 ? null : Math.max(...slots);
}

/** Of a blockhash: 150 blocks and finality, at the slowest pace that is common. */
const WINDOW_MS = 100_000;
/** Block time may lie so far behind our clock, and is final later. */
const FINALITY_MS = 20_000;

/** By when it should be closed, where a node answers: an estimate by our clock. Null: nothing is open. */
export function latestEndMs({ legs }: OperationState): number | null {
  const ends = legs.flatMap((leg) => {
    const attempt = leg.tx.attempts.at(-1);
    if (attempt === undefined || hasEnded(leg.tx)) return [];
    const orderEndsMs = attempt.intent.kind === 'order' ? attempt.intent.maxTsMs + FINALITY_MS : 0;
    return Math.max(attempt.signed.signedAtMs + WINDOW_MS, orderEndsMs);
  });
  return ends.length === 0 ? null : Math.max(...ends);
}

/** A placement of it is over and its fill is unknown. */
export const hasUnknownFill = ({ legs }: OperationState): boolean =>
  legs.some((leg) => leg.purpose === 'main' && placement(leg) !== null && (fillsUnknown(leg.tx) || isSpent(leg.tx)));

/** Slot of the newest account by which an order of it is over: what comes next is sized from that one, or a later one. */
export function overSlot({ legs }: OperationState): number | null {
  const slots = legs.flatMap(({ tx }) => {
    if (fillsUnknown(tx)) return tx.order?.slot ?? [];
    return tx.orderOver ?? [];
  });
  return slots.length === 0 ? null : Math.max(...slots);
}

/** What the operation waits for now. A new run starts with it too. */
export function operationMain(state: OperationState): OperationMain | null {
  const leg = currentLeg(state);
  if (leg === null || state.course === 'ended') return null;
  const waitUntilMs = state.roundAtMs ?? state.slotUntilMs ?? null;
  if (waitUntilMs !== null) return { ticket: state.ticket, leg, main: { kind: 'wait', untilMs: waitUntilMs } };
  const attempt = leg.tx.attempts.at(-1);
  if (leg.tx.stage === 'landed' && state.followUntilMs !== null && attempt !== undefined) {
    return { ticket: state.ticket, leg, main: { kind: 'follow', attempt, untilMs: state.followUntilMs } };
  }
  const main = mainEffect(leg.tx);
  return main === null ? null : { ticket: state.ticket, leg, main };
}

/** What the operation's next main leg must keep to. A flatten accepts a worse price each time; what was confirmed binds. */
export function mainTerms(request: OperationRequest, replacements: number, confirmedPriceLimit: string | null): Terms {
  if (!isExitRequest(request)) return { ...PLAIN_TERMS, priceBound: confirmedPriceLimit };
  const widened = FLATTEN_MULTIPLES[Math.min(replacements, FLATTEN_MULTIPLES.length - 1)] ?? 1;
  return { ...PLAIN_TERMS, slippageMultiple: request.kind === 'flatten' ? widened : 1 };
}

/** The intent of a recovered attempt whose record has none. Its order, if it placed one, is asked of the venue. */
export function intentOf(request: OperationRequest, signed: SignedAttempt, timing: TransactionTiming): Intent {
  switch (request.kind) {
    case 'deposit':
    case 'withdraw':
    case 'settle':
      return request;
    default: {
      const { reduces } = OPERATIONS[request.kind];
      return {
        kind: 'order',
        market: request.market,
        size: 'size' in request ? request.size : '0',
        reduceOnly: reduces,
        priceLimit: '0',
        maxTsMs: signed.signedAtMs + timing.orderLifeMs,
        cancelOpenOrders: reduces,
      };
    }
  }
}
