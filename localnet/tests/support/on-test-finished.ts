import { afterEach } from '@jest/globals';

const pending: (() => unknown)[] = [];

afterEach(async () => {
  for (let work = pending.pop(); work !== undefined; work = pending.pop()) await work();
});

/** Cleans up after the test that is running now, whether it passes or fails. What was registered last runs first. */
export function onTestFinished(work: () => unknown): void {
  pending.push(work);
}
