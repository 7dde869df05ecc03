/** The program's moving averages, in whole numbers, with its roundings. Times are seconds. */
import { abs, max, min } from '../../../domain/money/units.ts';

const HOUR_SECONDS = 3_600n;
/** A sample is held to this part of the average when a market's tier names none. */
const DEFAULT_BAND = 3n;

const signOf = (value: bigint): bigint => (value > 0n ? 1n : value < 0n ? -1n : 0n);

/**
 * The mean of two values by their weights, moved by one unit towards the value that weighs more in total, so that it
 * arrives. @param bias instead of that unit
 */
export function weightedMean(first: bigint, second: bigint, weights: readonly [bigint, bigint], bias?: bigint): bigint {
  const [firstWeight, secondWeight] = weights;
  if (firstWeight === 0n) return second;
  if (secondWeight === 0n) return first;
  const [a, b] = [first * firstWeight, second * secondWeight];
  const mean = (a + b) / (firstWeight + secondWeight);
  const step = bias ?? (secondWeight > 1n ? signOf(b - a) : 0n);
  return mean === 0n && step < 0n ? mean : mean + step;
}

export interface Averaged {
  readonly mean: bigint;
  /** When it was last updated. */
  readonly at: bigint;
  readonly period: bigint;
}

/** A time-weighted average after the value has been `current` since the last update. */
export function nextMean(current: bigint, { mean, at, period }: Averaged, now: bigint): bigint {
  const since = max(0n, now - at);
  return weightedMean(current, mean, [since, max(1n, period - since)]);
}

/** The new sample, held to a band around the average. @param band the average over this; null: the program's default */
export function sanitized(sample: bigint, mean: bigint, band: bigint | null): bigint {
  if (mean === 0n) return sample;
  const most = mean / (band ?? DEFAULT_BAND);
  return abs(sample - mean) > abs(most) ? (sample > mean ? mean + most : mean - most) : sample;
}

/** The estimate of the deviation after a price: what is left of the old one, and its distance from the farther average. */
export function nextDeviation(
  before: bigint,
  at: bigint,
  now: bigint,
  price: bigint,
  means: readonly [bigint, bigint],
): bigint {
  const since = max(1n, now - at);
  const away = max(abs(price - means[0]), abs(price - means[1]));
  const left = max(0n, HOUR_SECONDS - max(HOUR_SECONDS, since));
  return (before * left) / HOUR_SECONDS + away;
}

export const clamp = (value: bigint, least: bigint, most: bigint): bigint => max(least, min(value, most));
