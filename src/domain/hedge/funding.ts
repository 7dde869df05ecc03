/** Funding: who pays whom, when, and how much. Positive rate: longs pay shorts. Positive amount: received. */
import type { FundingOutlook } from '../account/snapshot.ts';
import {
  divFloor,
  HOURS_PER_YEAR,
  type Lamports,
  type MicroUsd,
  MS_PER_HOUR,
  microUsd,
  type Price,
} from '../money/units.ts';

/** Drift's FUNDING_RATE_PRECISION: rates are quote per base, or fractions, at 1e9. */
export const RATE_PRECISION = 1_000_000_000n;
/** lamports x (1e-9 USD per SOL) = 1e-18 USD; this many of them are one micro-USD. */
export const FUNDING_UNITS_PER_MICRO_USD = 1_000_000_000_000n;

interface FundingAmount {
  /** Positive = received. Rounded toward minus infinity; `remainder` has the rest. */
  readonly amount: MicroUsd;
  /** 1e-18 USD, 0 or more and below one micro-USD; pass it to the next payment. */
  readonly remainder: bigint;
}

/**
 * The payment of one period: -position x rate, exact. `rate` is USD per SOL at 1e9 (Drift's cumulative rates and the
 * replay files have this unit). `carried`: the remainder of the payment before.
 */
export function fundingPayment(position: Lamports, rate: bigint, carried = 0n): FundingAmount {
  const exact = -(position * rate) + carried;
  const amount = divFloor(exact, FUNDING_UNITS_PER_MICRO_USD);
  return { amount: microUsd(amount), remainder: exact - amount * FUNDING_UNITS_PER_MICRO_USD };
}

/** A rate of USD per SOL (1e9) as a fraction of the oracle TWAP (1e9), rounded toward minus infinity; null at TWAP 0. */
export const rateFraction = (rate: bigint, oracleTwap: Price): bigint | null =>
  oracleTwap === 0n ? null : divFloor(rate * 1_000_000n, oracleTwap);

/**
 * The rate that a trade of `delta` leaves, between the two nearest of the known sizes. Null: the trade is larger than all of
 * them, so nobody knows.
 */
export function rateAfterTrade(known: NonNullable<FundingOutlook['afterTrade']>, delta: Lamports): bigint | null {
  const above = known.find((point) => point.delta >= delta);
  const below = known.findLast((point) => point.delta <= delta);
  if (above === undefined || below === undefined) return null;
  const width = above.delta - below.delta;
  if (width === 0n) return below.rate;
  return below.rate + divFloor((above.rate - below.rate) * (delta - below.delta), width);
}

/** The first boundary after `atMs`. */
export const nextBoundary = (atMs: number, periodMs: number): number => (Math.floor(atMs / periodMs) + 1) * periodMs;

export const periodsPerYear = (periodMs: number): number => (HOURS_PER_YEAR * MS_PER_HOUR) / periodMs;

/** Simple yearly rate as a fraction: for hourly periods, rate x 24 x 365.25. For display and alerts. */
export const annualizedRate = (ratePerPeriod: bigint, periodMs: number): number =>
  (Number(ratePerPeriod) / Number(RATE_PRECISION)) * periodsPerYear(periodMs);

/**
 * Funding accrued in the current period and not paid yet, at its estimated rate (a fraction, 1e9). It is shown next to
 * equity and never counted in it. Null if the estimate or the price is unknown.
 */
export function accruedFunding(
  position: Lamports,
  oracleTwap: Price | null,
  estimatedRate: bigint | null,
  elapsedMs: number,
  periodMs: number,
): MicroUsd | null {
  if (position === 0n) return microUsd(0n);
  if (oracleTwap === null || estimatedRate === null || periodMs <= 0) return null;
  const elapsed = BigInt(Math.min(Math.max(Math.trunc(elapsedMs), 0), periodMs));
  const exact = -(position * oracleTwap * estimatedRate) * elapsed;
  return microUsd(divFloor(exact, RATE_PRECISION * RATE_PRECISION * BigInt(periodMs)));
}
