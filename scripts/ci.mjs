/**
 * `.ci/run`: `npm test`, each test file that failed once more by itself, then the product's full cycle from a fresh clone;
 * one closing line for all. A test that fails twice fails the run. A test that fails first and then passes needed luck: it
 * is named, and three of them fail the run.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JEST, REPORTED } from './jest.mjs';
import { ROOT, say } from './setup.mjs';

const MINUTE_MS = 60_000;
/** The goal is 20 minutes on two cores. These stop what hangs: CI ends before 40 minutes, whatever happens. */
const ALL_WITHIN_MS = 39 * MINUTE_MS;
const TEST_WITHIN_MS = 35 * MINUTE_MS;
/** Reserved for the cycle, however long the tests and their second runs take. */
const CYCLE_WITHIN_MS = 5 * MINUTE_MS;
/** More than these have another reason than luck. */
const MAX_FILES_AGAIN = 8;
/** This many tests that needed luck fail the run. */
const TOO_LUCKY = 3;
const COUNTS = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/;

const startedAt = performance.now();
const leftMs = () => ALL_WITHIN_MS - (performance.now() - startedAt);
const readJson = (path) => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null);

/** Runs it with its output passed on; its exit code, null when it did not end in time, and its last line of counts. */
function runWithin(name, file, args, withinMs, env = {}) {
  return new Promise((resolve) => {
    const windows = process.platform === 'win32';
    const child = spawn(file, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: !windows,
      shell: windows,
    });
    let last = null;
    let rest = '';
    let late = false;
    const read = (chunk) => {
      process.stdout.write(chunk);
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) last = COUNTS.exec(line.trim()) ?? last;
    };
    child.stdout.on('data', read);
    child.stderr.on('data', (chunk) => process.stdout.write(chunk));
    const timer = setTimeout(() => {
      say(`FAILED ${name}: no end after ${(withinMs / MINUTE_MS).toFixed(1)} minutes`);
      late = true;
      process.kill(windows ? child.pid : -child.pid, 'SIGKILL');
    }, withinMs);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code: late ? null : (code ?? 1), last: late ? null : last });
    });
  });
}

/** The counts of a run that ends with a line of them; one failure without one. */
function countsOf({ code, last }) {
  if (last === null) return { passed: 0, failed: 1, skipped: 0 };
  const [passed, failed, skipped] = last.slice(1).map((count) => Number(count ?? 0));
  return { passed, failed: failed === 0 && code !== 0 ? 1 : failed, skipped };
}

/** Runs one test file alone. Null: it did not finish. */
async function runAlone(file, folder) {
  const countsPath = join(folder, 'again.json');
  rmSync(countsPath, { force: true });
  // A failed test may leave something open; alone in its process, it would wait for that until the time is over.
  const args = [...JEST, '--forceExit', '--runTestsByPath', file, REPORTED];
  const { code } = await runWithin(file, process.execPath, args, Math.max(leftMs() - CYCLE_WITHIN_MS, 1), {
    DRIFTLESS_TEST_COUNTS: countsPath,
  });
  const counts = readJson(countsPath);
  if (code === null || counts === null) return null;
  const { passed, failed, skipped } = counts;
  const failures = counts.failedFiles.flatMap((one) => one.failures);
  return { passed, failed: failed === 0 && code !== 0 ? 1 : failed, skipped, failures };
}

/** Runs each of these again and puts what it counts now in the place of what it counted first. `lucky` passed only then. */
async function again(first, failedFiles, folder) {
  const counts = { ...first };
  const told = [];
  const lucky = [];
  for (const [place, { file, ...before }] of failedFiles.entries()) {
    const what = `failed first: ${file} (${before.failed} of ${before.passed + before.failed + before.skipped})`;
    if (place >= MAX_FILES_AGAIN || leftMs() <= CYCLE_WITHIN_MS) {
      told.push(`${what}; not run again: ${place >= MAX_FILES_AGAIN ? 'too many failed' : 'no time was left'}`);
      continue;
    }
    say(`\n== again, by itself: ${file}`);
    const now = await runAlone(file, folder);
    if (now === null) {
      told.push(`${what}; the second time it did not end`);
      continue;
    }
    for (const key of ['passed', 'failed', 'skipped']) counts[key] += now[key] - before[key];
    told.push(`${what}; by itself it ${now.failed === 0 ? 'passed' : `FAILED AGAIN (${now.failed})`}`);
    const again = new Set(now.failures);
    lucky.push(...before.failures.filter((name) => !again.has(name)));
  }
  return { counts, told, lucky };
}

const folder = mkdtempSync(join(tmpdir(), 'driftless-ci-'));
const resultPath = join(folder, 'result.json');
const test = await runWithin('npm test', 'npm', ['test'], TEST_WITHIN_MS, { DRIFTLESS_TEST_RESULT: resultPath });
const { counts, told, lucky } = await again(countsOf(test), readJson(resultPath)?.failedFiles ?? [], folder);
rmSync(folder, { recursive: true, force: true });
const cycleWithinMs = Math.min(CYCLE_WITHIN_MS, leftMs());
const cycle = countsOf(await runWithin('the cycle', process.execPath, ['scripts/ci-cycle.mjs'], cycleWithinMs));

const sum = (key) => counts[key] + cycle[key];
say('');
for (const line of told) say(line);
for (const name of lucky) say(`needed luck: ${name} failed first and passed when repeated`);
if (lucky.length >= TOO_LUCKY) {
  counts.failed += 1;
  say(`FAILED: ${lucky.length} tests needed luck; mend or remove them`);
}
const skipped = sum('skipped');
say(`${sum('passed')} passed, ${sum('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(sum('failed') === 0 ? 0 : 1);
