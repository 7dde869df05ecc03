/**
 * `npm test`: its own set-up, then everything that is checked. The last line is `N passed, N failed[, N skipped]`.
 * `--long` runs every matrix whole and every property as often as it says, instead of a fixed sample.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { audit } from './audit.mjs';
import { JEST, REPORTED } from './jest.mjs';
import { run } from './run.mjs';
import { checkNode, ensureDependencies, ROOT, SetupError, say } from './setup.mjs';

const node = (script, args, options) => run(process.execPath, [join(ROOT, script), ...args], { cwd: ROOT, ...options });

/** Checks besides the tests; each counts as one. */
const CHECKS = [
  {
    name: 'lint and format',
    run: () =>
      node('node_modules/@biomejs/biome/bin/biome', [
        'ci',
        '--error-on-warnings',
        '--max-diagnostics=50',
        ...(process.stdout.isTTY ? [] : ['--colors=off']),
        '.',
      ]),
  },
  { name: 'types', run: () => node('node_modules/typescript/bin/tsc', ['-p', '.']) },
  { name: 'known weaknesses of dependencies', run: () => audit([], say) },
  { name: 'types of the page', run: () => node('node_modules/typescript/bin/tsc', ['-p', 'dashboard']) },
];

/** Finds or fetches the Temporal CLI and a Chromium in a separate process, because that code is TypeScript. */
const setUp = () =>
  run(process.execPath, ['--import', 'tsx', join(ROOT, 'tests', 'support', 'set-up.ts')], { cwd: ROOT });

const BELOW_THRESHOLD = /^Jest: .*coverage threshold/m;

/** Jest's exit code, and whether it found the coverage below its thresholds (it says so on stderr alone). */
function jest(args, env) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...JEST, ...args], {
      cwd: ROOT,
      env,
      stdio: ['inherit', 'inherit', 'pipe'],
    });
    let uncovered = false;
    let rest = '';
    child.stderr.on('data', (chunk) => {
      process.stderr.write(chunk);
      const text = stripVTControlCharacters(rest + chunk);
      uncovered ||= BELOW_THRESHOLD.test(text);
      rest = text.slice(text.lastIndexOf('\n') + 1);
    });
    child.once('error', (error) => {
      process.stderr.write(`jest: ${error.message}\n`);
      resolve({ code: 1, uncovered });
    });
    child.once('close', (code) => resolve({ code: code ?? 1, uncovered }));
  });
}

/** They reach the thresholds of jest.config.mjs. Coverage of all the others would cost minutes. */
const COVERED = [
  'tests/activities/',
  // Deadlines are held here too: a worker has a core of its own in this run.
  'tests/bridge/(commands|deadlines|protocol)\\.test',
  'tests/domain/',
  'tests/journal/database-errors\\.test',
  'tests/lib/',
];
/** Each drives workers that die, four at a time: whatever else ran beside them would miss its deadlines. */
const CRASH = 'tests/crash/';
/** All tests but those; most of them wait for a server or a chain most of the time. */
const OTHERS = [`^(?!(.*/)?(${[...COVERED, CRASH].join('|')}))`, '--maxWorkers=4'];

/** One run of Jest, as counts; a run that did not end, or whose coverage is too low, counts as one failure more. */
async function tests(args, env) {
  const folder = mkdtempSync(join(tmpdir(), 'driftless-test-'));
  const countsPath = join(folder, 'counts.json');
  const { code, uncovered } = await jest([...args, REPORTED], { ...env, DRIFTLESS_TEST_COUNTS: countsPath });
  const counts = readCounts(countsPath) ?? { passed: 0, failed: 0, skipped: 0, failedFiles: [] };
  rmSync(folder, { recursive: true, force: true });
  const unfinished = code !== 0 && counts.failed === 0;
  if (uncovered) say('FAILED: the coverage is below its thresholds (see above)');
  else if (unfinished) say('FAILED: the tests did not run to their end (see above)');
  return { ...counts, failed: counts.failed + (uncovered || unfinished ? 1 : 0) };
}

const readCounts = (path) => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null);

async function test() {
  checkNode();
  await ensureDependencies(ROOT, { dev: true });
  if ((await setUp()) !== 0) throw new SetupError('The set-up of the tests failed; its reason stands above.');
  let passed = 0;
  let failed = 0;
  for (const check of CHECKS) {
    say(`\n== ${check.name}`);
    const ok = (await check.run()) === 0;
    say(ok ? `${check.name}: ok` : `${check.name}: FAILED`);
    if (ok) passed += 1;
    else failed += 1;
  }
  say('\n== tests');
  const args = process.argv.slice(2);
  const only = args.filter((arg) => arg !== '--long');
  const long = args.includes('--long');
  const env = { ...process.env, ...(long ? { DRIFTLESS_TEST_LONG: '1' } : {}) };
  const runs =
    only.length > 0
      ? [only]
      : [[...COVERED, '--coverage'], [CRASH, long ? '--runInBand' : '--maxWorkers=2', '--forceExit'], OTHERS];
  const counts = { passed: 0, failed: 0, skipped: 0, failedFiles: [] };
  for (const each of runs) {
    const counted = await tests(each, env);
    for (const key of ['passed', 'failed', 'skipped']) counts[key] += counted[key];
    counts.failedFiles.push(...counted.failedFiles);
  }
  passed += counts.passed;
  failed += counts.failed;
  const { skipped } = counts;
  const resultPath = process.env.DRIFTLESS_TEST_RESULT;
  if (resultPath) writeFileSync(resultPath, JSON.stringify({ failedFiles: counts.failedFiles }));
  say(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  return failed === 0 ? 0 : 1;
}

try {
  process.exitCode = await test();
} catch (error) {
  process.stderr.write(`${error instanceof SetupError ? error.message : (error?.stack ?? error)}\n`);
  say('0 passed, 1 failed');
  process.exitCode = 1;
}
