import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BoundedMap, BoundedSet } from '../../src/lib/bounded.ts';

const limits = fc.integer({ min: 1, max: 5 });
const keys = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 40 });

/** The last `limit` different keys, in the order of their last writing. */
const newest = (written: readonly number[], limit: number): readonly number[] => {
  const order: number[] = [];
  for (const key of written) {
    if (order.includes(key)) order.splice(order.indexOf(key), 1);
    order.push(key);
  }
  return order.slice(-limit);
};

describe('bounded collections', () => {
  it('hold the newest keys, oldest first, and a map the last value of each', () => {
    fc.assert(
      fc.property(limits, keys, (limit, written) => {
        const set = new BoundedSet<number>(limit);
        const map = new BoundedMap<number, number>(limit);
        for (const [at, key] of written.entries()) {
          set.add(key);
          map.set(key, at);
        }
        const left = newest(written, limit);
        expect([...set]).toEqual(left);
        expect([...map]).toEqual(left.map((key) => [key, written.lastIndexOf(key)]));
      }),
    );
  });

  it('begin with entries under the same bound', () => {
    const entries: [string, number][] = [
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ];
    expect([...new BoundedMap(2, entries)]).toEqual(entries.slice(1));
  });

  it('forget what is deleted', () => {
    const set = new BoundedSet<string>(2).add('a').add('b');
    expect(set.delete('a')).toBe(true);
    expect([...set.add('c')]).toEqual(['b', 'c']);
  });
});
