/**
 * Conditions of the account that a person is told of once per crossing, and once when over. Pure: what stands already
 * comes in, so that a restart repeats nothing. The table stands in docs/architecture/decide.md.
 */

import type { Json } from '../../lib/errors.ts';
import { SOL_PERP } from '../account/account.ts';
import type { Snapshot } from '../account/snapshot.ts';
import { forbidden } from '../account/venue-pauses.ts';
import { liquidationDistancePct } from '../gates/gate-subject.ts';
import { GUARD_LIQUIDATION_DISTANCE_PCT } from '../gates/guard.ts';
import { CARRY_REPEAT_MS, type Carry, carryOf } from '../hedge/carry.ts';
import { type Exposure, exposure } from '../hedge/delta.ts';
import { annualizedRate } from '../hedge/funding.ts';
import type { Policy } from '../hedge/policy.ts';
import { assessMargin, liquidationPrice } from '../margin/margin.ts';
import { formatSol, formatUsd } from '../money/amounts.ts';

export const HEALTH_WARNING_BELOW = 50;
export const HEALTH_CRITICAL_BELOW = 20;
/** Over only this far beyond the line, so that a figure that hovers on it does not tell of itself each poll. */
export const HEALTH_HYSTERESIS = 5;
const LIQUIDATION_HYSTERESIS_PCT = 2;

export const ALERT_CODES = [
  'HEALTH_WARNING',
  'HEALTH_CRITICAL',
  'LIQUIDATION_NEAR',
  'NAKED_SHORT',
  'LONG_POSITION',
  'ACCOUNT_FIGURES_UNKNOWN',
  'CARRY_NEGATIVE',
  'FEED_ENDED',
  'VENUE_PAUSED',
] as const;
export type AlertCode = (typeof ALERT_CODES)[number];

const WAY_OUT =
  'Deposit, pay back what is borrowed, or close now. The guard reduces by itself where that helps, when it is on and the engine runs.';

export interface AlertDraft {
  readonly code: AlertCode;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly message: string;
  /** What the person should do. */
  readonly action: string;
  readonly details: Readonly<Record<string, Json>>;
}

export interface AlertChanges {
  readonly raise: readonly AlertDraft[];
  /** Codes of standing alerts that are over. */
  readonly recover: readonly AlertCode[];
}

/** One condition now: met, over (beyond its recovery line), or neither (unknown, or between the lines). */
interface Condition {
  readonly code: AlertCode;
  readonly state: 'met' | 'over' | 'neither';
  /** Told again though it stands. */
  readonly again?: boolean;
  readonly draft: () => Omit<AlertDraft, 'code'>;
}

export interface AlertContext {
  /** Codes that stand already. Others' codes are left alone. */
  readonly standing: readonly string[];
  /** Market time of the last CARRY_NEGATIVE warning. */
  readonly carryWarnedAtMs: number | null;
  /** What the standing VENUE_PAUSED says is refused. */
  readonly pausesTold?: readonly string[];
}

export function alertsOf(
  snapshot: Snapshot,
  policy: Policy,
  { standing, carryWarnedAtMs, pausesTold = [] }: AlertContext,
): AlertChanges {
  const conditions = [
    ...marginConditions(snapshot),
    ...exposureConditions(exposure(snapshot, policy)),
    carryCondition(snapshot, carryWarnedAtMs),
    feedCondition(snapshot),
    pauseCondition(snapshot, pausesTold),
  ];
  const stands = (code: AlertCode): boolean => standing.includes(code);
  return {
    raise: conditions
      .filter(({ code, state, again }) => state === 'met' && (!stands(code) || again === true))
      .map(({ code, draft }) => ({ code, ...draft() })),
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
  const at = liquidationUsd === null ? '' : ` Liquidation at ${liquidationUsd} USD.`;
  const details = { health, liquidation_price: liquidationUsd };
  const told = (health ?? 0).toFixed(1);
  return [
    {
      code: 'HEALTH_WARNING',
      state: stateBelow(health, HEALTH_WARNING_BELOW, HEALTH_HYSTERESIS),
      draft: () => ({
        severity: 'warning',
        message: `Health is ${told} %, below ${HEALTH_WARNING_BELOW} %.${at}`,
        action: 'Deposit, or close a part.',
        details,
      }),
    },
    {
      code: 'HEALTH_CRITICAL',
      state: stateBelow(health, HEALTH_CRITICAL_BELOW, HEALTH_HYSTERESIS),
      draft: () => ({
        severity: 'critical',
        message: `Health is ${told} %, below ${HEALTH_CRITICAL_BELOW} %.${at}`,
        action: WAY_OUT,
        details,
      }),
    },
    {
      code: 'LIQUIDATION_NEAR',
      state:
        distance === 'none' ? 'over' : stateBelow(distance, GUARD_LIQUIDATION_DISTANCE_PCT, LIQUIDATION_HYSTERESIS_PCT),
      draft: () => ({
        severity: 'critical',
        message: `The liquidation price is ${Number(distance).toFixed(1)} % away.${at}`,
        action: WAY_OUT,
        details: { ...details, distance_pct: distance },
      }),
    },
    {
      code: 'ACCOUNT_FIGURES_UNKNOWN',
      state: missing.length > 0 ? 'met' : 'over',
      draft: () => ({
        severity: 'warning',
        message: `Health and margin cannot be known: ${missing.join(', ')}.`,
        action: 'Nothing enlarges until they are known; CLOSE and FLATTEN work.',
        details: { missing },
      }),
    },
  ];
}

function exposureConditions({ spot, perp, naked }: Exposure): readonly Condition[] {
  const held = spot === null ? 'unknown spot' : `${formatSol(spot)} SOL of spot`;
  return [
    {
      code: 'NAKED_SHORT',
      state: naked ? 'met' : 'over',
      draft: () => ({
        severity: 'critical',
        message: `The short of ${formatSol(-perp)} SOL stands against ${held}: it is exposed to a rising price.`,
        action: 'Deposit SOL, or CLOSE.',
        details: { spot: spot === null ? null : formatSol(spot), perp: formatSol(perp) },
      }),
    },
    {
      code: 'LONG_POSITION',
      state: perp > 0n ? 'met' : 'over',
      draft: () => ({
        severity: 'warning',
        message: `The perp is long ${formatSol(perp)} SOL, on top of ${held}: it hedges nothing, and the engine leaves it.`,
        action: 'CLOSE ends it; REBALANCE turns it into a full hedge.',
        details: { spot: spot === null ? null : formatSol(spot), perp: formatSol(perp) },
      }),
    },
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
    draft: () => carryDraft(carry as Carry, snapshot.funding.periodMs),
  };
}

const exposureIsShort = ({ account, markets }: Snapshot): boolean => {
  const index = markets.perps.find((perp) => perp.market === SOL_PERP)?.marketIndex;
  return account?.perps.some((position) => position.marketIndex === index && position.baseAmount < 0n) ?? false;
};

function carryDraft(carry: Carry, periodMs: number): Omit<AlertDraft, 'code'> {
  const breakEven = annualizedRate(carry.breakEvenRate, periodMs) * 100;
  const soFar =
    carry.fundingSoFar === null
      ? ''
      : ` Funding ${carry.fundingSoFar < 0n ? 'paid' : 'received'} so far: ${formatUsd(carry.fundingSoFar < 0n ? -carry.fundingSoFar : carry.fundingSoFar)} USD.`;
  return {
    severity: carry.critical ? 'critical' : 'warning',
    message:
      `The short costs ${formatUsd(-carry.netPerDay)} USD a day at the last day's funding.${soFar} ` +
      `It breaks even at a funding rate of ${breakEven.toFixed(2)} % a year.`,
    action: 'CLOSE ends it. The engine does not close by itself.',
    details: {
      command: 'DRIFT_CLOSE_POSITION',
      net_per_day: formatUsd(carry.netPerDay),
      funding_per_day: formatUsd(carry.fundingPerDay),
      interest_per_day: formatUsd(carry.interestPerDay),
      funding_so_far: carry.fundingSoFar === null ? null : formatUsd(carry.fundingSoFar),
      break_even_rate_pct_per_year: breakEven,
      notional: formatUsd(carry.notional),
    },
  };
}

const feedCondition = ({ feed }: Snapshot): Condition => ({
  code: 'FEED_ENDED',
  state: feed.ended ? 'met' : 'over',
  draft: () => ({
    severity: 'info',
    message: `The data of ${feed.feed} is over.`,
    action: 'Close, or start with another feed.',
    details: { feed: feed.feed, row: feed.row, rows: feed.rows },
  }),
});

const pauseCondition = ({ pauses }: Snapshot, told: readonly string[]): Condition => {
  const forbids = forbidden(pauses);
  return {
    code: 'VENUE_PAUSED',
    state: forbids.length > 0 || pauses.detail !== null ? 'met' : 'over',
    // A pause that grows may shut a way out that was open.
    again: forbids.some((word) => !told.includes(word)),
    draft: () => ({
      severity: 'warning',
      message: pauses.detail ?? `The venue refuses ${forbids.join(', ')} now.`,
      action: 'Nothing: what it refuses is not tried, the rest works, and the end of the pause is told.',
      details: { forbids },
    }),
  };
};
