import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CriticalError } from '../../../src/lib/errors.ts';
import {
  type AccountLayout,
  blankAccount,
  decodeAccount,
  readPath,
  withFields,
} from '../../../src/venues/solana-perps/account-layout.ts';
import { PRELAUNCH_ORACLE, PYTH_LAZER_ORACLE } from '../../../src/venues/solana-perps/oracle-accounts.ts';
import { type AnyScalar, bytesOf, type Scalar } from '../../../src/venues/solana-perps/wire-types.ts';
import { PERP_MARKET, SPOT_MARKET, STATE, USER_STATS } from '../../../src/venues/velocity/program/accounts.ts';
import { USER, WIDE_USER } from '../../../src/venues/velocity/program/user.ts';

const SAMPLE = {
  name: 'Sample',
  bytes: 64,
  fields: { owner: [8, 'address'], count: [40, 'u16'], side: [42, ['long', 'short']], open: [43, 'bool'] },
  lists: { parts: { at: 44, count: 2, bytes: 9, fields: { change: [0, 'i64'], kind: [8, 'u8'] } } },
} as const satisfies AccountLayout;

const OWNER = 'vELoC1audYbSYVRXn1vPaV8Axoa9oU6BYmNGZZBDZ1P';

function errorOf(work: () => unknown): CriticalError {
  try {
    work();
  } catch (error) {
    if (error instanceof CriticalError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** Every value of a type that has a value of its own. */
function anyValueOf(type: Scalar): fc.Arbitrary<AnyScalar> {
  if (typeof type !== 'string') return fc.constantFrom(...type);
  if (type === 'bool') return fc.boolean();
  if (type === 'address') return fc.constantFrom(OWNER, '11111111111111111111111111111111');
  if (type === 'text32') return fc.constantFrom('', 'SOL-PERP', 'x'.repeat(32));
  const bits = bytesOf(type) * 8;
  const whole = type.startsWith('i')
    ? fc.bigInt(-(1n << BigInt(bits - 1)), (1n << BigInt(bits - 1)) - 1n)
    : fc.bigInt(0n, (1n << BigInt(bits)) - 1n);
  return bits <= 32 ? whole.map(Number) : whole;
}

/** Where each field of an account, and each of its lists, begins and ends. */
function spansOf({ fields, lists }: AccountLayout): readonly { name: string; from: number; to: number }[] {
  const own = Object.entries(fields).map(([name, [at, type]]) => ({ name, from: at, to: at + bytesOf(type) }));
  const inLists = Object.entries(lists).map(([name, { at, count, bytes }]) => ({
    name,
    from: at,
    to: at + count * bytes,
  }));
  return [...own, ...inLists];
}

describe('an account layout', () => {
  it('reads each field by its own type', () => {
    const data = withFields(SAMPLE, blankAccount(SAMPLE), {
      owner: OWNER,
      count: 513,
      side: 'short',
      open: true,
      'parts.1.change': -5n,
      'parts.1.kind': 7,
    });
    const decoded = decodeAccount(SAMPLE, data);
    const count: number = decoded.count;
    const change: bigint | undefined = decoded.parts[1]?.change;
    expect({ ...decoded, count, change }).toEqual({
      extraBytes: 0,
      owner: OWNER,
      count: 513,
      side: 'short',
      open: true,
      parts: [
        { change: 0n, kind: 0 },
        { change: -5n, kind: 7 },
      ],
      change: -5n,
    });
    expect([...data.subarray(40, 44)]).toEqual([1, 2, 1, 1]);
  });

  it('calls a variant unknown that a later program added', () => {
    const data = blankAccount(SAMPLE);
    data[42] = 2;
    expect(decodeAccount(SAMPLE, data).side).toBe('unknown');
  });

  it.each([
    ['too short', (data: Uint8Array) => data.subarray(0, 63), { expected_bytes: 64, bytes: 63 }],
    ['too long', (data: Uint8Array) => Uint8Array.from([...data, 0]), { expected_bytes: 64, bytes: 65 }],
    ['of another kind', (data: Uint8Array) => data.fill(1, 0, 8), { discriminator: '0101010101010101' }],
    ['empty', () => new Uint8Array(), { discriminator: '' }],
  ])('refuses bytes that are %s', (_what, spoil, details) => {
    const error = errorOf(() => decodeAccount(SAMPLE, spoil(blankAccount(SAMPLE))));
    expect(error.code).toBe('ACCOUNT_LAYOUT');
    expect(error.details).toMatchObject({ account: 'Sample', ...details });
  });

  it('reads a longer account of a kind that grows as far as it knows it, and a shorter one not at all', () => {
    const growing = { ...SAMPLE, grows: true } as const;
    const data = withFields(SAMPLE, blankAccount(SAMPLE), { count: 7 });
    const longer = Uint8Array.from([...data, 1, 2, 3]);
    expect(decodeAccount(growing, longer)).toEqual({ ...decodeAccount(SAMPLE, data), extraBytes: 3 });
    expect(errorOf(() => decodeAccount(growing, data.subarray(0, 63))).details).toMatchObject({ bytes: 63 });
  });

  it('reads bytes that begin anywhere in their buffer', () => {
    const data = withFields(SAMPLE, blankAccount(SAMPLE), { 'parts.0.change': 99n });
    const shifted = new Uint8Array(data.length + 3);
    shifted.set(data, 3);
    expect(decodeAccount(SAMPLE, shifted.subarray(3)).parts[0]?.change).toBe(99n);
  });

  it('refuses a path that it does not have, and a value that does not fit', () => {
    const data = blankAccount(SAMPLE);
    for (const path of ['other', 'parts', 'parts.2.kind', 'parts.0.other', 'parts.x.kind', 'count.0'])
      expect(() => withFields(SAMPLE, data, { [path]: 0 })).toThrow(RangeError);
    for (const [path, value] of [
      ['count', 65_536],
      ['count', -1],
      ['parts.0.change', 1n << 63n],
      ['side', 'sideways'],
      ['owner', 'no address'],
      ['open', 2],
    ] as const)
      expect(() => withFields(SAMPLE, data, { [path]: value })).toThrow(RangeError);
  });
});

const TABLES: readonly AccountLayout[] = [
  ...[USER, WIDE_USER, USER_STATS, PERP_MARKET, SPOT_MARKET, STATE, PYTH_LAZER_ORACLE, PRELAUNCH_ORACLE],
];

describe.each(TABLES.map((layout) => [layout.name, layout.bytes, layout] as const))(
  '%s of %i bytes',
  (_name, _bytes, layout) => {
    it('has fields that lie apart, after the discriminator and before the end', () => {
      const spans = [...spansOf(layout)].sort((a, b) => a.from - b.from);
      const wrong = spans.filter(({ from, to }, at) => from < (spans[at - 1]?.to ?? 8) || to > layout.bytes);
      expect(wrong).toEqual([]);
      const inLists = Object.entries(layout.lists).flatMap(([name, { bytes, fields }]) => {
        const parts = Object.values(fields).sort(([a], [b]) => a - b);
        return parts
          .filter(([at, type], place) => {
            const before = parts[place - 1];
            return at + bytesOf(type) > bytes || (before !== undefined && at < before[0] + bytesOf(before[1]));
          })
          .map(([at]) => `${name} ${at}`);
      });
      expect(inLists).toEqual([]);
    });

    it('reads back what is written, and writes nothing else', () => {
      const paths = [
        ...Object.entries(layout.fields).map(([name, [, type]]) => [name, type] as const),
        ...Object.entries(layout.lists).flatMap(([name, { count, fields }]) =>
          Object.entries(fields).map(([field, [, type]]) => [`${name}.${count - 1}.${field}`, type] as const),
        ),
      ];
      const cases = fc.constantFrom(...paths).chain(([path, type]) => fc.tuple(fc.constant(path), anyValueOf(type)));
      fc.assert(
        fc.property(
          cases,
          fc.uint8Array({ minLength: layout.bytes, maxLength: layout.bytes }),
          ([path, value], noise) => {
            noise.set(blankAccount(layout).subarray(0, 8));
            const data = withFields(layout, noise, { [path]: value });
            expect(readPath(layout, data, path)).toBe(value);
            const touched = paths.filter(([name]) => readPath(layout, data, name) !== readPath(layout, noise, name));
            expect(touched.map(([name]) => name).filter((name) => name !== path)).toEqual([]);
          },
        ),
        { numRuns: 20 },
      );
    });
  },
);
