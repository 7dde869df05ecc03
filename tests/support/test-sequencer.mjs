import { relative } from 'node:path';
import TestSequencer from '@jest/test-sequencer';

/** The longest by measurement, which start first: else a worker ends with one of them alone while the others have nothing to do. */
const LONGEST = [
  'tests/crash/drift-matrix.test.ts',
  'tests/two-stores/on-the-chain.test.ts',
  'tests/product/live-strangers.test.ts',
  'tests/runtime/engine-start.test.ts',
  'tests/product/start.test.ts',
  'tests/product/data-folder.test.ts',
  'tests/workflows/engine-renewal.test.ts',
  'tests/product/live-recovery.test.ts',
  'tests/product/replay.test.ts',
  'tests/product/degraded.test.ts',
  'tests/workflows/engine-ways-out.test.ts',
  'tests/errors/on-the-chain.test.ts',
  'tests/workflows/engine-watch.test.ts',
  'tests/workflows/engine-away.test.ts',
  'tests/venues/drift/write/uncertain-fills.test.ts',
  'tests/product/cycle.test.ts',
  'tests/product/page.test.ts',
  'tests/two-stores/rebuild.test.ts',
  'tests/workflows/uncertain-outcomes.test.ts',
  'tests/venues/contract.test.ts',
  'tests/domain/margin/margin-parity.test.ts',
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
