import { afterEach } from './runner.ts';

const pending: (() => unknown)[] = [];

// Outside of Jest nothing ends but the process.
afterEach?.(async () => {
  for (let work = pending.pop(); work !== undefined; work = pending.pop()) await work();
});

/** Cleans up after the current test, whether it passes or fails. The last registered function runs first. */
export function onTestFinished(work: () => unknown): void {
  pending.push(work);
}
