/**
 * Weights and margin ratios as functions of size: the larger a holding, the less it counts and the more margin it needs.
 * Weights and ratios at 1e4, imf factors at 1e6, sizes at 1e9. Formulas: Drift v2, `math/margin.rs`.
 */
import type { PerpMarket, SpotMarket } from '../account/account.ts';
import { divCeil, divFloor, max, min } from '../money/units.ts';

/** `unweighted`: plain values, for leverage. */
export type MarginCategory = 'initial' | 'maintenance' | 'unweighted';

export const WEIGHT_ONE = 10_000n;
const IMF_ONE = 1_000_000n;
/** Square roots of sizes are taken at 1e5: sqrt(size x 10), sizes being at 1e9. */
const SIZE_ROOT_ONE = 100_000n;
const SIZE_DECIMALS = 9;
/** The scaled balance's and the interest's precisions together, 1e9 x 1e10. */
export const BALANCE_DECIMALS = 19;

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);
const tenTo = (exponent: number): bigint => 10n ** BigInt(exponent);

/** Largest integer whose square is at most `value`. @throws RangeError when negative */
export function squareRoot(value: bigint): bigint {
  if (value < 0n) throw new RangeError('square root of a negative integer');
  if (value < 2n) return value;
  const estimate = BigInt(Math.floor(Math.sqrt(Number(value))));
  // One Newton step leaves an estimate that is off by far less than one from above, whatever the float lost.
  let root = (estimate + value / estimate) >> 1n;
  while (root * root > value) root -= 1n;
  while ((root + 1n) * (root + 1n) <= value) root += 1n;
  return root;
}

const sizeRoot = (size: bigint): bigint => squareRoot(magnitude(size) * 10n + 1n);

/** Token base units to the 1e9 in which imf sizes count. */
const atSizePrecision = (amount: bigint, decimals: number): bigint =>
  decimals > SIZE_DECIMALS
    ? amount / tenTo(decimals - SIZE_DECIMALS)
    : (amount * tenTo(SIZE_DECIMALS)) / tenTo(decimals);

/** Scaled balance to tokens: a deposit rounds down, a debt rounds up. Not negative. */
export function depositTokens(scaledBalance: bigint, market: SpotMarket): bigint {
  return (scaledBalance * market.cumulativeDepositInterest) / tenTo(BALANCE_DECIMALS - market.decimals);
}
export function borrowTokens(scaledBalance: bigint, market: SpotMarket): bigint {
  return divCeil(scaledBalance * market.cumulativeBorrowInterest, tenTo(BALANCE_DECIMALS - market.decimals));
}

/** Value of tokens at a price, micro-USD, rounded down: what is owed counts for a unit more, as in the programs. */
export const tokenValue = (amount: bigint, at: bigint, decimals: number): bigint =>
  divFloor(amount * at, tenTo(decimals));

/** The upper bound of a large holding's weight. */
export function sizeDiscountWeight(size: bigint, imfFactor: number, weight: bigint): bigint {
  if (imfFactor === 0) return weight;
  const numerator = (IMF_ONE + IMF_ONE / 10n) * WEIGHT_ONE;
  return min(weight, numerator / (IMF_ONE + (sizeRoot(size) * BigInt(imfFactor)) / SIZE_ROOT_ONE));
}

/** The lower bound of a large debt's weight; if not `bounded`, it may also fall below `weight`. */
export function sizePremiumWeight(size: bigint, imfFactor: number, weight: bigint, bounded = true): bigint {
  if (imfFactor === 0) return weight;
  const divisor = (SIZE_ROOT_ONE * IMF_ONE) / WEIGHT_ONE;
  const premium = weight - weight / 5n + (sizeRoot(size) * BigInt(imfFactor)) / divisor;
  return bounded ? max(weight, premium) : premium;
}

/** The initial weight falls once all deposits of the market are worth more than its threshold. */
function scaledInitialWeight(market: SpotMarket, oracle: bigint): bigint {
  const weight = BigInt(market.initialAssetWeight);
  const start: bigint = market.scaleInitialAssetWeightStart;
  if (start === 0n) return weight;
  const deposits = tokenValue(depositTokens(market.depositBalance, market), oracle, market.decimals);
  return deposits < start ? weight : (weight * start) / deposits;
}

export function assetWeight(amount: bigint, oracle: bigint, market: SpotMarket, category: MarginCategory): bigint {
  const size = atSizePrecision(amount, market.decimals);
  switch (category) {
    case 'initial':
      return sizeDiscountWeight(size, market.imfFactor, scaledInitialWeight(market, oracle));
    case 'maintenance':
      return sizeDiscountWeight(size, market.imfFactor, BigInt(market.maintenanceAssetWeight));
    case 'unweighted':
      return scaledInitialWeight(market, oracle);
  }
}

export function liabilityWeight(amount: bigint, market: SpotMarket, category: MarginCategory): bigint {
  const size = atSizePrecision(amount, market.decimals);
  switch (category) {
    case 'initial':
      return sizePremiumWeight(size, market.imfFactor, BigInt(market.initialLiabilityWeight));
    case 'maintenance':
      return sizePremiumWeight(size, market.imfFactor, BigInt(market.maintenanceLiabilityWeight));
    case 'unweighted':
      return BigInt(market.initialLiabilityWeight);
  }
}

/** High leverage fades with size: from the mode's ratio up to the market's own, and beyond it as for everyone. */
function highLeverageInitialRatio(size: bigint, market: PerpMarket): bigint {
  const ordinary = BigInt(market.initialMarginRatio);
  const high = BigInt(market.highLeverageInitialMarginRatio);
  const sized = sizePremiumWeight(size, market.imfFactor, ordinary, false);
  if (sized > ordinary) return sized;
  if (sized === ordinary) return high;
  const kept = IMF_ONE - ((ordinary - sized) * IMF_ONE) / (ordinary / 5n);
  return high + (max(ordinary - high, 1n) * kept) / IMF_ONE;
}

/**
 * Margin ratio of a perp position of `size`, at 1e4.
 * @param customRatio the person's own floor for initial margin, 0 for none
 */
export function perpMarginRatio(
  market: PerpMarket,
  size: bigint,
  category: 'initial' | 'maintenance',
  customRatio: number,
  highLeverage: boolean,
): bigint {
  const high =
    highLeverage && market.highLeverageInitialMarginRatio > 0 && market.highLeverageMaintenanceMarginRatio > 0;
  if (category === 'maintenance') {
    const ratio = high ? market.highLeverageMaintenanceMarginRatio : market.maintenanceMarginRatio;
    return sizePremiumWeight(size, market.imfFactor, BigInt(ratio));
  }
  const ratio = high
    ? highLeverageInitialRatio(size, market)
    : sizePremiumWeight(size, market.imfFactor, BigInt(market.initialMarginRatio));
  return max(ratio, BigInt(customRatio));
}
