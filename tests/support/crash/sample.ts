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
