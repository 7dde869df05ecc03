/**
 * The funding rate as the program computes it at the hour. Prices and quote are at 1e6, base at 1e9, rates quote per base
 * at 1e9. Divisions truncate towards zero, as the program's do. Positive: longs pay.
 */

/** The rate without any spread is a 3,333rd of the price a day: 10.95 % a year. */
const OFFSET_DENOMINATOR = 3_333n;
/** A day's rate is at most a 33rd of the price. */
const MOST_DENOMINATOR = 33n;
const BPS = 10_000n;
const SLOPE_ONE = 1_000_000n;
const HOUR_SECONDS = 3_600n;
const DAY_SECONDS = 24n * HOUR_SECONDS;
const RATE_PER_PRICE = 1_000n;
const PAYMENT_UNIT = 1_000_000_000_000n;
/** The AMM pays at most this part of its reserve in one period. */
const RESERVE_PART = 3n;

export interface FundingAverages {
  /** Of the hour. */
  readonly oracleTwap: bigint;
  /** Of the AMM's bid and ask. */
  readonly markTwap: bigint;
}

interface FundingParameters {
  readonly fundingDeadZoneBps: number;
  readonly fundingRampSlope: number;
  readonly fundingPeriod: bigint;
}

const abs = (value: bigint): bigint => (value < 0n ? -value : value);

/** Before the cut that spares the AMM. */
export function fundingRate({ oracleTwap, markTwap }: FundingAverages, of: FundingParameters): bigint {
  const price = abs(oracleTwap);
  const spread = markTwap - oracleTwap;
  const deadZone = (price * BigInt(of.fundingDeadZoneBps)) / BPS;
  const beyond = abs(spread) <= deadZone ? 0n : spread < 0n ? spread + deadZone : spread - deadZone;
  const wanted = price / OFFSET_DENOMINATOR + (beyond * BigInt(of.fundingRampSlope)) / SLOPE_ONE;
  const most = price / MOST_DENOMINATOR;
  const daily = wanted > most ? most : wanted < -most ? -most : wanted;
  const period = of.fundingPeriod > HOUR_SECONDS ? of.fundingPeriod : HOUR_SECONDS;
  return (daily * RATE_PER_PRICE) / (DAY_SECONDS / period);
}

export interface FundingSides {
  /** Of all longs, and of all shorts (negative), without the AMM. */
  readonly baseLong: bigint;
  readonly baseShort: bigint;
  /** Net of all users against the AMM: positive when they are long. */
  readonly netUserBase: bigint;
  /** What the AMM may spend. */
  readonly ammFeeReserve: bigint;
}

export interface SideRates {
  readonly long: bigint;
  readonly short: bigint;
}

/**
 * What each side pays or receives. Where users would receive more from the AMM than a third of its reserve, those who
 * receive get what the others pay and that third, and no more.
 */
export function ratesOfSides(
  rate: bigint,
  { baseLong, baseShort, netUserBase, ammFeeReserve }: FundingSides,
): SideRates {
  const fromAmm = fundingPayment(netUserBase, rate);
  const limit = ammFeeReserve > 0n ? ammFeeReserve / RESERVE_PART : 0n;
  if (fromAmm <= limit) return { long: rate, short: rate };
  const [payers, receivers] = rate > 0n ? [baseLong, baseShort] : [baseShort, baseLong];
  const available = limit + abs(fundingPayment(payers, rate));
  // One unit less, so that rounding never takes more than there is.
  const owed = available > 0n ? 1n - available : 0n;
  const cut = receivers === 0n ? 0n : (owed * PAYMENT_UNIT) / receivers;
  return rate > 0n ? { long: rate, short: cut } : { long: cut, short: rate };
}

/** Quote that a position receives for a rate, or a sum of rates; negative: it pays. @param base negative for a short */
export function fundingPayment(base: bigint, rate: bigint): bigint {
  const size = (abs(base) * abs(rate)) / PAYMENT_UNIT;
  return base > 0n === rate > 0n ? -size : size;
}
