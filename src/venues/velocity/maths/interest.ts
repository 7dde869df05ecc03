/** Interest of a spot market. Rates and utilization are at 1e6, indexes at 1e10. */
import type { DecodedAccount } from '../../solana-perps/account-layout.ts';
import type { SPOT_MARKET } from '../program/accounts.ts';

const ONE = 1_000_000n;
const YEAR_SECONDS = 31_536_000n;
/** `minBorrowRate` counts half per cents. */
const MIN_RATE_UNIT = 5_000n;
/** Beyond the kink: up to this utilization, this part of what lies between the rate at the kink and the highest. */
const STEEP: readonly (readonly [upTo: bigint, part: bigint])[] = [
  [850_000n, 50_000n],
  [900_000n, 100_000n],
  [950_000n, 150_000n],
  [990_000n, 200_000n],
  [995_000n, 250_000n],
  [1_000_000n, 250_000n],
];

type InterestMarket = Pick<
  DecodedAccount<typeof SPOT_MARKET>,
  | 'depositsScaled'
  | 'borrowsScaled'
  | 'depositIndex'
  | 'borrowIndex'
  | 'decimals'
  | 'optimalUtilization'
  | 'optimalBorrowRate'
  | 'maxBorrowRate'
  | 'minBorrowRate'
  | 'insuranceFeeFactor'
  | 'protocolFeeFactor'
>;

const ceilDiv = (value: bigint, by: bigint): bigint => (value + by - 1n) / by;

/** Token units of a scaled balance: a deposit is rounded down, a debt up. */
export function tokensOf(scaled: bigint, index: bigint, decimals: number, kind: 'deposit' | 'borrow'): bigint {
  const unit = 10n ** BigInt(19 - decimals);
  return kind === 'deposit' ? (scaled * index) / unit : ceilDiv(scaled * index, unit);
}

/** Share of the deposits that is lent out. */
export function utilizationOf(market: InterestMarket): bigint {
  const deposits = tokensOf(market.depositsScaled, market.depositIndex, market.decimals, 'deposit');
  const debts = tokensOf(market.borrowsScaled, market.borrowIndex, market.decimals, 'borrow');
  if (deposits === 0n) return debts === 0n ? 0n : ONE;
  return (debts * ONE) / deposits;
}

/** What a debt costs a year at that utilization. */
export function borrowRateAt(utilization: bigint, market: InterestMarket): bigint {
  const kink = BigInt(market.optimalUtilization);
  const atKink = BigInt(market.optimalBorrowRate);
  const curve =
    utilization <= kink
      ? (((atKink * ONE) / kink) * utilization) / ONE
      : atKink + beyondKink(utilization, kink, BigInt(market.maxBorrowRate) - atKink);
  const least = BigInt(market.minBorrowRate) * MIN_RATE_UNIT;
  return curve > least ? curve : least;
}

function beyondKink(utilization: bigint, kink: bigint, most: bigint): bigint {
  let from = kink;
  let rate = 0n;
  for (const [upTo, part] of STEEP) {
    if (upTo <= from) continue;
    const reached = utilization < upTo ? utilization : upTo;
    rate += (most * part * (reached - from)) / (upTo - from) / ONE;
    if (utilization <= upTo) break;
    from = upTo;
  }
  return rate;
}

/**
 * The indexes after an update so many seconds after the last interest. Too little to show in both is not booked: it waits
 * for a later update.
 */
export function indexesAfter(
  market: InterestMarket,
  seconds: bigint,
): { readonly deposit: bigint; readonly borrow: bigint } {
  const utilization = utilizationOf(market);
  const rate = borrowRateAt(utilization, market);
  const over = (index: bigint, yearly: bigint): bigint => (index * yearly * seconds) / YEAR_SECONDS / ONE;
  const gross = over(market.depositIndex, (rate * utilization) / ONE);
  const borrowed = over(market.borrowIndex, rate);
  if (gross === 0n || borrowed === 0n) return { deposit: market.depositIndex, borrow: market.borrowIndex };
  const fee = (factor: number): bigint => (gross * BigInt(factor)) / ONE;
  return {
    deposit: market.depositIndex + gross - fee(market.insuranceFeeFactor) - fee(market.protocolFeeFactor),
    borrow: market.borrowIndex + borrowed + 1n,
  };
}
