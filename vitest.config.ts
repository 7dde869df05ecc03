import { defineConfig } from 'vitest/config';

/**
 * Percentages of lines, statements and functions; of branches ten less, since what runs in Temporal's sandbox is not seen
 * and the defensive arms of exhaustive switches are branches too.
 */
const at = (percent: number) => ({ lines: percent, statements: percent, functions: percent, branches: percent - 10 });

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    pool: 'forks',
    globalSetup: ['tests/support/temporal-server.ts'],
    // Generous: what waits for a condition must not fail because the machine is busy.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 30_000,
    // Each file may run a Temporal worker and a database: more at once only take time from each other.
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts', 'activities/**/*.ts'],
      exclude: ['**/*.d.ts'],
      reporter: ['text-summary', 'json-summary', 'html'],
      // The thresholds hold whatever else failed.
      reportOnFailure: true,
      reportsDirectory: 'coverage',
      thresholds: {
        'src/domain/**/*.ts': at(90),
        'src/domain/errors.ts': at(80),
        'activities/failures.ts': at(80),
        'src/journal/database-errors.ts': at(80),
        'src/bridge/commands*.ts': at(85),
        'src/bridge/command-schema.ts': at(85),
      },
    },
  },
});
