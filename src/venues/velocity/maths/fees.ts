/** What taking from the AMM costs. */
interface FeeTier {
  readonly takerNumerator: number;
  readonly takerDenominator: number;
}

const USD = 1_000_000n;
/** Volume of 30 days at which the next tier begins. */
const TIER_STARTS: readonly bigint[] = [2n, 10n, 20n, 80n, 200n].map((millions) => millions * USD * USD);
const PER_CENT = 100n;

const ceilDiv = (value: bigint, by: bigint): bigint => (value + by - 1n) / by;

/** @param volume30d at 1e6 USD; @returns the tier's number, from 0 */
export const feeTierOf = (volume30d: bigint): number => TIER_STARTS.filter((start) => volume30d >= start).length;

/** At 1e6, for a fill of that much quote. @param adjustmentPct of the market: -10 makes it a tenth cheaper */
export function takerFee(quote: bigint, tier: FeeTier, adjustmentPct = 0): bigint {
  const fee = ceilDiv(quote * BigInt(tier.takerNumerator), BigInt(tier.takerDenominator));
  if (adjustmentPct === 0) return fee;
  const change = BigInt(Math.abs(adjustmentPct));
  return adjustmentPct < 0 ? fee - (fee * change) / PER_CENT : fee + ceilDiv(fee * change, PER_CENT);
}
