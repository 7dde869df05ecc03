/** `npm test`: its own set-up, then everything that is checked. The last line is `N passed, N failed[, N skipped]`. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.mjs';
import { checkNode, ensureDependencies, ROOT, SetupError, say } from './setup.mjs';

const node = (script, args, options) => run(process.execPath, [join(ROOT, script), ...args], { cwd: ROOT, ...options });

/** What is checked besides the tests; each counts as one. */
const CHECKS = [
  { name: 'lint and format', run: () => node('node_modules/@biomejs/biome/bin/biome', ['ci', '.']) },
  { name: 'types', run: () => node('node_modules/typescript/bin/tsc', ['-p', '.']) },
  { name: 'types of the page', run: () => node('node_modules/typescript/bin/tsc', ['-p', 'dashboard']) },
];

/** Finds or fetches the Temporal CLI and a Chromium, in a process of its own: both come with our TypeScript. */
const setUp = () => run(process.execPath, ['--import', 'tsx', join(ROOT, 'scripts', 'test-setup.ts')], { cwd: ROOT });

function readReport(path) {
  if (!existsSync(path)) return null;
  return JSON.parse(readFileSync(path, 'utf8'));
}

function tell(report) {
  const skipped = [];
  const failed = [];
  for (const file of report.testResults) {
    if (file.status === 'failed' && file.assertionResults.length === 0) failed.push(`${file.name}: ${file.message}`);
    for (const test of file.assertionResults) {
      if (test.status === 'failed') failed.push(test.fullName);
      if (test.status === 'pending' || test.status === 'skipped' || test.status === 'todo') skipped.push(test);
    }
  }
  for (const test of skipped)
    say(`skipped: ${test.fullName}: ${test.meta?.skipReason ?? 'see the output above for the reason'}`);
  for (const name of failed) say(`failed: ${name}`);
  return {
    skipped: skipped.length,
    filesThatDidNotRun: report.testResults.filter((f) => f.status === 'failed' && f.assertionResults.length === 0)
      .length,
  };
}

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
  const folder = mkdtempSync(join(tmpdir(), 'driftless-test-'));
  const reportPath = join(folder, 'report.json');
  const only = process.argv.slice(2);
  const coverage = only.length === 0 ? ['--coverage'] : [];
  const code = await node('node_modules/vitest/vitest.mjs', [
    'run',
    ...coverage,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportPath}`,
    ...only,
  ]);
  const report = readReport(reportPath);
  rmSync(folder, { recursive: true, force: true });
  let skipped = 0;
  if (report === null) failed += 1;
  else {
    const told = tell(report);
    skipped = told.skipped;
    passed += report.numPassedTests;
    failed += report.numFailedTests + told.filesThatDidNotRun;
    if (code !== 0 && report.numFailedTests + told.filesThatDidNotRun === 0) {
      say('failed: the coverage thresholds, or an error outside the tests (see above)');
      failed += 1;
    }
  }
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
