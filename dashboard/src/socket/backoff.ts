/** How long to wait before the next try to connect: 0.5, 1, 2, 4, 8, then 10 s, minus up to a fifth at random. */
export const FIRST_WAIT_MS = 500;
export const LONGEST_WAIT_MS = 10_000;
const JITTER = 0.2;

/** @param failures tries that failed in a row, from 1 @param chance from 0 to 1 */
export function reconnectWaitMs(failures: number, chance: number): number {
  const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.max(0, failures - 1));
  return Math.round(wait * (1 - JITTER * chance));
}
