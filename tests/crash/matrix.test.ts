/** Workers that die at every step, combined with faults of chain, node and network: docs/architecture/crash.md. */

import { loadavg } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fixedCombinations, nameOfPoint } from '../support/crash/combinations.ts';
import { CHAIN_FAULTS } from '../support/crash/faults.ts';
import { type CombinationResult, CrashMatrix } from '../support/crash/matrix.ts';
import { coveringSample } from '../support/crash/sample.ts';
import { TRANSFERS } from '../support/crash/transfer-subject.ts';
import { LONG } from '../support/long.ts';
import { temporalAddress } from '../support/temporal-address.ts';
import { withContext } from '../support/with-context.ts';

/** Each is a process; most of the time each waits for a slot or for a timeout. */
const LANES = Number(process.env.DRIFTLESS_CRASH_LANES ?? 8);
/** Six minutes on two cores; on a busy machine each slot and each start of a worker takes longer. */
const TIMEOUT_MS = 40 * 60_000;

const combinations = LONG
  ? fixedCombinations()
  : coveringSample(fixedCombinations(), ({ fault, points }) => [
      fault.name,
      ...points.map(nameOfPoint),
      // Deaths in turn show what none of them shows alone.
      points.map(nameOfPoint).join(', then '),
    ]);
/** Some points are not reached under some faults. */
const DEATHS = Math.floor(combinations.length * 0.8);
const results = new Map<string, CombinationResult>();
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
    for (const result of await matrix.run(combinations)) results.set(result.combination.name, result);
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

  it(`died in at least ${DEATHS} combinations, at every point and under every fault`, () => {
    const died = [...results.values()].filter(({ deaths }) => deaths > 0);
    const alive = [...results.values()].filter(({ deaths }) => deaths === 0).map(({ combination }) => combination.name);
    withContext(`not reached: ${alive.join('; ')}`, () => expect(died.length).toBeGreaterThanOrEqual(DEATHS));
    const points = new Set(combinations.flatMap((one) => one.points.map(nameOfPoint)));
    const reached = new Set(died.flatMap(({ combination }) => combination.points.map(nameOfPoint)));
    expect([...points].filter((point) => !reached.has(point))).toEqual([]);
    const faults = new Set(died.map(({ combination }) => combination.fault.name));
    expect(CHAIN_FAULTS.map(({ name }) => name).filter((name) => !faults.has(name))).toEqual([]);
  });

  it('never ended otherwise than by a SIGKILL', () => {
    expect(complaints).toEqual([]);
  });
});
