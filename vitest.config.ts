import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Percentages of lines, statements and functions; of branches ten less, since what runs in Temporal's sandbox is not seen
 * and the defensive arms of exhaustive switches are branches too.
 */
const at = (percent: number) => ({ lines: percent, statements: percent, functions: percent, branches: percent - 10 });

/** Each takes both cores for minutes: one at the start, the other long after it, never side by side at the end. */
const MATRICES = ['tests/crash/drift-matrix.test.ts', 'tests/crash/matrix.test.ts'] as const;

class MatricesApart extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const [first, second] = MATRICES.map((name) => sorted.filter(({ moduleId }) => moduleId.endsWith(name)));
    const others = sorted.filter(({ moduleId }) => MATRICES.every((name) => !moduleId.endsWith(name)));
    const half = Math.floor(others.length / 2);
    return [...(first ?? []), ...others.slice(0, half), ...(second ?? []), ...others.slice(half)];
  }
}

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts', 'localnet/tests/**/*.test.ts'],
    pool: 'forks',
    globalSetup: ['tests/support/temporal-server.ts'],
    // Generous: what waits for a condition must not fail because the machine is busy.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 30_000,
    // Each file may run a Temporal worker and a database: more at once only take time from each other.
    maxWorkers: 2,
    sequence: { sequencer: MatricesApart },
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts', 'localnet/**/*.ts', 'activities/**/*.ts'],
      exclude: ['**/*.d.ts', 'localnet/tests/**'],
      reporter: ['text-summary', 'json-summary', 'html'],
      // The thresholds hold whatever else failed.
      reportOnFailure: true,
      reportsDirectory: 'coverage',
      thresholds: {
        'src/domain/**/*.ts': at(90),
        'src/lib/errors.ts': at(80),
        'activities/failures.ts': at(80),
        'src/journal/database-errors.ts': at(80),
        'src/bridge/commands*.ts': at(85),
        'src/bridge/command-schema.ts': at(85),
      },
    },
  },
});
