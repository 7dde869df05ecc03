/** The same deaths on the real Drift program, with keepers of every kind: docs/architecture/crash.md. */

import { loadavg } from 'node:os';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeOnDrift } from '../../localnet/tests/support/drift-program.ts';
import { itUnless } from '../../localnet/tests/support/unless.ts';
import { nameOfPoint } from '../support/crash/combinations.ts';
import { DRIFT_FAULTS, type DriftCombination, fixedDriftCombinations } from '../support/crash/drift-combinations.ts';
import { DRIFT_SCENES } from '../support/crash/drift-scenes.ts';
import { DRIFT } from '../support/crash/drift-subject.ts';
import { type CombinationResult, CrashMatrix } from '../support/crash/matrix.ts';
import { coveringSample } from '../support/crash/sample.ts';
import { LONG } from '../support/long.ts';
import { temporalAddress } from '../support/temporal-address.ts';
import { withContext } from '../support/with-context.ts';

const LANES = Number(process.env.DRIFTLESS_CRASH_LANES ?? 8);
/** Six minutes on two cores; on a busy machine each slot and each start of a worker takes longer. */
const TIMEOUT_MS = 40 * 60_000;
/** Runs some of them, selected by a pattern of their names, and prints progress. */
const ONLY = process.env.DRIFTLESS_CRASH_ONLY ?? '';

const nameOf = ({ points }: DriftCombination): string => points.map(nameOfPoint).join();
const whole = fixedDriftCombinations();
const combinations =
  LONG || ONLY !== ''
    ? whole.filter(({ name }) => new RegExp(ONLY).test(name))
    : coveringSample(whole, (one) => [one.scene.name, one.fault.name, nameOf(one)]);
/** Some points are not reached under some faults. */
const DEATHS = Math.floor(combinations.length * 0.8);
const results = new Map<string, CombinationResult<DriftCombination>>();

describeOnDrift('a worker that is killed on Drift', () => {
  const lines: string[] = [];
  let complaints: readonly string[] = [];

  beforeAll(async () => {
    const startedAt = performance.now();
    const matrix = await CrashMatrix.open(DRIFT, {
      address: temporalAddress(),
      lanes: LANES,
      say: (line) => {
        lines.push(line);
        if (ONLY !== '') process.stderr.write(`${line}\n`);
      },
    });
    try {
      for (const result of await matrix.run(combinations)) results.set(result.combination.name, result);
      complaints = matrix.complaints();
    } finally {
      await matrix.close();
    }
    const took = Math.round((performance.now() - startedAt) / 1_000);
    const load = loadavg()[0]?.toFixed(1);
    process.stdout.write(`${results.size} combinations on Drift in ${took} s, load ${load}\n`);
  }, TIMEOUT_MS);

  afterAll(() => {
    const wrong = [...results.values()].filter((result) => result.wrong.length > 0);
    if (wrong.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
  });

  it.each(combinations.map(({ name }) => ({ name })))('$name: one effect or provably none', ({ name }) => {
    const result = results.get(name);
    expect(result?.wrong).toEqual([]);
    expect(result?.end).not.toBe('stuck');
  });

  itUnless(ONLY !== '' && 'only some combinations were asked for')(
    `died in at least ${DEATHS} combinations, in every scene and under every fault`,
    () => {
      const died = [...results.values()].filter(({ deaths }) => deaths > 0);
      const alive = [...results.values()]
        .filter(({ deaths }) => deaths === 0)
        .map(({ combination }) => combination.name);
      withContext(`not reached: ${alive.join('; ')}`, () => expect(died.length).toBeGreaterThanOrEqual(DEATHS));
      const missing = <T>(all: readonly T[], of: (one: DriftCombination) => T): readonly T[] => {
        const reached = new Set(died.map(({ combination }) => of(combination)));
        return all.filter((one) => !reached.has(one));
      };
      // How many parts of a fill are seen one by one hangs on the keeper and on the polls between.
      const pointOf = (one: DriftCombination) => nameOf(one).replace(/ \(\d+\)/g, '');
      expect(missing([...new Set(combinations.map(pointOf))], pointOf)).toEqual([]);
      expect(missing(DRIFT_SCENES, ({ scene }) => scene)).toEqual([]);
      expect(missing(DRIFT_FAULTS, ({ fault }) => fault)).toEqual([]);
    },
  );

  it('never ended otherwise than by a SIGKILL', () => {
    expect(complaints).toEqual([]);
  });
});
