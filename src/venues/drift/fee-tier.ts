/** Which fee tier an account pays: by its volume of the last thirty days. Source: Drift v2, `math/fees.rs`. */
import { max } from '../../domain/money/units.ts';
import type { DriftExchange, DriftUserStats } from './account-layouts.ts';

const MICRO_USD = 1_000_000n;
/** Volume below which each tier ends, USD; above the last one the sixth applies. */
const VOLUME_BELOW = [2_000_000n, 10_000_000n, 20_000_000n, 80_000_000n, 200_000_000n].map((usd) => usd * MICRO_USD);
const THIRTY_DAYS_SECONDS = 2_592_000n;

/** Volume decays linearly over thirty days from the last trade. */
function faded(volume: bigint, lastTs: bigint, nowSeconds: bigint): bigint {
  const since = max(0n, nowSeconds - lastTs);
  return (volume * max(0n, THIRTY_DAYS_SECONDS - since)) / THIRTY_DAYS_SECONDS;
}

/**
 * Index into `perpFeeTiers`; 0, the most expensive, without statistics. Discounts for staked tokens are left
 * out, so an estimated cost is rather too high.
 */
export function feeTierOf(
  state: Pick<DriftExchange, 'perpFeeTiers'>,
  stats: DriftUserStats | null,
  nowMs: number,
): number {
  if (stats === null) return 0;
  const now = BigInt(Math.floor(nowMs / 1000));
  const volume =
    faded(stats.takerVolume30d, stats.takerVolumeTs, now) + faded(stats.makerVolume30d, stats.makerVolumeTs, now);
  const tier = VOLUME_BELOW.findIndex((below) => volume < below);
  return Math.min(tier === -1 ? VOLUME_BELOW.length : tier, state.perpFeeTiers.length - 1);
}
