import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 20;

/** Tries `claim` until it holds. @throws its last failure when it does not hold in time */
export async function eventually(claim: () => unknown, withinMs = 30_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      await claim();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await sleep(PAUSE_MS);
  }
}
