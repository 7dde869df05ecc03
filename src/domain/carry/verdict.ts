/**
 * Would hedging pay now? The confidence rule on a snapshot, at this account's size and costs, with the figures behind it. The
 * engine decides by it, the page says it. docs/architecture/carry.md has the cases.
 */
import { SOL_PERP } from '../account/account.ts';
import type { FundingOutlook, Snapshot } from '../account/snapshot.ts';
import { baseMarket } from '../account/spot-markets.ts';
import { roundTripCost } from '../hedge/carry.ts';
import { correctionTo, countedSpot, FULL_HEDGE_PPM } from '../hedge/delta.ts';
import { annualizedRate, periodsPerYear, RATE_PRECISION, rateAfterTrade } from '../hedge/funding.ts';
import { type CarryTerms, carryTerms, type Policy } from '../hedge/policy.ts';
import { perpMarketOf, perpSize } from '../margin/margin.ts';
import {
  abs,
  type Lamports,
  lamports,
  type MicroUsd,
  MS_PER_HOUR,
  max,
  min,
  type Price,
  valueAt,
} from '../money/units.ts';
import { valuationPrice } from '../order/slippage.ts';
import {
  type Confidence,
  confidenceOf,
  coversCost,
  type HedgeCost,
  isWorthEntering,
  isWorthHolding,
} from './confidence.ts';

/** What hedging at one size comes to. Fractions of the notional per period, unless a name says otherwise. */
export interface HedgeOutlook {
  /** Without a sign. */
  readonly size: Lamports;
  readonly notional: MicroUsd;
  readonly cost: HedgeCost;
  /** What a hedge of this size should be paid: the mean, or what our own size leaves of the rate if that is less. */
  readonly expected: number;
  /** The rate once our own trade has moved it. Null: size moves no rate here. */
  readonly afterOurs: number | null;
  /** The rule's verdict: flat, to enter; with a short open, to stay. */
  readonly pays: boolean;
}

export interface CarryVerdict {
  /** A short is open, so the question is whether to stay. */
  readonly holding: boolean;
  readonly periodMs: number;
  readonly horizonPeriods: number;
  readonly z: number;
  readonly lastRate: number | null;
  readonly confidence: Confidence | null;
  /** At the present size of the short; flat, at the size that would be opened. Null: something is unknown, or there is nothing to hedge. */
  readonly hedge: HedgeOutlook | null;
  /** What is not known, or not there, in words. */
  readonly missing: readonly string[];
}

/** `automatic`: at most what the engine may open by itself. */
export function carryVerdict(snapshot: Snapshot, policy: Policy, automatic: boolean): CarryVerdict {
  const { funding, markets, account } = snapshot;
  const terms = carryTerms(policy);
  const market = perpMarketOf(markets, SOL_PERP);
  const perp = account === null ? lamports(0n) : perpSize(account, markets, SOL_PERP);
  const window = funding.window?.hours === terms.windowHours ? funding.window : null;
  const confidence = window === null ? null : confidenceOf(window);
  const oracle = market?.oracle.price ?? null;
  const base: Omit<CarryVerdict, 'hedge' | 'missing'> = {
    holding: perp < 0n,
    periodMs: funding.periodMs,
    horizonPeriods: periodsIn(policy.holdingHorizonHours, funding.periodMs),
    z: terms.z,
    lastRate: funding.lastRate === null ? null : fractionOf(funding.lastRate),
    confidence,
  };
  const missing = [
    ...(confidence === null ? [unknownWindow(window, terms)] : []),
    ...(market === null ? ['the market'] : []),
    ...(oracle === null && market !== null ? ['the price'] : []),
    ...(perp > 0n ? ['a hedge: the position is long'] : []),
  ];
  if (confidence === null || market === null || oracle === null || perp > 0n) return { ...base, hedge: null, missing };
  const question: CarryQuestion = { snapshot, policy, terms, market, oracle, confidence, periods: base.horizonPeriods };
  if (base.holding) return { ...base, hedge: stayingOutlook(question, abs(perp)), missing };
  const largest = openingSize(question, automatic);
  if (largest === null) return { ...base, hedge: null, missing: ['how much SOL there is to hedge'] };
  if (largest === 0n) return { ...base, hedge: null, missing: ['SOL to hedge'] };
  const hedge = enteringOutlook(question, largest);
  return hedge === null
    ? { ...base, hedge, missing: ['the funding rate after a trade of this size'] }
    : { ...base, hedge, missing };
}

/** What the policy would open by itself; positive. Null: spot or the market is unknown. */
export function openingSizeOf(snapshot: Snapshot, policy: Policy): Lamports | null {
  const market = perpMarketOf(snapshot.markets, SOL_PERP);
  return market === null ? null : openingSize({ snapshot, policy, terms: carryTerms(policy), market }, true);
}

interface CarryQuestion {
  readonly snapshot: Snapshot;
  readonly policy: Policy;
  readonly terms: CarryTerms;
  readonly market: NonNullable<ReturnType<typeof perpMarketOf>>;
  readonly oracle: Price;
  readonly confidence: Confidence;
  /** Of the holding horizon. */
  readonly periods: number;
}

const fractionOf = (rate: bigint): number => Number(rate) / Number(RATE_PRECISION);

const periodsIn = (hours: number, periodMs: number): number =>
  Math.max(1, Math.round((hours * MS_PER_HOUR) / periodMs));

const unknownWindow = (window: FundingOutlook['window'] | null, { windowHours }: CarryTerms): string =>
  window == null
    ? `the funding of the last ${windowHours} hours`
    : `the funding of the last ${windowHours} hours (${window.total.known} of ${window.wanted} periods are known; the rule needs nine tenths and some of each seventh)`;

/** The part of spot that the policy hedges, inside its limits; positive. Null: spot is unknown. */
function openingSize(
  { snapshot, policy, terms, market }: Pick<CarryQuestion, 'snapshot' | 'policy' | 'terms' | 'market'>,
  automatic: boolean,
): Lamports | null {
  const spot = countedSpot(snapshot, policy);
  if (spot === null) return null;
  const step = lamports(market.stepSize > 0n ? market.stepSize : 1n);
  const fractionPpm = Math.round(terms.hedgeFraction * FULL_HEDGE_PPM);
  const wanted = abs(correctionTo(fractionPpm, { spot, perp: lamports(0n) }, step, policy));
  const limit = automatic ? largestAutomatic(policy, terms, valuationPrice(market)) : null;
  return limit === null ? wanted : stepped(min(wanted, limit), step);
}

/** MAX_HEDGE_SOL, and what MAX_AUTO_TRADE_USD buys now. */
function largestAutomatic(policy: Policy, { maxHedgeSol }: CarryTerms, at: Price | null): Lamports {
  const ofTrade = at === null || at <= 0n ? 0n : (policy.maxAutoTradeUsd * LAMPORTS_PER_SOL) / at;
  return lamports(min<bigint>(maxHedgeSol ?? 0n, ofTrade));
}
const LAMPORTS_PER_SOL = 1_000_000_000n;

const stepped = (size: Lamports, step: Lamports): Lamports => lamports(size - (size % step));

function costAt({ snapshot, terms, market, oracle }: CarryQuestion, size: Lamports): HedgeCost {
  const notional = valueAt(size, oracle);
  const trip = roundTripCost(size, oracle, market, snapshot.transactionCostLamports).total;
  return {
    roundTrip: notional === 0n ? Number.POSITIVE_INFINITY : Number(trip) / Number(notional),
    perPeriod: givenUpAprPct(snapshot, terms) / 100 / periodsPerYear(snapshot.funding.periodMs),
  };
}

/** What the SOL would earn elsewhere beyond what it earns lent here, per cent a year. An unknown lend rate counts as none. */
export function givenUpAprPct({ markets }: Snapshot, { alternativeYieldAprPct }: CarryTerms): number {
  const lendPct = Number(baseMarket(markets)?.depositRate ?? 0n) / 10_000;
  return Math.max(0, alternativeYieldAprPct - lendPct);
}

function stayingOutlook(question: CarryQuestion, size: Lamports): HedgeOutlook {
  const { snapshot, oracle, confidence } = question;
  const cost = costAt(question, size);
  return {
    ...{ size, notional: valueAt(size, oracle), cost },
    expected: confidence.mean,
    afterOurs: afterTrade(snapshot.funding, lamports(0n)),
    pays: isWorthHolding(confidence.mean, cost.perPeriod),
  };
}

/** Where size matters and this one does not pay: the largest smaller one that does. Null: the rate after it is unknown. */
function enteringOutlook(question: CarryQuestion, largest: Lamports): HedgeOutlook | null {
  const { funding } = question.snapshot;
  const whole = outlookAt(question, largest);
  if (funding.afterTrade === undefined || whole?.pays === true) return whole;
  const smaller = largestPaying(question, largest);
  return smaller === null ? whole : outlookAt(question, smaller);
}

function outlookAt(question: CarryQuestion, size: Lamports): HedgeOutlook | null {
  const { snapshot, terms, oracle, confidence, periods } = question;
  const moved = afterTrade(snapshot.funding, lamports(-size));
  if (moved === null && snapshot.funding.afterTrade !== undefined) return null;
  const cost = costAt(question, size);
  const margin = terms.z * confidence.error;
  const pays =
    isWorthEntering(confidence, terms.z, periods, cost) &&
    (moved === null || coversCost(moved - margin, periods, cost));
  return {
    ...{ size, notional: valueAt(size, oracle), cost, pays },
    expected: moved === null ? confidence.mean : Math.min(confidence.mean, moved),
    afterOurs: moved,
  };
}

/** Null: size moves no rate, or nobody knows what this one does. */
const afterTrade = ({ afterTrade: known }: FundingOutlook, delta: Lamports): number | null => {
  const rate = known === undefined ? null : rateAfterTrade(known, delta);
  return rate === null ? null : fractionOf(rate);
};

const HALVINGS = 40;

/** By bisection, since a smaller trade moves the rate less and slips less. Null: none does. */
function largestPaying(question: CarryQuestion, largest: Lamports): Lamports | null {
  const { market, policy } = question;
  const step = lamports(market.stepSize > 0n ? market.stepSize : 1n);
  const pays = (size: Lamports): boolean => size > 0n && outlookAt(question, size)?.pays === true;
  const minimum = max<bigint>(policy.minTradeSize, market.minimumSize);
  const smallest = stepped(lamports(minimum + step - 1n), step);
  if (!pays(smallest)) return null;
  let paying = smallest;
  let failing = largest;
  for (let each = 0; each < HALVINGS && failing - paying > step; each += 1) {
    const middle = stepped(lamports((paying + failing) / 2n), step);
    if (pays(middle)) paying = middle;
    else failing = middle;
  }
  return paying;
}

/** A fraction per period as per cent a year. */
export const yearlyPct = (perPeriod: number, periodMs: number): number => perPeriod * periodsPerYear(periodMs) * 100;

/** The last settled rate, per cent a year. */
export const lastAprPct = ({ funding }: Snapshot): number | null =>
  funding.lastRate === null ? null : annualizedRate(funding.lastRate, funding.periodMs) * 100;
