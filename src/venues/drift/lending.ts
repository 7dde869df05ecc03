/**
 * The lending of a spot market: its interest rates and withdrawal limits. Formulas: Drift v2,
 * `math/spot_balance.rs` and `math/spot_withdraw.rs`.
 */
import { divCeil, max, min } from '../../domain/money/units.ts';
import type { DriftSpotMarket } from './account-layouts.ts';

/** Utilization and rates, both fractions. */
const ONE = 1_000_000n;
const BALANCE_DECIMALS = 19;
const MIN_RATE_STEPS = 200n;
const WITHDRAW_TWAP_SECONDS = 86_400n;

/** Above the optimal utilization the rate climbs to its maximum in ever steeper steps: [up to, share of the climb]. */
const CLIMB: readonly (readonly [bigint, bigint])[] = [
  [850_000n, 50n],
  [900_000n, 100n],
  [950_000n, 150n],
  [990_000n, 200n],
  [995_000n, 250n],
  [ONE, 250n],
];
const CLIMB_ONE = 1_000n;

interface Lent {
  readonly deposits: bigint;
  readonly borrows: bigint;
}

function lent(market: DriftSpotMarket): Lent {
  const scale = 10n ** BigInt(BALANCE_DECIMALS - market.decimals);
  return {
    deposits: (market.depositsScaled * market.depositIndex) / scale,
    borrows: divCeil(market.borrowsScaled * market.borrowIndex, scale),
  };
}

function utilizationOf({ deposits, borrows }: Lent): bigint {
  if (borrows === 0n) return 0n;
  return deposits === 0n ? ONE : (borrows * ONE) / deposits;
}

function climbedRate(market: DriftSpotMarket, utilization: bigint): bigint {
  const climb = BigInt(market.maxBorrowRate - market.optimalBorrowRate);
  let rate = BigInt(market.optimalBorrowRate);
  let from = BigInt(market.optimalUtilization);
  for (const [to, share] of CLIMB) {
    const step = (climb * share) / CLIMB_ONE;
    if (utilization <= to) return rate + (step * (utilization - from)) / (to - from);
    rate += step;
    from = to;
  }
  return rate;
}

/** Yearly simple rates as fractions at 1e6. */
export function lendRates(market: DriftSpotMarket): { readonly deposit: bigint; readonly borrow: bigint } {
  const utilization = utilizationOf(lent(market));
  const optimal = BigInt(market.optimalUtilization);
  const floor = (BigInt(market.minBorrowRate) * ONE) / MIN_RATE_STEPS;
  const slope = optimal === 0n ? 0n : (BigInt(market.optimalBorrowRate) * ONE) / optimal;
  const borrow = max(floor, utilization <= optimal ? (utilization * slope) / ONE : climbedRate(market, utilization));
  const kept = ONE - BigInt(market.insuranceFeeFactor);
  return { borrow, deposit: (borrow * kept * utilization) / ONE / ONE };
}

/** Tokens that can be withdrawn from the market at `nowSeconds`: Drift slows a run by utilization and the daily mean of deposits. */
export function withdrawLimit(market: DriftSpotMarket, nowSeconds: bigint): bigint {
  const { deposits, borrows } = lent(market);
  const guard = market.withdrawGuard;

  const sinceTwap = nowSeconds - market.lastTwapTs;
  const remaining = max(0n, WITHDRAW_TWAP_SECONDS - sinceTwap);
  const mean = (market.depositTwap * remaining + deposits * sinceTwap) / (sinceTwap + remaining);
  const leastByMean = mean - max(mean / 4n, min(guard, mean));

  const utilizationMean = market.utilizationTwap;
  const highest = max(BigInt(market.optimalUtilization), utilizationMean + (ONE - utilizationMean) / 2n);
  const leastByUtilization = min((borrows * ONE) / highest, deposits - guard);

  return max(0n, deposits - max(leastByUtilization, leastByMean));
}
