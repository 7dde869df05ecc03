import type { Combination } from './combinations.ts';
import type { CombinationResult } from './matrix.ts';

/**
 * A fixed part of a matrix in which everything still stands at least once: `npm test` runs it, `npm run test:long` all.
 * @param shownBy what a combination shows of the matrix: its fault, its point, its scene
 */
export function coveringSample<C>(all: readonly C[], shownBy: (one: C) => readonly string[]): readonly C[] {
  const shown = new Set<string>();
  // Those that show most come first, so that few of them show everything.
  const byNovelty = (one: C): number => shownBy(one).filter((facet) => !shown.has(facet)).length;
  const sample: C[] = [];
  for (;;) {
    const best = all.reduce<C | null>(
      (most, one) => (byNovelty(one) > (most === null ? 0 : byNovelty(most)) ? one : most),
      null,
    );
    if (best === null) return sample;
    sample.push(best);
    for (const facet of shownBy(best)) shown.add(facet);
  }
}

/** What no worker died under, of all that these combinations show. */
export function unreached<C extends Combination>(
  results: Iterable<CombinationResult<C>>,
  shownBy: (one: C) => readonly string[],
): readonly string[] {
  const all = [...results];
  const reached = new Set(all.filter(({ deaths }) => deaths > 0).flatMap(({ combination }) => shownBy(combination)));
  return [...new Set(all.flatMap(({ combination }) => shownBy(combination)))].filter((facet) => !reached.has(facet));
}

/**
 * Runs all of them, and once more those that alone show something under which no worker died: on a busy machine an order
 * can be over before its worker comes to the point where it should die.
 */
export async function runCovering<C extends Combination>(
  matrix: { run(some: readonly C[]): Promise<readonly CombinationResult<C>[]> },
  combinations: readonly C[],
  shownBy: (one: C) => readonly string[],
): Promise<ReadonlyMap<string, CombinationResult<C>>> {
  const results = new Map((await matrix.run(combinations)).map((result) => [result.combination.name, result]));
  const missing = new Set(unreached(results.values(), shownBy));
  const again = combinations.filter((one) => shownBy(one).some((facet) => missing.has(facet)));
  for (const result of again.length === 0 ? [] : await matrix.run(again)) {
    const { name } = result.combination;
    results.set(name, { ...result, wrong: [...(results.get(name)?.wrong ?? []), ...result.wrong] });
  }
  return results;
}
