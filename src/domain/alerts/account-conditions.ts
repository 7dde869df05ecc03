/**
 * Conditions of the account that a person is told of once per crossing, and once when over. Pure: what stands already
 * comes in, so that a restart repeats nothing. The table stands in docs/architecture/decide.md.
 */

import { SOL_PERP } from '../account/account.ts';
import { quotePeg } from '../account/quote-peg.ts';
import type { Snapshot } from '../account/snapshot.ts';
import { quoteMarket } from '../account/spot-markets.ts';
import { forbidden } from '../account/venue-pauses.ts';
import { carryFigures } from '../carry/carry-figures.ts';
import { carryVerdict } from '../carry/verdict.ts';
import { liquidationDistancePct } from '../gates/gate-subject.ts';
import { GUARD_LIQUIDATION_DISTANCE_PCT } from '../gates/guard.ts';
import { CARRY_REPEAT_MS, type Carry, carryOf } from '../hedge/carry.ts';
import { type Exposure, exposure } from '../hedge/delta.ts';
import { annualizedRate } from '../hedge/funding.ts';
import { carryTerms, maxQuoteDepegPct, type Policy } from '../hedge/policy.ts';
import { assessMargin, liquidationPrice, spotHeld } from '../margin/margin.ts';
import { formatSol, formatUsd } from '../money/amounts.ts';
import {
  DEPEG_OVER,
  HEALTH_CRITICAL_BELOW,
  HEALTH_HYSTERESIS,
  HEALTH_WARNING_BELOW,
  LIQUIDATION_HYSTERESIS_PCT,
} from './account-alerts.ts';
import { type AlertDraft, raised } from './alert.ts';
import type { AlertDetails, PlainCode } from './alert-table.ts';

export interface AlertChanges {
  readonly raise: readonly AlertDraft[];
  /** Codes of standing alerts that are over. */
  readonly recover: readonly PlainCode[];
}

/** One condition now: met, over (beyond its recovery line), or neither (unknown, or between the lines). */
interface Condition {
  readonly code: PlainCode;
  readonly state: 'met' | 'over' | 'neither';
  /** Told again though it stands. */
  readonly again?: boolean;
  readonly draft: () => AlertDraft;
}

export interface AlertContext {
  /** Codes that stand already. Others' codes are left alone. */
  readonly standing: readonly string[];
  /** Market time of the last CARRY_NEGATIVE warning. */
  readonly carryWarnedAtMs: number | null;
  /** Market time of the last CARRY_EXIT_DUE. */
  readonly exitWarnedAtMs?: number | null;
  /** Under a consent to the carry policy. */
  readonly automaticCarry?: boolean;
  /** What the standing VENUE_PAUSED says is refused. */
  readonly pausesTold?: readonly string[];
}

export function alertsOf(snapshot: Snapshot, policy: Policy, context: AlertContext): AlertChanges {
  const { standing, carryWarnedAtMs, pausesTold = [] } = context;
  const conditions = [
    ...marginConditions(snapshot),
    ...exposureConditions(exposure(snapshot, policy)),
    carryCondition(snapshot, carryWarnedAtMs),
    exitCondition(snapshot, policy, context),
    feedCondition(snapshot),
    pauseCondition(snapshot, pausesTold),
    clockCondition(snapshot),
    nodesCondition(snapshot),
    pegCondition(snapshot, policy),
    debtCondition(snapshot),
  ];
  const stands = (code: PlainCode): boolean => standing.includes(code);
  return {
    raise: conditions
      .filter(({ code, state, again }) => state === 'met' && (!stands(code) || again === true))
      .map(({ draft }) => draft()),
    recover: conditions.filter(({ code, state }) => state === 'over' && stands(code)).map(({ code }) => code),
  };
}

function stateBelow(value: number | null, line: number, hysteresis: number): Condition['state'] {
  if (value === null) return 'neither';
  if (value < line) return 'met';
  return value >= line + hysteresis ? 'over' : 'neither';
}

function marginConditions({ account, markets }: Snapshot): readonly Condition[] {
  const margin = account === null ? null : assessMargin(account, markets);
  const liquidation = account === null ? null : liquidationPrice(account, markets, SOL_PERP);
  const liquidationUsd = liquidation?.kind === 'price' ? formatUsd(liquidation.price) : null;
  const health = margin?.kind === 'known' ? margin.figures.healthExact : account === null ? 100 : null;
  const distance = account === null ? 'none' : liquidationDistancePct(account, markets, SOL_PERP);
  const missing = margin?.kind === 'unknown' ? margin.missing : [];
  const details = { health, liquidation_price: liquidationUsd };
  return [
    {
      code: 'HEALTH_WARNING',
      state: stateBelow(health, HEALTH_WARNING_BELOW, HEALTH_HYSTERESIS),
      draft: () => raised('HEALTH_WARNING', details),
    },
    {
      code: 'HEALTH_CRITICAL',
      state: stateBelow(health, HEALTH_CRITICAL_BELOW, HEALTH_HYSTERESIS),
      draft: () => raised('HEALTH_CRITICAL', details),
    },
    {
      code: 'LIQUIDATION_NEAR',
      state:
        distance === 'none' ? 'over' : stateBelow(distance, GUARD_LIQUIDATION_DISTANCE_PCT, LIQUIDATION_HYSTERESIS_PCT),
      draft: () => raised('LIQUIDATION_NEAR', { ...details, distance_pct: Number(distance) }),
    },
    {
      code: 'ACCOUNT_FIGURES_UNKNOWN',
      state: missing.length > 0 ? 'met' : 'over',
      draft: () => raised('ACCOUNT_FIGURES_UNKNOWN', { missing }),
    },
  ];
}

function exposureConditions({ spot, perp, naked }: Exposure): readonly Condition[] {
  const details = { spot: spot === null ? null : formatSol(spot), perp: formatSol(perp) };
  return [
    { code: 'NAKED_SHORT', state: naked ? 'met' : 'over', draft: () => raised('NAKED_SHORT', details) },
    { code: 'LONG_POSITION', state: perp > 0n ? 'met' : 'over', draft: () => raised('LONG_POSITION', details) },
  ];
}

function carryCondition(snapshot: Snapshot, warnedAtMs: number | null): Condition {
  const carry = carryOf(snapshot);
  const due = warnedAtMs === null || snapshot.marketTimeMs >= warnedAtMs + CARRY_REPEAT_MS;
  const open = exposureIsShort(snapshot);
  return {
    code: 'CARRY_NEGATIVE',
    // An unknown carry of an open short neither raises nor recovers; without a short it is over.
    state: carry === null ? (open ? 'neither' : 'over') : carry.negative ? 'met' : 'over',
    again: due,
    draft: () => raised('CARRY_NEGATIVE', carryDetails(carry as Carry, snapshot.funding.periodMs)),
  };
}

/** The rule says leave, and the engine does not do so by itself. An unknown verdict neither raises nor ends it. */
function exitCondition(
  snapshot: Snapshot,
  policy: Policy,
  { exitWarnedAtMs = null, automaticCarry = false }: AlertContext,
): Condition {
  const verdict = carryVerdict(snapshot, policy, false);
  const { autoExit } = carryTerms(policy);
  const leavesItself = automaticCarry && autoExit;
  const { hedge, holding } = verdict;
  const repeats = automaticCarry && !autoExit;
  return {
    code: 'CARRY_EXIT_DUE',
    state: !holding || leavesItself ? 'over' : hedge === null ? 'neither' : hedge.pays ? 'over' : 'met',
    again: repeats && (exitWarnedAtMs === null || snapshot.marketTimeMs >= exitWarnedAtMs + CARRY_REPEAT_MS),
    draft: () => {
      const figures = carryFigures(snapshot, policy, verdict);
      const { sentence, apr_mean, apr_net, per_day, round_trip, window_hours } = figures;
      return raised('CARRY_EXIT_DUE', {
        ...{ sentence, apr_mean, apr_net, window_hours, unattended: repeats, command: 'DRIFT_CLOSE_POSITION' },
        per_day: decimalUsd(per_day),
        round_trip: decimalUsd(round_trip),
      });
    },
  };
}

const decimalUsd = (usd: number | null): string => (usd ?? 0).toFixed(2);

const exposureIsShort = ({ account, markets }: Snapshot): boolean => {
  const index = markets.perps.find((perp) => perp.market === SOL_PERP)?.marketIndex;
  return account?.perps.some((position) => position.marketIndex === index && position.baseAmount < 0n) ?? false;
};

const carryDetails = (carry: Carry, periodMs: number): AlertDetails<'CARRY_NEGATIVE'> => ({
  command: 'DRIFT_CLOSE_POSITION',
  critical: carry.critical,
  net_per_day: formatUsd(carry.netPerDay),
  funding_per_day: formatUsd(carry.fundingPerDay),
  interest_per_day: formatUsd(carry.interestPerDay),
  funding_so_far: carry.fundingSoFar === null ? null : formatUsd(carry.fundingSoFar),
  break_even_rate_pct_per_year: annualizedRate(carry.breakEvenRate, periodMs) * 100,
  notional: formatUsd(carry.notional),
});

const feedCondition = ({ feed }: Snapshot): Condition => ({
  code: 'FEED_ENDED',
  state: feed.ended ? 'met' : 'over',
  draft: () => raised('FEED_ENDED', { feed: feed.feed, row: feed.row, rows: feed.rows }),
});

const clockCondition = ({ clockDoubt = null }: Snapshot): Condition => ({
  code: 'CLOCK_DIFFERS',
  state: clockDoubt === null ? 'over' : 'met',
  draft: () => raised('CLOCK_DIFFERS', { clocks: clockDoubt ?? '' }),
});

const nodesCondition = ({ nodesDisagree = null }: Snapshot): Condition => ({
  code: 'NODES_DISAGREE',
  state: nodesDisagree === null ? 'over' : 'met',
  draft: () => raised('NODES_DISAGREE', { nodes: nodesDisagree ?? '' }),
});

function pegCondition({ markets }: Snapshot, policy: Policy): Condition {
  const { asset, price, offPct } = quotePeg(markets);
  const limit = maxQuoteDepegPct(policy);
  return {
    code: 'QUOTE_DEPEGGED',
    state: offPct === null ? 'neither' : offPct > limit ? 'met' : offPct <= limit * DEPEG_OVER ? 'over' : 'neither',
    draft: () =>
      raised('QUOTE_DEPEGGED', {
        quote_asset: asset ?? '',
        quote_price: formatUsd(price ?? 0n),
        off_pct: offPct ?? 0,
        limit_pct: limit,
      }),
  };
}

/** Less is what roundings leave. */
const LEAST_DEBT = 10_000n;

/** Snapshots from before this alert do not say in what their equity is, and replaying them raises nothing new. */
function debtCondition({ account, markets, equityIn }: Snapshot): Condition {
  const asset = quoteMarket(markets)?.asset ?? null;
  const held =
    asset === null || equityIn === undefined ? null : account === null ? 0n : spotHeld(account, markets, asset);
  return {
    code: 'SETTLED_INTO_DEBT',
    state: held === null ? 'neither' : held <= -LEAST_DEBT ? 'met' : held >= 0n ? 'over' : 'neither',
    draft: () => raised('SETTLED_INTO_DEBT', { quote_asset: asset ?? '', owed: formatUsd(-(held ?? 0n)) }),
  };
}

const pauseCondition = ({ pauses }: Snapshot, told: readonly string[]): Condition => {
  const forbids = forbidden(pauses);
  return {
    code: 'VENUE_PAUSED',
    state: forbids.length > 0 || pauses.detail !== null ? 'met' : 'over',
    // A pause that grows may shut a way out that was open.
    again: forbids.some((word) => !told.includes(word)),
    draft: () => raised('VENUE_PAUSED', { forbids, ...(pauses.detail === null ? {} : { detail: pauses.detail }) }),
  };
};
