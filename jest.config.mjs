/** Percentages of lines, statements and functions; of branches ten less: the defensive arms of exhaustive switches are branches too. */
const at = (percent) => ({ lines: percent, statements: percent, functions: percent, branches: percent - 10 });

export default {
  testMatch: ['<rootDir>/tests/**/*.test.ts', '<rootDir>/localnet/tests/**/*.test.ts'],
  testEnvironment: '<rootDir>/tests/support/jest-environment.mjs',
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  transform: {
    '\\.tsx?$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' }, transform: { verbatimModuleSyntax: true } },
        module: { type: 'es6' },
      },
    ],
  },
  globalSetup: '<rootDir>/tests/support/global-setup.mjs',
  globalTeardown: '<rootDir>/tests/support/global-teardown.mjs',
  // Generous: what waits for a condition must not fail because the machine is busy.
  testTimeout: 300_000,
  // Each file may run a Temporal worker and a database: more at once only take time from each other.
  maxWorkers: 2,
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts', 'localnet/**/*.ts', 'activities/**/*.ts', '!**/*.d.ts', '!localnet/tests/**'],
  coverageReporters: ['text-summary', 'json-summary', 'html'],
  coverageDirectory: 'coverage',
  coverageThreshold: {
    'src/domain/**/*.ts': at(90),
    'src/lib/errors.ts': at(80),
    'activities/failures.ts': at(80),
    'src/journal/database-errors.ts': at(80),
    'src/bridge/commands*.ts': at(85),
    'src/bridge/command-schema.ts': at(85),
  },
};
