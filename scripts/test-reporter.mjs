/** The output of `npm test`: a line for each file, each failure in full at once, each skip with its reason. */
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { ROOT, say } from './setup.mjs';

const MAX_ERROR_CHARS = 4_000;
const SKIPPED = new Set(['pending', 'skipped', 'todo', 'disabled']);

/** Lines of a stack that say only how Jest came to our code. */
const RUNNER = /^ +at .*[\\/]node_modules[\\/](jest-|@jest[\\/]|fast-check[\\/]).*\n?/gm;

/** The full error with its causes; for a failed property the assertion is among them. */
const report = (message) =>
  stripVTControlCharacters(message).replace(RUNNER, '').slice(0, MAX_ERROR_CHARS).trimEnd().replace(/^/gm, '    ');

export default class TestReporter {
  constructor() {
    this.counts = { passed: 0, failed: 0, skipped: 0 };
    this.skips = [];
    /** What each file with a failure counted: `.ci/run` runs it once more. */
    this.failedFiles = [];
    this.failures = [];
  }

  fail(name, messages) {
    this.counts.failed += 1;
    this.failures.push(name);
    say(`FAILED ${name}`);
    for (const message of messages) say(report(message));
  }

  onTestFileResult(_test, result) {
    const file = relative(ROOT, result.testFilePath).replaceAll('\\', '/');
    const before = { ...this.counts };
    const failuresBefore = this.failures.length;
    for (const { fullName, status, failureMessages } of result.testResults) {
      if (status === 'passed') this.counts.passed += 1;
      else if (SKIPPED.has(status)) {
        this.counts.skipped += 1;
        this.skips.push(`${file} > ${fullName}`);
      } else {
        this.fail(`${file} > ${fullName}`, failureMessages);
      }
    }
    // Failures outside of tests: the file could not be loaded, or its environment broke.
    const broken = result.testExecError !== undefined && this.counts.failed === before.failed;
    if (broken)
      this.fail(`${file} (outside its tests)`, [result.failureMessage ?? String(result.testExecError.message)]);
    const isOk = this.counts.failed === before.failed;
    if (!isOk) {
      const counted = Object.entries(this.counts).map(([key, count]) => [key, count - before[key]]);
      const failures = this.failures.slice(failuresBefore);
      this.failedFiles.push({ file, failures, ...Object.fromEntries(counted) });
    }
    const { start, end } = result.perfStats;
    say(`${isOk ? 'ok' : 'not ok'} ${file} (${result.testResults.length} tests, ${end - start} ms)`);
  }

  onRunComplete(_contexts, { runExecError }) {
    if (runExecError !== undefined)
      this.fail('an error outside the tests', [runExecError.stack ?? runExecError.message]);
    for (const skip of this.skips) say(`skipped: ${skip}`);
    if (this.failures.length > 0) say(`\nFailed:\n${this.failures.map((name) => `  ${name}`).join('\n')}`);
    const path = process.env.DRIFTLESS_TEST_COUNTS;
    if (path) writeFileSync(path, JSON.stringify({ ...this.counts, failedFiles: this.failedFiles }));
  }
}
