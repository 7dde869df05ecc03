/** The lending of a spot market: its yearly rates, and what may come in and go out now. Tokens in base units. */
import { max, min } from '../../../domain/money/units.ts';
import { weightedMean } from '../maths/averages.ts';
import { borrowRateAt, tokensOf, utilizationOf } from '../maths/interest.ts';
import type { SpotMarketState } from '../program/accounts.ts';

/** Rates and utilization. */
const ONE = 1_000_000n;
const PART_ONE = 10_000n;
const DAY_SECONDS = 86_400n;
/** Of the day's mean that may leave in a day, where the market names none: a quarter. */
const DEFAULT_WITHDRAW_PART = 2_500n;

interface LentTokens {
  readonly deposits: bigint;
  readonly borrows: bigint;
}

const lent = (market: SpotMarketState): LentTokens => ({
  deposits: tokensOf(market.depositsScaled, market.depositIndex, market.decimals, 'deposit'),
  borrows: tokensOf(market.borrowsScaled, market.borrowIndex, market.decimals, 'borrow'),
});

/** Yearly simple rates as fractions at 1e6. */
export function lendRates(market: SpotMarketState): { readonly deposit: bigint; readonly borrow: bigint } {
  const utilization = utilizationOf(market);
  const borrow = borrowRateAt(utilization, market);
  const kept = ONE - BigInt(market.insuranceFeeFactor) - BigInt(market.protocolFeeFactor);
  return { borrow, deposit: (borrow * utilization * max(0n, kept)) / ONE / ONE };
}

/** A mean over a day, as the next deposit or withdrawal writes it. */
function dayMean(current: bigint, mean: bigint, since: bigint): bigint {
  return weightedMean(current, mean, [since, max(1n, DAY_SECONDS - since)]);
}

/**
 * What can be withdrawn from the whole market at `nowSeconds`. Deposits may fall by a part of the day's mean, or by the
 * guard if that is more, and no further than what is lent allows.
 */
export function withdrawLimit(market: SpotMarketState, nowSeconds: bigint): bigint {
  const { deposits, borrows } = lent(market);
  const since = max(0n, nowSeconds - market.lastTwapTs);
  const mean = dayMean(deposits, market.depositTwap, since);
  const part = market.dailyWithdrawPart === 0 ? DEFAULT_WITHDRAW_PART : BigInt(market.dailyWithdrawPart);
  const guard = market.withdrawGuard;
  const leastByMean = mean - max((mean * part) / PART_ONE, min(guard, mean));

  const usual = dayMean(utilizationOf(market), market.utilizationTwap, since);
  const highest = max(BigInt(market.optimalUtilization), usual + max(0n, ONE - usual) / 2n);
  const leastByUtilization = min((borrows * ONE) / highest, max(0n, deposits - guard));

  return max(0n, min(deposits - max(leastByMean, leastByUtilization), deposits - borrows));
}

/** What can still be deposited; null: without limit. */
export function depositRoom(market: SpotMarketState, nowSeconds: bigint): bigint | null {
  const { deposits } = lent(market);
  const rooms: bigint[] = [];
  if (market.maxDeposits > 0n) rooms.push(market.maxDeposits - deposits);
  if (market.dailyDepositPart > 0) {
    const mean = dayMean(deposits, market.depositTwap, max(0n, nowSeconds - market.lastTwapTs));
    const most = max(mean + (mean * BigInt(market.dailyDepositPart)) / PART_ONE, market.depositGuard);
    rooms.push(most - deposits);
  }
  return rooms.length === 0 ? null : max(0n, rooms.reduce(min));
}
