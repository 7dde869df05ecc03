/** How sure a mean is: a circular block bootstrap, the same on every machine. */

const RESAMPLES = 2_000;
const SEED = 1;
export const BLOCK_HOURS = 336;

/** The well-known 32-bit generator; uniform in [0, 1). */
export function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface BootstrapInterval {
  /** Of the mean return, 5 % and 95 %. */
  readonly low: number;
  readonly high: number;
  /** The part of the resamples whose mean is above zero, 0 to 1. */
  readonly aboveZero: number;
}

/** Blocks of `block` returns from random starts, round the end to the beginning; the last block is cut. */
export function bootstrapMean(returns: Float64Array, block: number): BootstrapInterval {
  const count = returns.length;
  if (count === 0) return { low: 0, high: 0, aboveZero: 0 };
  const length = Math.min(block, count);
  // Sums of the first i returns, twice round.
  const sums = new Float64Array(2 * count + 1);
  for (let index = 0; index < 2 * count; index += 1) {
    sums[index + 1] = (sums[index] as number) + (returns[index % count] as number);
  }
  const random = mulberry32(SEED);
  const means = new Float64Array(RESAMPLES);
  let above = 0;
  for (let resample = 0; resample < RESAMPLES; resample += 1) {
    let sum = 0;
    for (let filled = 0; filled < count; filled += block) {
      const start = Math.floor(random() * count);
      const taken = Math.min(length, count - filled);
      sum += (sums[start + taken] as number) - (sums[start] as number);
    }
    const mean = sum / count;
    means[resample] = mean;
    if (mean > 0) above += 1;
  }
  means.sort();
  const at = (quantile: number): number => means[Math.floor(quantile * (RESAMPLES - 1))] as number;
  return { low: at(0.05), high: at(0.95), aboveZero: above / RESAMPLES };
}
