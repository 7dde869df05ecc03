/** What `npm test` hears from vitest: a line for each file, every failure in full at once, every skip with its reason. */
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { ROOT, say } from './setup.mjs';

const MAX_ERROR_CHARS = 4_000;

/** With what caused it: of a property that failed, the assertion is there. */
function report(error) {
  const text = (error.stack ?? error.message ?? String(error)).slice(0, MAX_ERROR_CHARS);
  return error.cause ? `${text}\nCaused by: ${report(error.cause)}` : text;
}

export default class TestReporter {
  constructor() {
    this.counts = { passed: 0, failed: 0, skipped: 0 };
    this.skips = [];
    /** What each file with a failure counted: `.ci/run` runs it once more. */
    this.failedFiles = [];
    this.failures = [];
  }

  fail(name, errors) {
    this.counts.failed += 1;
    this.failures.push(name);
    say(`FAILED ${name}`);
    for (const error of errors ?? []) say(report(error).replace(/^/gm, '    '));
  }

  onTestModuleEnd(module) {
    const file = relative(ROOT, module.moduleId).replaceAll('\\', '/');
    let tests = 0;
    const before = { ...this.counts };
    for (const test of module.children.allTests()) {
      tests += 1;
      const result = test.result();
      if (result.state === 'passed') this.counts.passed += 1;
      else if (result.state === 'failed') this.fail(`${file} > ${test.fullName}`, result.errors);
      else {
        this.counts.skipped += 1;
        this.skips.push(`${file} > ${test.fullName}: ${result.note ?? 'no reason given'}`);
      }
    }
    const errors = module.errors();
    if (errors.length > 0) this.fail(`${file} (outside its tests)`, errors);
    if (this.counts.failed > before.failed) {
      const counted = Object.entries(this.counts).map(([key, count]) => [key, count - before[key]]);
      this.failedFiles.push({ file, ...Object.fromEntries(counted) });
    }
    say(
      `${module.state() === 'failed' ? 'not ok' : 'ok'} ${file} (${tests} tests, ${Math.round(module.diagnostic().duration)} ms)`,
    );
  }

  onTestRunEnd(_modules, unhandledErrors) {
    for (const error of unhandledErrors) this.fail('an error outside the tests', [error]);
    for (const skip of this.skips) say(`skipped: ${skip}`);
    if (this.failures.length > 0) say(`\nFailed:\n${this.failures.map((name) => `  ${name}`).join('\n')}`);
    const path = process.env.DRIFTLESS_TEST_COUNTS;
    if (path) writeFileSync(path, JSON.stringify({ ...this.counts, failedFiles: this.failedFiles }));
  }
}
