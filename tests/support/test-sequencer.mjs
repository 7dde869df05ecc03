import { relative } from 'node:path';
import TestSequencer from '@jest/test-sequencer';

/**
 * What takes 20 s and more by measurement, which start first: else a worker ends with one of
 * them alone while the others have nothing to do.
 */
const LONGEST = [
  'tests/crash/drift-matrix.test.ts',
  'tests/product/live-strangers.test.ts',
  'tests/product/data-folder.test.ts',
  'tests/product/kill.test.ts',
  'tests/two-stores/on-the-chain.test.ts',
  'tests/workflows/engine-renewal.test.ts',
  'tests/product/stopped-and-continued.test.ts',
  'tests/workflows/vault-in-step.test.ts',
  'tests/workflows/engine-ways-out.test.ts',
  'tests/errors/on-the-chain.test.ts',
  'tests/product/start.test.ts',
  'tests/journal/crash.test.ts',
  'tests/venues/contract.test.ts',
  'tests/venues/drift/write/uncertain-fills.test.ts',
  'tests/product/degraded.test.ts',
  'tests/workflows/engine-watch.test.ts',
  'tests/product/live-cycle.test.ts',
  'tests/product/live-recovery.test.ts',
  'tests/workflows/uncertain-outcomes.test.ts',
  'tests/product/npm-start.test.ts',
  'tests/runtime/engine-start.test.ts',
  'tests/workflows/engine-unknown.test.ts',
  'tests/workflows/engine-stores.test.ts',
  'tests/two-stores/rebuild.test.ts',
  'tests/product/live-watching.test.ts',
  'tests/product/cycle.test.ts',
  'tests/product/live-localnet.test.ts',
  'tests/venues/drift/properties.test.ts',
  'tests/workflows/engine-ledger.test.ts',
  'tests/product/roles.test.ts',
  'tests/workflows/engine-commands.test.ts',
  'tests/product/velocity-cycle.test.ts',
  'tests/product/page.test.ts',
  'tests/venues/drift/health-alerts.test.ts',
  'tests/product/replay.test.ts',
  'tests/workflows/paper-operations.test.ts',
  'tests/journal/advance.test.ts',
  'tests/journal/open-journal.test.ts',
  'tests/errors/on-drift.test.ts',
  'tests/workflows/engine-away.test.ts',
  'tests/venues/drift/write/exit-waits.test.ts',
  'tests/venues/drift/write/cycle.test.ts',
  'tests/venues/paper/trading.test.ts',
  'tests/venues/paper/both-databases.test.ts',
  'tests/runtime/engine-guardian.test.ts',
  'tests/bridge/deadlines.test.ts',
  'tests/venues/paper/market-time.test.ts',
  'tests/venues/drift/books/books-property.test.ts',
  'tests/runtime/signer-watch.test.ts',
  'tests/runtime/backtest-sweep.test.ts',
  'tests/journal/data-lock.test.ts',
  'tests/backtest/paper.test.ts',
  'tests/runtime/stuck-workflows.test.ts',
  'tests/venues/drift/news.test.ts',
  'tests/workflows/doors.test.ts',
  'tests/journal/extended-query.test.ts',
  'tests/journal/thinning.test.ts',
  'tests/venues/drift/write/pitfalls.test.ts',
  'tests/product/wrong-input.test.ts',
  'tests/venues/drift/books/books-trouble.test.ts',
  'tests/venues/drift/drift-venue.test.ts',
];

/** The other matrix keeps all cores busy too: it runs long after the first, never beside it. */
const LATER = 'tests/crash/matrix.test.ts';

export default class LongestFirst extends TestSequencer {
  sort(tests) {
    const nameOf = ({ path, context }) => relative(context.config.rootDir, path).replaceAll('\\', '/');
    const named = (name) => tests.filter((test) => nameOf(test) === name);
    const others = super.sort(tests.filter((test) => ![...LONGEST, LATER].includes(nameOf(test))));
    const half = Math.floor(others.length / 2);
    return [...LONGEST.flatMap(named), ...others.slice(0, half), ...named(LATER), ...others.slice(half)];
  }
}
