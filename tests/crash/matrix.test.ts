/** Workers that die at every step, combined with faults of chain, node and network: docs/architecture/crash.md. */

import { loadavg } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fixedCombinations, nameOfPoint, type TransferCombination } from '../support/crash/combinations.ts';
import type { ChainFault } from '../support/crash/faults.ts';
import { type CombinationResult, CrashMatrix } from '../support/crash/matrix.ts';
import type { KillPoint } from '../support/crash/mortal-worker.ts';
import { coveringSample, runCovering, unreached } from '../support/crash/sample.ts';
import { TRANSFERS } from '../support/crash/transfer-subject.ts';
import { LONG } from '../support/long.ts';
import { temporalAddress } from '../support/temporal-address.ts';
import { withContext } from '../support/with-context.ts';

/** Each is a process; most of the time each waits for a slot or for a timeout. */
const LANES = Number(process.env.DRIFTLESS_CRASH_LANES ?? (LONG ? 8 : 4));
/** Six minutes on two cores; on a busy machine each slot and each start of a worker takes longer. */
const TIMEOUT_MS = 40 * 60_000;

/** Deaths in turn show what none of them shows alone. */
const inTurn = (points: readonly KillPoint[]): readonly string[] =>
  points.length > 1 ? [points.map(nameOfPoint).join(', then ')] : [];

const shownByWhole = ({ fault, points }: TransferCombination): readonly string[] => [
  fault.name,
  ...points.map(nameOfPoint),
  ...inTurn(points),
];

/**
 * What `npm test` leaves nothing out of: each way in which an operation can go on under a fault, each step with each moment
 * of it. The faults of one way differ in what the tests of `src/chain` and of the operations' workflows tell too.
 */
const shownBySample = ({ fault, points }: TransferCombination): readonly string[] => [
  wayOf(fault),
  ...points.map(({ when, step }) => `${when} ${step}`),
  ...inTurn(points),
];

const wayOf = ({ ends = [], neverDone, unknown, forks, flaky, jito }: ChainFault): string =>
  JSON.stringify({ ends, neverDone, unknown, forks, flaky, jito });

const shownBy = LONG ? shownByWhole : shownBySample;
const combinations = LONG ? fixedCombinations() : coveringSample(fixedCombinations(), shownBySample);
/** Some points are not reached under some faults. */
const DEATHS = Math.floor(combinations.length * 0.8);
let results: ReadonlyMap<string, CombinationResult<TransferCombination>> = new Map();
const lines: string[] = [];
let complaints: readonly string[] = [];
let tookMs = 0;

beforeAll(async () => {
  const startedAt = performance.now();
  const matrix = await CrashMatrix.open(TRANSFERS, {
    address: temporalAddress(),
    lanes: LANES,
    say: (line) => lines.push(line),
  });
  try {
    results = await runCovering(matrix, combinations, shownBy);
    complaints = matrix.complaints();
  } finally {
    await matrix.close();
  }
  tookMs = performance.now() - startedAt;
  const load = loadavg()[0]?.toFixed(1);
  process.stdout.write(`${results.size} combinations in ${Math.round(tookMs / 1_000)} s, load ${load}\n`);
}, TIMEOUT_MS);

afterAll(() => {
  const wrong = [...results.values()].filter((result) => result.wrong.length > 0);
  if (wrong.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
});

describe('a worker that is killed', () => {
  it.each(combinations.map(({ name }) => ({ name })))('$name: one effect or provably none', ({ name }) => {
    const result = results.get(name);
    expect(result?.wrong).toEqual([]);
    expect(result?.end).not.toBe('stuck');
  });

  it(`died in at least ${DEATHS} combinations, and under all that they show`, () => {
    const died = [...results.values()].filter(({ deaths }) => deaths > 0);
    const alive = [...results.values()].filter(({ deaths }) => deaths === 0).map(({ combination }) => combination.name);
    withContext(`not reached: ${alive.join('; ')}`, () => expect(died.length).toBeGreaterThanOrEqual(DEATHS));
    expect(unreached(results.values(), shownBy)).toEqual([]);
  });

  it('never ended otherwise than by a SIGKILL', () => {
    expect(complaints).toEqual([]);
  });
});
