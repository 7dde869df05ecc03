/** Which fee tier an account pays: by its volume of the last thirty days. */
import { max } from '../../../domain/money/units.ts';
import { feeTierOf } from '../maths/fees.ts';
import type { ExchangeState, PerpMarketState, UserStatsState } from '../program/accounts.ts';

const THIRTY_DAYS_SECONDS = 2_592_000n;
const FEE_ONE = 1_000_000n;
const PERCENT = 100n;

/** Volume decays linearly over thirty days from the last trade. */
function faded(volume: bigint, lastTs: bigint, nowSeconds: bigint): bigint {
  const since = max(0n, nowSeconds - lastTs);
  return (volume * max(0n, THIRTY_DAYS_SECONDS - since)) / THIRTY_DAYS_SECONDS;
}

/** Index into `perpFeeTiers`; 0, the most expensive, without statistics. */
export function accountFeeTier(stats: UserStatsState | null, nowMs: number): number {
  if (stats === null) return 0;
  const now = BigInt(Math.floor(nowMs / 1000));
  return feeTierOf(
    faded(stats.takerVolume30d, stats.takerVolumeTs, now) + faded(stats.makerVolume30d, stats.makerVolumeTs, now),
  );
}

/** Taker fee at 1e6 of a tier, with the market's own discount or surcharge. */
export function takerFeeRate(market: PerpMarketState, state: ExchangeState, feeTier: number): bigint {
  const tier = state.perpFeeTiers[feeTier];
  if (tier === undefined || tier.takerDenominator === 0) throw new RangeError(`fee tier ${feeTier} does not exist`);
  const fee = (BigInt(tier.takerNumerator) * FEE_ONE) / BigInt(tier.takerDenominator);
  return (fee * (PERCENT + BigInt(market.feeAdjustment))) / PERCENT;
}
