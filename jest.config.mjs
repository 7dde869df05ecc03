/**
 * A test file's tier follows from its folder. `npm run test:unit`, `test:integration` and `test:product` run one tier,
 * `npm test` all three.
 */
const UNIT = [
  'tests/activities',
  'tests/architecture',
  'tests/backtest',
  'tests/dashboard',
  'tests/domain',
  'tests/lib',
  'tests/market-data',
  'tests/protocol',
  'tests/venues/solana-perps',
  'tests/venues/velocity/maths',
  'tests/venues/velocity/program',
];
const PRODUCT = ['tests/product', 'tests/crash'];
const TESTS = ['tests', 'localnet/tests'];

const filesIn = (folders) => folders.map((folder) => `<rootDir>/${folder}/**/*.test.ts`);
const ignored = (folders) => folders.map((folder) => `<rootDir>/${folder}/`);

const COMMON = {
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
};

const WITH_TEMPORAL = {
  globalSetup: '<rootDir>/tests/support/global-setup.mjs',
  globalTeardown: '<rootDir>/tests/support/global-teardown.mjs',
};

/** Percentages of lines, statements and functions; of branches ten less: the defensive arms of exhaustive switches are branches too. */
const at = (percent) => ({ lines: percent, statements: percent, functions: percent, branches: percent - 10 });

/** Coverage thresholds. */
const HELD_AT = {
  './src/domain/': at(90),
  './src/lib/errors.ts': at(80),
  './activities/failures.ts': at(80),
  './src/journal/database-errors.ts': at(80),
  './src/bridge/commands.ts': at(85),
  './src/bridge/command-schema.ts': at(85),
};

export default {
  projects: [
    { ...COMMON, displayName: 'unit', testMatch: filesIn(UNIT) },
    {
      ...COMMON,
      ...WITH_TEMPORAL,
      displayName: 'integration',
      testMatch: filesIn(TESTS),
      testPathIgnorePatterns: ['/node_modules/', ...ignored([...UNIT, ...PRODUCT])],
    },
    { ...COMMON, ...WITH_TEMPORAL, displayName: 'product', testMatch: filesIn(PRODUCT) },
  ],
  // Generous: what waits for a condition must not fail because the machine is busy. Jest ignores it within a project.
  testTimeout: 300_000,
  // Each file may run a Temporal worker and a database: more at once only take time from each other.
  maxWorkers: 2,
  testSequencer: '<rootDir>/tests/support/test-sequencer.mjs',
  coverageProvider: 'v8',
  // What a threshold holds. To follow more costs a second for each test file that loads it.
  collectCoverageFrom: Object.keys(HELD_AT).map((path) =>
    path.endsWith('/') ? `${path.slice(2)}**/*.ts` : path.slice(2),
  ),
  coverageReporters: ['text-summary', 'json-summary', 'html'],
  coverageDirectory: 'coverage',
  // Jest sums a folder up; a pattern would hold each of its files to the number.
  coverageThreshold: HELD_AT,
};
