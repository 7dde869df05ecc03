/** A database or a cluster may come up after us. */
import { DriftlessError } from '../lib/errors.ts';
import { sleep } from '../lib/sleep.ts';
import type { Logger } from './logger.ts';

const REACH_TRIES = 12;
const REACH_PAUSE_MS = 5_000;

/** Tried again for a minute. What can never work is thrown at once. */
export async function reachable<T>(what: string, logger: Logger, work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      const forGood = error instanceof DriftlessError && error.category !== 'transient';
      if (forGood || tries >= REACH_TRIES) throw error;
      logger.warn({ err: error, tries }, `${what} cannot be reached; trying again in ${REACH_PAUSE_MS / 1_000} s`);
      await sleep(REACH_PAUSE_MS);
    }
  }
}
