/** The deaths of a worker on a real program, with keepers of every kind: docs/architecture/crash.md. */
import { loadavg } from 'node:os';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Localnet } from '../../../localnet/index.ts';
import { itUnless } from '../../../localnet/tests/support/unless.ts';
import { LONG } from '../long.ts';
import { temporalAddress } from '../temporal-address.ts';
import { withContext } from '../with-context.ts';
import { nameOfPoint } from './combinations.ts';
import { type CombinationResult, CrashMatrix } from './matrix.ts';
import { fixedPerpsCombinations, PERPS_FAULTS, type PerpsCombination } from './perps-combinations.ts';
import type { PerpsScene } from './perps-scenes.ts';
import type { PerpsCrashAccount } from './perps-subject.ts';
import { coveringSample } from './sample.ts';
import type { CrashSubject } from './subject.ts';

const LANES = Number(process.env.DRIFTLESS_CRASH_LANES ?? 8);
/** Six minutes on two cores; on a busy machine each slot and each start of a worker takes longer. */
const TIMEOUT_MS = 40 * 60_000;
/** Runs some of them, selected by a pattern of their names, and prints progress. */
const ONLY = process.env.DRIFTLESS_CRASH_ONLY ?? '';

const nameOf = ({ points }: PerpsCombination): string => points.map(nameOfPoint).join();

interface MatrixOf<N extends Localnet> {
  /** In sentences. */
  readonly program: string;
  readonly subject: CrashSubject<N, PerpsCrashAccount, PerpsCombination>;
  readonly scenes: readonly PerpsScene[];
  /** What each combination of the sample shows, of which `npm test` leaves nothing out. */
  readonly sampleBy: (one: PerpsCombination) => readonly string[];
}

/** Every scene, fault and point. */
export const everyFacet = (one: PerpsCombination): readonly string[] => [one.scene.name, one.fault.name, nameOf(one)];

/** To be called where tests are described. */
export function perpsMatrix<N extends Localnet>({ program, subject, scenes, sampleBy }: MatrixOf<N>): void {
  const whole = fixedPerpsCombinations(scenes);
  const combinations =
    LONG || ONLY !== '' ? whole.filter(({ name }) => new RegExp(ONLY).test(name)) : coveringSample(whole, sampleBy);
  /** Some points are not reached under some faults. */
  const leastDeaths = Math.floor(combinations.length * 0.8);
  const results = new Map<string, CombinationResult<PerpsCombination>>();
  const lines: string[] = [];
  let complaints: readonly string[] = [];

  beforeAll(async () => {
    const startedAt = performance.now();
    const matrix = await CrashMatrix.open(subject, {
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
    process.stdout.write(`${results.size} combinations on ${program} in ${took} s, load ${load}\n`);
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
    `died in at least ${leastDeaths} combinations, in every scene and under every fault`,
    () => {
      const died = [...results.values()].filter(({ deaths }) => deaths > 0);
      const alive = [...results.values()]
        .filter(({ deaths }) => deaths === 0)
        .map(({ combination }) => combination.name);
      withContext(`not reached: ${alive.join('; ')}`, () => expect(died.length).toBeGreaterThanOrEqual(leastDeaths));
      const missing = <T>(all: readonly T[], of: (one: PerpsCombination) => T): readonly T[] => {
        const reached = new Set(died.map(({ combination }) => of(combination)));
        return all.filter((one) => !reached.has(one));
      };
      // How many parts of a fill are seen one by one hangs on the keeper and on the polls between.
      const pointOf = (one: PerpsCombination) => nameOf(one).replace(/ \(\d+\)/g, '');
      expect(missing([...new Set(combinations.map(pointOf))], pointOf)).toEqual([]);
      expect(missing(scenes, ({ scene }) => scene)).toEqual([]);
      expect(missing(PERPS_FAULTS, ({ fault }) => fault)).toEqual([]);
    },
  );

  it('never ended otherwise than by a SIGKILL', () => {
    expect(complaints).toEqual([]);
  });
}
