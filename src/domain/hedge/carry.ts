/**
 * Does it pay? The gate UNPROFITABLE (docs/architecture/gates.md) compares the expected earnings of the added size over the
 * holding horizon with the cost of opening and closing it. Also: what an open short earns or pays per day.
 */
import { type Account, type Markets, type PerpMarket, SOL_PERP } from '../account/account.ts';
import type { FundingOutlook, Snapshot } from '../account/snapshot.ts';
import { quoteMarket } from '../account/spot-markets.ts';
import { perpMarketOf, perpPosition, tokenAmount } from '../margin/margin.ts';
import {
  abs,
  divCeil,
  divFloor,
  HOURS_PER_YEAR,
  type Lamports,
  lamports,
  type MicroUsd,
  MS_PER_HOUR,
  max,
  microUsd,
  min,
  type Price,
  valueAt,
} from '../money/units.ts';
import { slippagePpm } from '../order/slippage.ts';
import { takerFeeOn } from './account-after.ts';
import { RATE_PRECISION, rateAfterTrade } from './funding.ts';
import type { Policy } from './policy.ts';

/** Funding received counts half, funding paid counts in full. */
const RECEIVED_DIVISOR = 2n;
/** A round trip opens and closes: two fees, two slippages, two transactions. */
const TRIPS = 2n;
const PPM = 1_000_000n;
/** With less history than this the result has a warning. */
const MIN_KNOWN_HOURS = 24;
const HOURS_PER_DAY = 24;
const DAYS_PER_MONTH = 30n;
/** CARRY_NEGATIVE is critical when 30 days at this pace cost more than this part of the notional: 1 %. */
const CARRY_CRITICAL_BPS = 100n;
const BPS = 10_000n;
/** CARRY_NEGATIVE is raised again after a day of market time. */
export const CARRY_REPEAT_MS = HOURS_PER_DAY * MS_PER_HOUR;

interface RoundTripCost {
  readonly fees: MicroUsd;
  readonly slippage: MicroUsd;
  /** Gas and tip of both transactions. */
  readonly gas: MicroUsd;
  readonly total: MicroUsd;
}

export interface Profitability {
  readonly pass: boolean;
  /** Over the horizon, conservative: funding received counts half, funding paid in full, minus extra borrow interest. */
  readonly expected: MicroUsd;
  readonly cost: RoundTripCost;
  readonly extraInterest: MicroUsd;
  /** Fraction per period at 1e9, positive when longs pay: the rate behind the result. */
  readonly rate: bigint;
  /** The rate at which it would pass, in the same unit. */
  readonly neededRate: bigint;
  /** Days until the cost is earned at `rate`; null: never. */
  readonly breakEvenDays: number | null;
  /** End of the last known period whose rate would have passed; null: none. */
  readonly lastPassedTsMs: number | null;
  readonly horizonHours: number;
  /** Less than `MIN_KNOWN_HOURS` of funding history is known. */
  readonly shortHistory: boolean;
  /** What the trade's own size does to the rate. Null: the venue says of none that it does. */
  readonly ownSize: OwnSizeEffect | null;
}

export interface OwnSizeEffect {
  /** What each period pays without the trade, and after it: fractions at 1e9. */
  readonly rateWithout: bigint;
  readonly rateAfter: bigint;
  /** The largest size up to which the same trade would pay, a multiple of the step; 0: none does. */
  readonly largestPaying: Lamports;
}

type ProfitabilityResult =
  | { readonly kind: 'known'; readonly profitability: Profitability }
  /** What is missing, in words. Missing data blocks. */
  | { readonly kind: 'unknown'; readonly missing: readonly string[] };

/**
 * The rate used: the worse of the last settled period and the trailing mean, so the lower for a short and the higher for a
 * long. Null if either is unknown.
 */
export function conservativeRate(funding: FundingOutlook, side: 'long' | 'short' = 'short'): bigint | null {
  if (funding.lastRate === null || funding.trailingMeanRate === null) return null;
  const pick = side === 'short' ? min<bigint> : max<bigint>;
  return pick(funding.lastRate, funding.trailingMeanRate);
}

export function roundTripCost(
  size: Lamports,
  oracle: Price,
  market: Pick<PerpMarket, 'takerFee' | 'slippagePpm'>,
  transactionCostLamports: Lamports,
): RoundTripCost {
  const notional = valueAt(abs(size), oracle);
  const fees = microUsd(TRIPS * takerFeeOn(notional, market.takerFee));
  const slippage = microUsd(TRIPS * divCeil(notional * (market.slippagePpm ?? slippagePpm(size)), PPM));
  const gas = microUsd(TRIPS * (valueAt(transactionCostLamports, oracle) + 1n));
  return { fees, slippage, gas, total: microUsd(fees + slippage + gas) };
}

/** Funding on `notional` over `hours` at `rate`, micro-USD, from a short's side. Rounded toward minus infinity. */
function shortFunding(notional: MicroUsd, rate: bigint, hours: number, periodMs: number): MicroUsd {
  const periods = BigInt(Math.round(hours * MS_PER_HOUR));
  return microUsd(divFloor(notional * rate * periods, RATE_PRECISION * BigInt(periodMs)));
}

const conservative = (funding: MicroUsd): bigint => (funding > 0n ? funding / RECEIVED_DIVISOR : funding);

/** Simple interest on `principal` (micro-USD) at a yearly rate (fraction at 1e6), rounded up. */
const interestOn = (principal: bigint, yearlyRate: bigint, hours: number): MicroUsd =>
  microUsd(divCeil(principal * yearlyRate * BigInt(Math.round(hours * 1_000)), PPM * BigInt(HOURS_PER_YEAR) * 1_000n));

/** Deposited quote asset, negative for a borrow; null if the market is unknown. */
function quoteBalance(account: Account | null, markets: Markets, marketName: string): bigint | null {
  const market = quoteMarket(markets, marketName);
  if (market === null) return null;
  const balance = account?.spot.find((spot) => spot.marketIndex === market.marketIndex);
  return balance === undefined ? 0n : tokenAmount(balance, market);
}

/**
 * Judges adding `size` (magnitude) on `side`. The part of the opening cost that the deposited quote does not cover is
 * borrowed once settled. Lend interest on SOL that is held anyway does not count.
 */
export function judgeProfitability(
  snapshot: Snapshot,
  size: Lamports,
  side: 'long' | 'short',
  policy: Policy,
  marketName = SOL_PERP,
): ProfitabilityResult {
  const { funding, markets, account } = snapshot;
  const market = perpMarketOf(markets, marketName);
  const oracle = market?.oracle.price ?? null;
  const past = conservativeRate(funding, side);
  const settled = settledRate(funding, side, size);
  const quote = quoteBalance(account, markets, marketName);
  const borrowRate = quoteMarket(markets, marketName)?.borrowRate ?? null;
  const missing = [
    ...(market === null ? ['the market'] : []),
    ...(oracle === null ? ['the oracle price'] : []),
    ...(past === null ? ['the funding rate'] : []),
    ...(settled === null && past !== null ? ['the funding rate after a trade of this size'] : []),
    ...(quote === null ? ['the quote market'] : []),
  ];
  if (market === null || oracle === null || past === null || settled === null || quote === null)
    return { kind: 'unknown', missing };

  const terms: TradeTerms = { snapshot, side, market, oracle, quote, borrowRate, hours: policy.holdingHorizonHours };
  const cost = costOf(terms, size);
  const extraInterest = extraInterestOf(terms, cost);
  if (extraInterest === null) return { kind: 'unknown', missing: ['the quote borrow rate'] };
  const rate = worse(side, past, settled);
  const { hours } = terms;
  const passes = (at: bigint): boolean => expectedOf(terms, size, at, extraInterest) >= cost.total;
  const expected = expectedOf(terms, size, rate, extraInterest);
  const perDay = hours === 0 ? 0 : (Number(expected) / hours) * HOURS_PER_DAY;
  const passed = funding.recentRates.filter((period) => passes(period.rate)).at(-1);
  const sign = side === 'short' ? 1n : -1n;
  const notional = valueAt(abs(size), oracle);
  return {
    kind: 'known',
    profitability: {
      pass: passes(rate),
      expected,
      cost,
      extraInterest,
      rate,
      neededRate: sign * neededRate(cost.total + extraInterest, notional, hours, funding.periodMs),
      breakEvenDays: perDay > 0 ? Number(cost.total) / perDay : null,
      lastPassedTsMs: passed?.tsMs ?? null,
      horizonHours: hours,
      shortHistory: funding.knownHours < MIN_KNOWN_HOURS,
      ownSize: ownSizeEffect(terms, settled),
    },
  };
}

/** Everything about a trade but its size. */
interface TradeTerms {
  readonly snapshot: Snapshot;
  readonly side: 'long' | 'short';
  readonly market: PerpMarket;
  readonly oracle: Price;
  /** Deposited quote, negative for a debt. */
  readonly quote: bigint;
  readonly borrowRate: bigint | null;
  readonly hours: number;
}

const worse = (side: 'long' | 'short', a: bigint, b: bigint): bigint => (side === 'short' ? min(a, b) : max(a, b));

const signedSize = (side: 'long' | 'short', size: Lamports): Lamports =>
  lamports(side === 'short' ? -abs(size) : abs(size));

/** What each period pays after the trade. Where size does not matter: what the past paid. Null: unknown. */
function settledRate(funding: FundingOutlook, side: 'long' | 'short', size: Lamports): bigint | null {
  if (funding.afterTrade === undefined) return conservativeRate(funding, side);
  return rateAfterTrade(funding.afterTrade, signedSize(side, size));
}

const costOf = ({ oracle, market, snapshot }: TradeTerms, size: Lamports): RoundTripCost =>
  roundTripCost(size, oracle, market, snapshot.transactionCostLamports);

/** Interest on the part of the opening cost that the deposited quote does not cover. Null: its rate is unknown. */
function extraInterestOf({ quote, borrowRate, hours }: TradeTerms, cost: RoundTripCost): MicroUsd | null {
  const borrowed = max(cost.total / TRIPS - max(quote, 0n), 0n);
  return borrowed > 0n && borrowRate === null ? null : interestOn(borrowed, borrowRate ?? 0n, hours);
}

function expectedOf(
  { snapshot, side, oracle, hours }: TradeTerms,
  size: Lamports,
  rate: bigint,
  extraInterest: MicroUsd,
): MicroUsd {
  const received = side === 'short' ? rate : -rate;
  const funding = shortFunding(valueAt(abs(size), oracle), received, hours, snapshot.funding.periodMs);
  return microUsd(conservative(funding) - extraInterest);
}

function ownSizeEffect(terms: TradeTerms, rateAfter: bigint): OwnSizeEffect | null {
  const { funding } = terms.snapshot;
  if (funding.afterTrade === undefined) return null;
  const rateWithout = rateAfterTrade(funding.afterTrade, lamports(0n));
  return rateWithout === null ? null : { rateWithout, rateAfter, largestPaying: largestPaying(terms) };
}

/** From one tried size to the next smaller one; between the last two the step decides. */
const SMALLER = { numerator: 7n, denominator: 8n } as const;

function largestPaying(terms: TradeTerms): Lamports {
  const { snapshot, side, market } = terms;
  const known = (snapshot.funding.afterTrade ?? []).map(({ delta }): bigint => (side === 'short' ? -delta : delta));
  const step = max<bigint>(market.stepSize, 1n);
  const stepped = (size: bigint): bigint => size - (size % step);
  const pays = (size: bigint): boolean => paysAt(terms, lamports(size));
  let size = stepped(known.reduce(max, 0n));
  let failing = size + step;
  while (size > 0n && !pays(size)) {
    failing = size;
    size = stepped((size * SMALLER.numerator) / SMALLER.denominator);
  }
  while (size > 0n && failing - size > step) {
    const middle = stepped((size + failing) / 2n);
    if (pays(middle)) size = middle;
    else failing = middle;
  }
  return lamports(size);
}

function paysAt(terms: TradeTerms, size: Lamports): boolean {
  const { snapshot, side } = terms;
  const past = conservativeRate(snapshot.funding, side);
  const settled = settledRate(snapshot.funding, side, size);
  const cost = costOf(terms, size);
  const extraInterest = extraInterestOf(terms, cost);
  if (size === 0n || past === null || settled === null || extraInterest === null) return false;
  return expectedOf(terms, size, worse(side, past, settled), extraInterest) >= cost.total;
}

/** The rate whose half covers `amount` over the horizon, rounded up. */
function neededRate(amount: bigint, notional: MicroUsd, hours: number, periodMs: number): bigint {
  const horizonMs = BigInt(Math.round(hours * MS_PER_HOUR));
  const divisor = notional * horizonMs;
  return divisor === 0n ? 0n : divCeil(amount * RECEIVED_DIVISOR * RATE_PRECISION * BigInt(periodMs), divisor);
}

export interface Carry {
  /**
   * Funding over 24 h at the mean rate of the last 24 h, positive = received. Where our own size moves the rate: at what the
   * market pays as it stands now, if that is worse.
   */
  readonly fundingPerDay: MicroUsd;
  /** Interest of the quote borrow over 24 h, positive = paid. */
  readonly interestPerDay: MicroUsd;
  readonly netPerDay: MicroUsd;
  readonly notional: MicroUsd;
  /** The rate (fraction per period, 1e9) at which the carry is zero. */
  readonly breakEvenRate: bigint;
  /** Funding since the account's start, positive = received; null if the venue does not know. */
  readonly fundingSoFar: MicroUsd | null;
  readonly negative: boolean;
  /** 30 days at this pace cost more than 1 % of the notional. */
  readonly critical: boolean;
}

/**
 * What the open short earns in a day. Null: there is no short, or something needed is unknown (a person would do the same
 * in both cases). Lend interest on the SOL is not counted, because it would come without the short too.
 */
export function carryOf(snapshot: Snapshot, marketName = SOL_PERP): Carry | null {
  const { account, markets, funding } = snapshot;
  const position = account === null ? null : perpPosition(account, marketName, markets);
  const oracle = perpMarketOf(markets, marketName)?.oracle.price ?? null;
  const quote = quoteBalance(account, markets, marketName);
  const rate = presentRate(funding, snapshot.marketTimeMs);
  if (position === null || position.baseAmount >= 0n || oracle === null || quote === null || rate === null) return null;
  const borrowRate = quoteMarket(markets, marketName)?.borrowRate ?? null;
  if (quote < 0n && borrowRate === null) return null;

  const notional = valueAt(lamports(-position.baseAmount), oracle);
  const fundingPerDay = shortFunding(notional, rate, HOURS_PER_DAY, funding.periodMs);
  const interestPerDay = interestOn(max(-quote, 0n), borrowRate ?? 0n, HOURS_PER_DAY);
  const netPerDay = microUsd(fundingPerDay - interestPerDay);
  const day = notional * BigInt(HOURS_PER_DAY * MS_PER_HOUR);
  return {
    fundingPerDay,
    interestPerDay,
    netPerDay,
    notional,
    breakEvenRate: day === 0n ? 0n : divCeil(interestPerDay * RATE_PRECISION * BigInt(funding.periodMs), day),
    fundingSoFar: snapshot.sources === null ? null : microUsd(divFloor(snapshot.sources.funding, 1_000_000_000n)),
    negative: netPerDay < 0n,
    critical: -netPerDay * DAYS_PER_MONTH * BPS > notional * CARRY_CRITICAL_BPS,
  };
}

function presentRate(funding: FundingOutlook, marketTimeMs: number): bigint | null {
  const mean = meanRateOfDay(funding, marketTimeMs);
  const standing = rateAfterTrade(funding.afterTrade ?? [], lamports(0n));
  return mean === null || standing === null ? mean : min(mean, standing);
}

/** Mean of the periods that ended in the last 24 h of market time; without a list the last settled one. */
function meanRateOfDay(funding: FundingOutlook, marketTimeMs: number): bigint | null {
  const since = marketTimeMs - HOURS_PER_DAY * MS_PER_HOUR;
  const rates = funding.recentRates.filter((period) => period.tsMs > since).map((period) => period.rate);
  if (rates.length === 0) return funding.lastRate;
  return divFloor(
    rates.reduce((sum, rate) => sum + rate, 0n),
    BigInt(rates.length),
  );
}
