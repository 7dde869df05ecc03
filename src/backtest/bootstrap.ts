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

/**
 * The means of resamples: blocks of `block` returns from random starts, round the end to the beginning; the last block is
 * cut. The same starts for every series of one length, so that resamples of several can be compared.
 */
export function resampledMeans(returns: Float64Array, block: number, resamples: number): Float64Array {
  const count = returns.length;
  const means = new Float64Array(resamples);
  if (count === 0) return means;
  const length = Math.min(block, count);
  // Sums of the first i returns, twice round.
  const sums = new Float64Array(2 * count + 1);
  for (let index = 0; index < 2 * count; index += 1) {
    sums[index + 1] = (sums[index] as number) + (returns[index % count] as number);
  }
  const random = mulberry32(SEED);
  for (let resample = 0; resample < resamples; resample += 1) {
    let sum = 0;
    for (let filled = 0; filled < count; filled += block) {
      const start = Math.floor(random() * count);
      const taken = Math.min(length, count - filled);
      sum += (sums[start + taken] as number) - (sums[start] as number);
    }
    means[resample] = sum / count;
  }
  return means;
}

export function bootstrapMean(returns: Float64Array, block: number): BootstrapInterval {
  if (returns.length === 0) return { low: 0, high: 0, aboveZero: 0 };
  const means = resampledMeans(returns, block, RESAMPLES);
  let above = 0;
  for (const mean of means) if (mean > 0) above += 1;
  means.sort();
  const at = (quantile: number): number => means[Math.floor(quantile * (RESAMPLES - 1))] as number;
  return { low: at(0.05), high: at(0.95), aboveZero: above / RESAMPLES };
}

/** Enough for two digits, and little beside a run's other figures. */
export const NOISE_RESAMPLES = 500;

/** The resampled means less the mean itself, as 32-bit floats in base64. */
export function noiseOf(returns: Float64Array, block: number, mean: number): string {
  const noise = Float32Array.from(resampledMeans(returns, block, NOISE_RESAMPLES), (each) => each - mean);
  return Buffer.from(noise.buffer).toString('base64');
}
