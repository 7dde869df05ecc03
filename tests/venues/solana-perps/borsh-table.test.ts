import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeBorsh, encodeBorsh, type WireTable } from '../../../src/venues/solana-perps/borsh-table.ts';

const TABLE = {
  count: 'u16',
  change: 'i64',
  side: ['long', 'short'],
  limit: { option: 'i64' },
  markets: { list: 'u16' },
  name: { raw: 4 },
} as const satisfies WireTable;

const VALUES = {
  count: 258,
  change: -1n,
  side: 'short',
  limit: null,
  markets: [1, 2],
  name: Uint8Array.of(1, 2, 3, 4),
} as const;

describe('borsh by a table', () => {
  it('writes field after field', () => {
    const expected = [2, 1, ...new Array(8).fill(255), 1, 0, 2, 0, 0, 0, 1, 0, 2, 0, 1, 2, 3, 4];
    expect([...encodeBorsh(TABLE, VALUES)]).toEqual(expected);
    expect(encodeBorsh(TABLE, { ...VALUES, limit: 5n })).toHaveLength(expected.length + 8);
  });

  it('reads back what it writes', () => {
    const i64 = fc.bigInt(-(1n << 63n), (1n << 63n) - 1n);
    const values = fc.record({
      count: fc.integer({ min: 0, max: 65_535 }),
      change: i64,
      side: fc.constantFrom('long' as const, 'short' as const),
      limit: fc.option(i64),
      markets: fc.array(fc.integer({ min: 0, max: 65_535 }), { maxLength: 5 }),
      name: fc.uint8Array({ minLength: 4, maxLength: 4 }),
    });
    fc.assert(fc.property(values, (given) => expect(decodeBorsh(TABLE, encodeBorsh(TABLE, given))).toEqual(given)));
  });

  it('refuses bytes that end too early, and bytes that are left over', () => {
    const bytes = encodeBorsh(TABLE, VALUES);
    expect(() => decodeBorsh(TABLE, bytes.subarray(0, -1))).toThrow(RangeError);
    expect(() => decodeBorsh(TABLE, Uint8Array.from([...bytes, 0]))).toThrow(RangeError);
  });

  it('refuses a value that does not fit', () => {
    expect(() => encodeBorsh(TABLE, { ...VALUES, count: 65_536 })).toThrow(RangeError);
    expect(() => encodeBorsh(TABLE, { ...VALUES, name: new Uint8Array(3) })).toThrow(RangeError);
    expect(() => encodeBorsh(TABLE, { ...VALUES, limit: 1n << 63n })).toThrow(RangeError);
  });
});
