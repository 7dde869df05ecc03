/** Measures in turn, so that other load on the machine affects all of them alike. */
import { setTimeout as sleep } from 'node:timers/promises';
import { say } from './report.ts';

/** A pause before each measurement, so that leftover work of the last one does not affect the next. */
const REST_MS = 150;

export type Timed = () => Promise<number>;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) throw new Error('a median needs at least one value');
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

/** @param part from 0 to 1: 0.95 is the value that 95 of 100 do not exceed */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)];
  if (value === undefined) throw new Error('a percentile needs at least one value');
  return value;
}

/** Median absolute deviation: the spread, without the influence of a few outliers. */
function spread(values: readonly number[]): number {
  const middle = median(values);
  return median(values.map((value) => Math.abs(value - middle)));
}

/** The duration of `work`, in milliseconds. */
export const timed =
  (work: () => Promise<unknown>): Timed =>
  async () => {
    const started = performance.now();
    await work();
    return performance.now() - started;
  };

/**
 * A B C A B C ...: medians in milliseconds, by name. The first `warmUp` rounds do not count: caches fill, code is compiled.
 */
export async function inTurn<Name extends string>(
  rounds: number,
  warmUp: number,
  timings: Readonly<Record<Name, Timed>>,
): Promise<Readonly<Record<Name, number>>> {
  const names = Object.keys(timings) as Name[];
  const taken = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < warmUp + rounds; round += 1) {
    for (const name of names) {
      await sleep(REST_MS);
      const tookMs = await timings[name]();
      if (round >= warmUp) taken.get(name)?.push(tookMs);
    }
  }
  const medians = {} as Record<Name, number>;
  for (const [name, values] of taken) {
    medians[name] = median(values);
    const deviation = spread(values).toFixed(1);
    say(`  ${name}: median ${medians[name].toFixed(1)} ms (MAD ${deviation}, n ${values.length})`);
  }
  return medians;
}
