import { afterEach } from './runner.ts';

const pending: (() => unknown)[] = [];

// Outside of Jest nothing ends but the process.
afterEach?.(async () => {
  for (let work = pending.pop(); work !== undefined; work = pending.pop()) await work();
});

/** Cleans up after the test that is running now, whether it passes or fails. What was registered last runs first. */
export function onTestFinished(work: () => unknown): void {
  pending.push(work);
}
