import { relative } from 'node:path';
import TestSequencer from '@jest/test-sequencer';

/** What takes minutes starts first, so that no worker ends with it alone while the other has nothing left to do. */
const LONGEST = [
  'tests/crash/drift-matrix.test.ts',
  'tests/venues/drift/properties.test.ts',
  'tests/venues/drift/books/books-property.test.ts',
  'tests/venues/paper/trading.test.ts',
  'tests/market-data/synthetic.test.ts',
];

/** The other matrix keeps both cores busy too: it runs long after the first, never beside it. */
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
