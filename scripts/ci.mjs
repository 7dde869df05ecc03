/** `.ci/run`: `npm test`, then the product's full cycle from a fresh clone; one closing line for both. */
import { spawn } from 'node:child_process';
import { ROOT, say } from './setup.mjs';

/** Together below 40 minutes. */
const TEST_WITHIN_MS = 28 * 60_000;
const CYCLE_WITHIN_MS = 11 * 60_000;
const COUNTS = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/;

/** Runs it with its output passed on; its last line of counts, or one failure without one. */
function counted(name, file, args, withinMs) {
  return new Promise((resolve) => {
    const windows = process.platform === 'win32';
    const child = spawn(file, args, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: !windows,
      shell: windows,
    });
    let last = null;
    let rest = '';
    const read = (chunk) => {
      process.stdout.write(chunk);
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) last = COUNTS.exec(line.trim()) ?? last;
    };
    child.stdout.on('data', read);
    child.stderr.on('data', (chunk) => process.stdout.write(chunk));
    const timer = setTimeout(() => {
      say(`FAILED ${name}: no end after ${withinMs / 60_000} minutes`);
      last = null;
      process.kill(windows ? child.pid : -child.pid, 'SIGKILL');
    }, withinMs);
    child.once('close', (code) => {
      clearTimeout(timer);
      const [passed, failed, skipped] = (last ?? []).slice(1).map((count) => Number(count ?? 0));
      if (last === null) resolve({ passed: 0, failed: 1, skipped: 0 });
      else resolve({ passed, failed: failed === 0 && code !== 0 ? 1 : failed, skipped });
    });
  });
}

const runs = [
  await counted('npm test', 'npm', ['test'], TEST_WITHIN_MS),
  await counted('the cycle', process.execPath, ['scripts/ci-cycle.mjs'], CYCLE_WITHIN_MS),
];
const sum = (key) => runs.reduce((total, run) => total + run[key], 0);
const skipped = sum('skipped');
say(`${sum('passed')} passed, ${sum('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(sum('failed') === 0 ? 0 : 1);
