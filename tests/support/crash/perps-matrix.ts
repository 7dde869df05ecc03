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
import type { KillPoint } from './mortal-worker.ts';
import { fixedPerpsCombinations, type PerpsCombination } from './perps-combinations.ts';
import type { PerpsScene } from './perps-scenes.ts';
import type { PerpsCrashAccount } from './perps-subject.ts';
import { coveringSample, runCovering, unreached } from './sample.ts';
import type { CrashSubject } from './subject.ts';

const LANES = Number(process.env.DRIFTLESS_CRASH_LANES ?? (LONG ? 8 : 4));
/** Six minutes on two cores; on a busy machine each slot and each start of a worker takes longer. */
const TIMEOUT_MS = 40 * 60_000;
/** Runs some of them, selected by a pattern of their names, and prints progress. */
const ONLY = process.env.DRIFTLESS_CRASH_ONLY ?? '';

interface MatrixOf<N extends Localnet> {
  /** In sentences. */
  readonly program: string;
  readonly subject: CrashSubject<N, PerpsCrashAccount, PerpsCombination>;
  readonly scenes: readonly PerpsScene[];
  /** What `npm test` runs of it; by default `covering`. */
  readonly sample?: (whole: readonly PerpsCombination[]) => readonly PerpsCombination[];
}

/** How many parts of a fill are seen one by one hangs on the keeper and on the polls between. */
const pointOf = (point: KillPoint): string => nameOfPoint(point).replace(/ \(\d+\)/g, '');

/** What the whole shows: every scene, every fault, every point. */
const shownByWhole = ({ scene, fault, points }: PerpsCombination): readonly string[] => [
  scene.name,
  fault.name,
  ...points.map(pointOf),
];

/**
 * What `npm test` leaves nothing out of: each kind of operation, each behaviour of a keeper, each step. Every fault, and every
 * moment of a step, is in the sample of the matrix on transfers, which come by the same steps for a quarter of the time.
 */
const shownBySample = ({ scene, points }: PerpsCombination): readonly string[] => [
  scene.request.kind,
  Object.keys(scene.keeper).join(),
  ...points.map(({ when, step, of }) => (of?.startsWith('cancel_orders') === true ? `${when} cancel` : step)),
];

/** A second chain, which forks, takes half a minute to get ready. */
const covering = (whole: readonly PerpsCombination[]): readonly PerpsCombination[] =>
  coveringSample(
    whole.filter(({ fault }) => fault.forks !== true),
    shownBySample,
  );

/** The last of each scene that fills where it lands: beside a covering sample, what only this program does. */
export const lastOfEachTaken = (whole: readonly PerpsCombination[]): readonly PerpsCombination[] =>
  whole.filter(({ scene }, index) => scene.takes === true && whole[index + 1]?.scene !== scene);

/** To be called where tests are described. */
export function perpsMatrix<N extends Localnet>({ program, subject, scenes, sample = covering }: MatrixOf<N>): void {
  const whole = fixedPerpsCombinations(scenes);
  const combinations = LONG || ONLY !== '' ? whole.filter(({ name }) => new RegExp(ONLY).test(name)) : sample(whole);
  const shownBy = LONG ? shownByWhole : shownBySample;
  /** Some points are not reached under some faults. */
  const leastDeaths = Math.floor(combinations.length * 0.8);
  let results: ReadonlyMap<string, CombinationResult<PerpsCombination>> = new Map();
  const lines: string[] = [];
  let complaints: readonly string[] = [];

  beforeAll(async () => {
    const startedAt = performance.now();
    const matrix = await CrashMatrix.open(subject, {
      address: temporalAddress(),
      lanes: Math.min(LANES, combinations.length),
      say: (line) => {
        lines.push(line);
        if (ONLY !== '') process.stderr.write(`${line}\n`);
      },
    });
    try {
      results = await runCovering(matrix, combinations, ONLY === '' ? shownBy : () => []);
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
    `died in at least ${leastDeaths} combinations, and under all that they show`,
    () => {
      const died = [...results.values()].filter(({ deaths }) => deaths > 0);
      const alive = [...results.values()]
        .filter(({ deaths }) => deaths === 0)
        .map(({ combination }) => combination.name);
      withContext(`not reached: ${alive.join('; ')}`, () => expect(died.length).toBeGreaterThanOrEqual(leastDeaths));
      expect(unreached(results.values(), shownBy)).toEqual([]);
    },
  );

  it('never ended otherwise than by a SIGKILL', () => {
    expect(complaints).toEqual([]);
  });
}
