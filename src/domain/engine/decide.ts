/**
 * What the engine should do, seen from one snapshot: pure, so that the watch and the workflow reach the same answer. The
 * rows of docs/architecture/decide.md, in their order. It restores what a person chose, and opens by itself only under a
 * person's consent to the carry policy; the price stands nowhere in it.
 */

import type { ErrorReport, Json } from '../../lib/errors.ts';
import { SOL_PERP } from '../account/account.ts';
import { isReducing } from '../account/position.ts';
import type { Snapshot } from '../account/snapshot.ts';
import { type AlertChanges, alertsOf } from '../alerts/account-conditions.ts';
import { carryFigures } from '../carry/carry-figures.ts';
import { carryVerdict } from '../carry/verdict.ts';
import { gateSentence } from '../gates/gate-words.ts';
import { blockingGates, evaluateGates, type GateReport, minimumSize } from '../gates/gates.ts';
import { guardTrade } from '../gates/guard.ts';
import {
  correctionDirection,
  correctionTo,
  deltaSlack,
  driftFromTargetPct,
  type Exposure,
  excessOf,
  exposure,
  FULL_HEDGE_PPM,
  offTarget,
  reservedFor,
} from '../hedge/delta.ts';
import { carryTerms, isWatchOnly, type Policy } from '../hedge/policy.ts';
import { perpMarketOf } from '../margin/margin.ts';
import { formatSol } from '../money/amounts.ts';
import { signedDeviation } from '../money/display.ts';
import { abs, type Lamports, lamports } from '../money/units.ts';
import { isAutomatic } from '../order/operations.ts';
import { type AutoCarry, CARRY_ENDINGS, type CarryEnding, entriesOn } from './auto-carry.ts';
import { type Hold, tradingStateOf } from './hold.ts';

/** All that a decision knows besides the snapshot and the policy. Plain JSON: it travels to the watch. */
export interface DecisionContext {
  /** 0 to 1, exact to 1e-6. */
  readonly hedgeTargetPpm: number;
  /** By how many lamports a person confirmed, with OPEN, a short beyond spot. Absent or null: not at all. */
  readonly confirmedExcess?: string | null;
  /** Market time. */
  readonly cooldownUntilMs: number | null;
  /** Market time. A person adopted the position: until then nothing automatic trades but the guard. */
  readonly quietUntilMs?: number | null;
  readonly holds: readonly Hold[];
  readonly engineRunning: boolean;
  /** An operation holds the slot: nothing is decided until it is over. */
  readonly busy: boolean;
  /** A fork undid a confirmed transaction: until it has landed again or is proven dead, only the guard trades. */
  readonly dropped?: boolean;
  /** An unresolved transaction, or the order that it placed, may still take effect: the guard waits, as exits do. */
  readonly mayStillLand?: boolean;
  /** Market time before which the guard does not try again: its last reduction failed. */
  readonly guardRetryAtMs?: number | null;
  /** A person's consent to the carry policy. Absent: there is none. */
  readonly carry?: AutoCarry;
  /** Why the last consent ended. Absent: none did. */
  readonly carryEnded?: CarryEnding;
  /** Market time of the last CARRY_NEGATIVE warning. */
  readonly carryWarnedAtMs: number | null;
  /** Market time of the last CARRY_EXIT_DUE alert. */
  readonly exitWarnedAtMs?: number | null;
  /** The actions that the standing VENUE_PAUSED alert names as refused. */
  readonly pausesTold?: readonly string[];
}

export type EngineAction =
  | { readonly kind: 'none' }
  /** Signed lamports, positive = buy. */
  | { readonly kind: 'correct'; readonly delta: Lamports; readonly enlarging: boolean }
  | { readonly kind: 'guard'; readonly delta: Lamports; readonly from: GuardBasis }
  /** By the carry policy: `periodMs` is the end of the newest funding period that it knew. */
  | { readonly kind: 'enter'; readonly delta: Lamports; readonly enlarging: true; readonly periodMs: number }
  | { readonly kind: 'leave'; readonly delta: Lamports; readonly periodMs: number };

/** The snapshot for the guard's size: under any restriction a finalized one, which no fork can undo. */
export type GuardBasis = 'confirmed' | 'finalized';

export type ReasonCode =
  | 'BUSY'
  | 'NO_ACCOUNT'
  | 'ENGINE_STOPPED'
  | 'HELD'
  | 'GUARD'
  | 'GUARD_BLOCKED'
  | 'WATCH_ONLY'
  | 'NO_POSITION'
  | 'LONG_POSITION'
  | 'SPOT_UNKNOWN'
  | 'WITHIN_TOLERANCE'
  | 'NAKED_CONFIRMED'
  | 'BACKOFF'
  | 'REDUCING'
  | 'COOLDOWN'
  | 'BELOW_MINIMUM'
  | 'GATE_BLOCKED'
  | 'CORRECT'
  | 'CARRY_UNKNOWN'
  | 'CARRY_UNHEDGED'
  | 'CARRY_UNPROVEN'
  | 'CARRY_WAITS'
  | 'CARRY_DAY_LIMIT'
  | 'CARRY_SIZE_LIMIT'
  | 'ENTER'
  | 'LEAVE';

export interface Reason {
  readonly code: ReasonCode;
  readonly text: string;
  readonly figures: Readonly<Record<string, Json>>;
}

export interface Decision {
  readonly action: EngineAction;
  /** Why; the last one decided. */
  readonly reasons: readonly Reason[];
  /** Null where no gate was asked. */
  readonly gates: GateReport | null;
  readonly alerts: AlertChanges;
}

/** Under these no hedge is corrected, whatever they permit a person to do: the truth is not known. The guard works. */
const BLIND_HOLDS: readonly Hold['code'][] = [
  'unresolved',
  'resync',
  'desync',
  'connection',
  'stores_diverged',
  'journal_away',
];
export const isBlinding = ({ code, permits }: Hold): boolean => permits === 'nothing' || BLIND_HOLDS.includes(code);

type TradeDecision = Omit<Decision, 'alerts'>;

const hold = (code: ReasonCode, text: string, figures: Reason['figures'] = {}): TradeDecision => ({
  action: { kind: 'none' },
  reasons: [{ code, text, figures }],
  gates: null,
});

/** `standing`: codes of the standing alerts, so that each is raised once per crossing. */
export function decide(
  snapshot: Snapshot,
  context: DecisionContext,
  policy: Policy,
  nowMs: number,
  standing: readonly string[] = [],
): Decision {
  const { carryWarnedAtMs, exitWarnedAtMs = null, pausesTold = [], carry } = context;
  const told = { standing, carryWarnedAtMs, exitWarnedAtMs, automaticCarry: carry !== undefined, pausesTold };
  const alerts = alertsOf(snapshot, policy, told);
  return { ...judge(snapshot, context, policy, nowMs), alerts };
}

function judge(snapshot: Snapshot, context: DecisionContext, policy: Policy, nowMs: number): TradeDecision {
  if (context.busy) return hold('BUSY', 'An operation is running.');
  if (snapshot.account === null) return hold('NO_ACCOUNT', 'There is no account yet. Deposit first.');
  return judgeGuard(snapshot, context, policy, nowMs) ?? judgeHedge(snapshot, context, policy, nowMs);
}

const held = (holds: readonly Hold[]): TradeDecision =>
  hold('HELD', holds.map((each) => each.reason).join(' · '), { holds: holds.map((each) => each.code) });

/** Null: nothing to guard against. */
function judgeGuard(snapshot: Snapshot, context: DecisionContext, policy: Policy, nowMs: number): TradeDecision | null {
  const guard = policy.guard ? guardTrade(snapshot, policy) : null;
  if (guard === null) return null;
  const { delta, danger, healthAfter } = guard;
  const gates = automaticGates(snapshot, 'guard', delta, context.hedgeTargetPpm, policy, nowMs);
  const figures = {
    health: danger.health,
    liquidation_distance_pct: danger.liquidationDistancePct,
    delta: formatSol(delta),
    health_after: healthAfter,
  };
  if (!gates.pass) {
    return { ...hold('GUARD_BLOCKED', `The guard cannot reduce the position. ${whyBlocked(gates)}`, figures), gates };
  }
  const waits = guardWaits(snapshot, context);
  if (waits !== null) {
    const text = `The guard cannot reduce the position yet. ${waits.why}`;
    return hold('GUARD_BLOCKED', text, { ...figures, waits_for: waits.for, why: waits.why });
  }
  return {
    action: { kind: 'guard', delta, from: guardBasis(context) },
    reasons: [
      { code: 'GUARD', text: `The account is near liquidation. Reducing by ${formatSol(abs(delta))} SOL.`, figures },
    ],
    gates,
  };
}

/** The operation whose end the guard must await; null: none. */
function guardWaits(
  { marketTimeMs }: Snapshot,
  { mayStillLand = false, guardRetryAtMs = null }: DecisionContext,
): { readonly for: 'transaction' | 'retry'; readonly why: string } | null {
  if (mayStillLand) {
    return {
      for: 'transaction',
      why: 'A transaction of this account is unresolved and may still land. The guard acts when it can no longer land.',
    };
  }
  if (guardRetryAtMs === null || marketTimeMs >= guardRetryAtMs) return null;
  const seconds = Math.ceil((guardRetryAtMs - marketTimeMs) / 1000);
  return { for: 'retry', why: `Its last reduction failed. It tries again in ${seconds} s.` };
}

const guardBasis = ({ holds, dropped = false }: DecisionContext): GuardBasis =>
  holds.length > 0 || dropped ? 'finalized' : 'confirmed';

const whyBlocked = (gates: GateReport): string => blockingGates(gates).map(gateSentence).join(' ');

const automaticGates = (
  snapshot: Snapshot,
  kind: 'correct' | 'guard' | 'enter' | 'leave',
  delta: Lamports,
  hedgeTargetPpm: number,
  policy: Policy,
  nowMs: number,
): GateReport =>
  evaluateGates({
    snapshot,
    policy,
    nowMs,
    operation: { kind, market: SOL_PERP, size: delta.toString() },
    automatic: isAutomatic(kind),
    exposureConfirmed: false,
    hedgeTargetPpm,
  });

function judgeHedge(snapshot: Snapshot, context: DecisionContext, policy: Policy, nowMs: number): TradeDecision {
  if (context.dropped === true) return hold('BUSY', 'A fork dropped a transaction. Driftless is finding out its end.');
  if (!context.engineRunning) {
    return hold('ENGINE_STOPPED', 'The engine is stopped. It watches, and only the guard trades.');
  }
  const blind = context.holds.filter(isBlinding);
  if (blind.length > 0) return held(blind);
  if (isWatchOnly(policy))
    return hold('WATCH_ONLY', 'Driftless only watches this account (LIVE_PERMISSIONS=read-only).');
  const exposed = exposure(snapshot, policy);
  const { spot, perp, naked } = exposed;
  if (perp === 0n) return judgeEntry(snapshot, context, policy, nowMs);
  if (perp > 0n) {
    return hold('LONG_POSITION', 'The perp position is long, so there is no hedge to restore.', {
      perp: formatSol(perp),
    });
  }
  const leaving = judgeExit(snapshot, perp, context, policy, nowMs);
  if (leaving !== null) return leaving;
  if (spot === null) return hold('SPOT_UNKNOWN', 'Spot is unknown, so the size of the trade is unknown.');
  const correction = correct(snapshot, exposed, context.hedgeTargetPpm, policy);
  const { delta, driftPct, figures } = correction;
  if (Math.abs(driftPct) <= policy.driftTolerancePct) {
    return hold('WITHIN_TOLERANCE', `On target. Hedge deviation: ${signedDeviation(driftPct)}.`, figures);
  }
  if (naked && isConfirmedExcess(excessOf(spot, perp), spot, context, policy)) {
    return hold('NAKED_CONFIRMED', 'A short larger than spot was confirmed. REBALANCE or CLOSE ends it.', figures);
  }
  const foreign = context.holds.filter((each) => each.code === 'foreign_trade');
  if (foreign.length > 0) return held(foreign);
  const backoff = context.holds.find((each) => each.code === 'backoff');
  if (backoff !== undefined) return hold('BACKOFF', backoff.reason, figures);
  const enlarging = delta === 0n ? driftPct > 0 : !isReducing(perp, delta);
  if (enlarging && tradingStateOf(context.holds) === 'reducing') {
    const reasons = context.holds.map((each) => each.reason).join(' · ');
    return hold('REDUCING', `Only reductions are possible now: ${reasons}`, figures);
  }
  const quietMs = timeLeftMs(snapshot, context.quietUntilMs ?? null);
  const waitMs = Math.max(naked ? 0 : cooldownLeftMs(snapshot, context), quietMs);
  if (waitMs > 0) {
    const why = quietMs === waitMs ? 'Cooldown after the position was adopted' : 'Cooldown';
    return hold('COOLDOWN', `${why}: ${Math.ceil(waitMs / 1000)} s left.`, { ...figures, remaining_ms: waitMs });
  }
  if (correction.belowMinimum) {
    return hold('BELOW_MINIMUM', tooSmall(figures), figures);
  }
  if (enlarging && isBeyondConsent(perp, delta, context, policy)) {
    return hold('CARRY_SIZE_LIMIT', 'The hedge would grow beyond MAX_HEDGE_SOL, which a person consented to.', figures);
  }
  const gates = automaticGates(snapshot, 'correct', delta, context.hedgeTargetPpm, policy, nowMs);
  if (!gates.pass) return { ...hold('GATE_BLOCKED', `The rebalance is blocked. ${whyBlocked(gates)}`, figures), gates };
  const text = `Hedge deviation: ${signedDeviation(driftPct)}. ${delta < 0n ? 'Selling' : 'Buying'} ${formatSol(abs(delta))} SOL.`;
  return { action: { kind: 'correct', delta, enlarging }, reasons: [{ code: 'CORRECT', text, figures }], gates };
}

/** Under the carry policy no correction makes the hedge larger than what was consented to. */
function isBeyondConsent(perp: Lamports, delta: Lamports, { carry }: DecisionContext, policy: Policy): boolean {
  const { maxHedgeSol } = carryTerms(policy);
  return carry !== undefined && abs(lamports(perp + delta)) > (maxHedgeSol ?? 0n);
}

const NEVER_BY_ITSELF = 'No open position. The engine never opens one by itself.';

const NO_CONSENT: Record<'manual' | 'auto', string> = {
  manual: NEVER_BY_ITSELF,
  auto: 'No open position. The engine enters a hedge by itself once you have agreed to it (Hedge automatically).',
};

/** From flat: the rows of docs/architecture/carry.md, in their order. */
function judgeEntry(snapshot: Snapshot, context: DecisionContext, policy: Policy, nowMs: number): TradeDecision {
  const { carry, carryEnded } = context;
  if (carry === undefined) {
    const ended = carryEnded === undefined ? '' : ` The last consent ended: ${CARRY_ENDINGS[carryEnded]}.`;
    return hold('NO_POSITION', `${NO_CONSENT[carryTerms(policy).policy]}${ended}`);
  }
  if (context.holds.length > 0) return held(context.holds);
  const verdict = carryVerdict(snapshot, policy, true);
  const found = carryFigures(snapshot, policy, verdict);
  const figures = { carry: found };
  const periodMs = snapshot.funding.lastPeriodTsMs;
  const { hedge } = verdict;
  if (hedge === null || periodMs === null) return hold('CARRY_UNKNOWN', found.sentence, figures);
  if (!hedge.pays) return hold('CARRY_UNHEDGED', found.sentence, figures);
  if (carry.decidedPeriodMs !== null && carry.decidedPeriodMs >= periodMs) {
    return hold(
      'CARRY_WAITS',
      'The carry policy traded in this funding period. It decides again after the next.',
      figures,
    );
  }
  if (carry.unproven?.periodMs === periodMs) return hold('CARRY_UNPROVEN', carry.unproven.why, figures);
  const { maxTradesPerDay } = carryTerms(policy);
  const entered = entriesOn(carry, snapshot.marketTimeMs);
  if (entered >= (maxTradesPerDay ?? 0)) {
    const text = `The carry policy entered ${entered} times today, and MAX_TRADES_PER_DAY is ${maxTradesPerDay}.`;
    return hold('CARRY_DAY_LIMIT', text, { carry: { ...found, entered } });
  }
  const waitMs = Math.max(cooldownLeftMs(snapshot, context), timeLeftMs(snapshot, context.quietUntilMs ?? null));
  if (waitMs > 0) {
    return hold('COOLDOWN', `Cooldown: ${Math.ceil(waitMs / 1000)} s left.`, { ...figures, remaining_ms: waitMs });
  }
  const delta = lamports(-hedge.size);
  const gates = automaticGates(snapshot, 'enter', delta, context.hedgeTargetPpm, policy, nowMs);
  if (!gates.pass)
    return { ...hold('GATE_BLOCKED', `Entering the hedge is blocked. ${whyBlocked(gates)}`, figures), gates };
  const text = `${found.sentence} Selling ${formatSol(hedge.size)} SOL.`;
  return {
    action: { kind: 'enter', delta, enlarging: true, periodMs },
    reasons: [{ code: 'ENTER', text, figures }],
    gates,
  };
}

/** With a short open: whether the carry policy leaves now. Null: it stays, or it is not its to decide. */
function judgeExit(
  snapshot: Snapshot,
  perp: Lamports,
  context: DecisionContext,
  policy: Policy,
  nowMs: number,
): TradeDecision | null {
  const { carry } = context;
  if (carry === undefined || !carryTerms(policy).autoExit) return null;
  const verdict = carryVerdict(snapshot, policy, true);
  const periodMs = snapshot.funding.lastPeriodTsMs;
  if (verdict.hedge === null || verdict.hedge.pays || periodMs === null) return null;
  const found = carryFigures(snapshot, policy, verdict);
  const figures = { carry: found };
  const backoff = context.holds.find(({ code }) => code === 'backoff');
  if (backoff !== undefined) return hold('BACKOFF', backoff.reason, figures);
  if (carry.decidedPeriodMs !== null && carry.decidedPeriodMs >= periodMs) {
    return hold(
      'CARRY_WAITS',
      'The carry policy traded in this funding period. It decides again after the next.',
      figures,
    );
  }
  const delta = lamports(-perp);
  const gates = automaticGates(snapshot, 'leave', delta, context.hedgeTargetPpm, policy, nowMs);
  if (!gates.pass)
    return { ...hold('GATE_BLOCKED', `Leaving the hedge is blocked. ${whyBlocked(gates)}`, figures), gates };
  const text = `${found.sentence} Buying ${formatSol(delta)} SOL.`;
  return { action: { kind: 'leave', delta, periodMs }, reasons: [{ code: 'LEAVE', text, figures }], gates };
}

/** Interest and gas move the remainder by dust; more than that was not confirmed. */
function isConfirmedExcess(excess: bigint, spot: Lamports, context: DecisionContext, policy: Policy): boolean {
  const confirmed = BigInt(context.confirmedExcess ?? '0');
  return confirmed > 0n && excess <= confirmed + deltaSlack(spot, reservedFor(policy));
}

const tooSmall = ({ off_target: off, minimum }: Reason['figures']): string =>
  `The hedge is ${off} SOL off its target, and the smallest trade is ${minimum ?? 'not known'}${minimum === null ? '' : ' SOL'}.`;

interface Correction {
  /** Whole steps of the market. */
  readonly delta: Lamports;
  readonly driftPct: number;
  /** Below the larger of MIN_TRADE_SIZE and the market's own minimum. */
  readonly belowMinimum: boolean;
  readonly figures: Reason['figures'];
}

function correct(snapshot: Snapshot, { spot, perp }: Exposure, targetPpm: number, policy: Policy): Correction {
  const market = perpMarketOf(snapshot.markets, SOL_PERP);
  const exposed = spot ?? lamports(0n);
  const driftPct = driftFromTargetPct(exposed, perp, reservedFor(policy), targetPpm);
  const delta = correctionTo(targetPpm, { spot: exposed, perp }, market?.stepSize ?? lamports(1n), policy);
  const minimum = market === null ? null : minimumSize(market, policy, 'correct');
  return {
    delta,
    driftPct,
    belowMinimum: minimum === null || abs(delta) < minimum,
    figures: {
      drift_pct: driftPct,
      hedge_target: targetPpm / FULL_HEDGE_PPM,
      spot: formatSol(exposed),
      perp: formatSol(perp),
      off_target: formatSol(offTarget(targetPpm, exposed, perp)),
      correction: formatSol(delta),
      minimum: minimum === null ? null : formatSol(minimum),
      direction: correctionDirection(lamports(-delta)),
    },
  };
}

/** In histories from before the nearest step, a correction was cut down to the step, and this one was too small to trade. */
export function wasBelowMinimum(snapshot: Snapshot, targetPpm: number, policy: Policy): boolean {
  const market = perpMarketOf(snapshot.markets, SOL_PERP);
  const { spot, perp } = exposure(snapshot, policy);
  if (market === null || spot === null) return false;
  const off = offTarget(targetPpm, spot, perp);
  return off - (off % market.stepSize) < minimumSize(market, policy, 'correct');
}

/** Market milliseconds until then; 0 when it is past. */
const timeLeftMs = ({ marketTimeMs }: Snapshot, untilMs: number | null): number =>
  untilMs === null ? 0 : Math.max(0, untilMs - marketTimeMs);

/** Market milliseconds left of the cooldown; 0 when it is over. */
export const cooldownLeftMs = (
  snapshot: Snapshot,
  { cooldownUntilMs }: Pick<DecisionContext, 'cooldownUntilMs'>,
): number => timeLeftMs(snapshot, cooldownUntilMs);

/** What REBALANCE by command comes to: the target raised to 1, and corrected now if the cooldown allows. */
export type RebalancePlan =
  /** Within tolerance: done, and nothing changed. */
  | { readonly kind: 'nothing'; readonly text: string; readonly figures: Reason['figures'] }
  | { readonly kind: 'refuse'; readonly error: ErrorReport }
  | {
      readonly kind: 'trade';
      readonly delta: Lamports;
      readonly enlarging: boolean;
      readonly figures: Reason['figures'];
    };

/**
 * Drift is taken from full neutrality. Without a position there is nothing to rebalance: the engine opens only on OPEN,
 * and the refusal names the OPEN that would hedge. The cooldown (market time) refuses a person too, unless the short is
 * naked. Gates are the caller's: they depend on what the person confirmed.
 */
export function planRebalance(snapshot: Snapshot, policy: Policy, cooldownUntilMs: number | null): RebalancePlan {
  const refuse = (error: ErrorReport): RebalancePlan => ({ kind: 'refuse', error });
  if (snapshot.account === null) return refuse(nothingOpen('There is no account yet. Deposit first.', null));
  const exposed = exposure(snapshot, policy);
  if (exposed.perp === 0n) return refuse(openInstead(snapshot, exposed, policy));
  if (exposed.spot === null) {
    return refuse({ code: 'UNAVAILABLE', message: 'Spot is unknown, so the size of the trade is unknown.' });
  }
  const { delta, driftPct, belowMinimum, figures } = correct(snapshot, exposed, FULL_HEDGE_PPM, policy);
  if (Math.abs(driftPct) <= policy.driftTolerancePct) {
    return { kind: 'nothing', text: `On target. Hedge deviation: ${signedDeviation(driftPct)}.`, figures };
  }
  const waitMs = cooldownLeftMs(snapshot, { cooldownUntilMs });
  if (waitMs > 0 && !exposed.naked) return refuse(cooldownError(waitMs, figures));
  if (belowMinimum) {
    return refuse({ code: 'BELOW_MINIMUM', message: tooSmall(figures), details: figures });
  }
  return { kind: 'trade', delta, enlarging: !isReducing(exposed.perp, delta), figures };
}

/** The data of the DRIFT_OPEN_POSITION that would hedge; null: there is nothing to hedge, or it is not known how much. */
const nothingOpen = (message: string, open: Json): ErrorReport => ({
  code: 'NO_POSITION',
  message,
  details: { open },
});

function openInstead(snapshot: Snapshot, exposed: Exposure, policy: Policy): ErrorReport {
  const none = 'There is no open position to rebalance.';
  if (exposed.spot === null) return nothingOpen(`${none} Spot is unknown.`, null);
  const { delta, belowMinimum } = correct(snapshot, exposed, FULL_HEDGE_PPM, policy);
  if (belowMinimum || delta >= 0n) return nothingOpen(`${none} There is no SOL to hedge. Deposit first.`, null);
  const size = formatSol(abs(delta));
  return nothingOpen(`${none} To hedge, open a short of ${size} SOL.`, {
    market: SOL_PERP,
    direction: 'short',
    size: Number(size),
  });
}

function cooldownError(waitMs: number, figures: Reason['figures']): ErrorReport {
  const seconds = Math.ceil(waitMs / 1000);
  const remedy = 'Try again after it (COOLDOWN_SECONDS, market time).';
  return {
    code: 'GATE_BLOCKED',
    message: `The cooldown after the last rebalance has ${seconds} s left. ${remedy}`,
    details: {
      ...figures,
      gates: [{ code: 'COOLDOWN', pass: false, blocks: true, have: seconds, need: 0, unit: 's', remedy }],
    },
  };
}
