import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as z from '../../src/lib/codec.ts';
import { CriticalError } from '../../src/lib/errors.ts';

const Line = z.object({ asset: z.enum(['SOL', 'USDC']), amount: z.integerText<bigint>() });
const Sheet = z.object({
  name: z.string(),
  slot: z.number().int(),
  speed: z.union([z.number().positive(), z.literal('max')]),
  lines: z.array(Line),
  limit: z.integerText<bigint>().nullable(),
  note: z.string().optional(),
  mark: Line.nullable().optional(),
});
type Sheet = z.output<typeof Sheet>;
type SheetJson = z.input<typeof Sheet>;

const JSON_SHEET: SheetJson = {
  name: 'a',
  slot: 7,
  speed: 'max',
  lines: [{ asset: 'SOL', amount: '-12345678901234567890' }],
  limit: null,
};

function refusal(json: unknown): { readonly code: string; readonly message: string } {
  try {
    z.decode(Sheet, json as SheetJson);
  } catch (error) {
    if (error instanceof CriticalError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('it was taken');
}

/** All that a schema takes: 60 digits. */
const MOST = 10n ** 60n - 1n;
const line = fc.record({
  asset: fc.constantFrom('SOL' as const, 'USDC' as const),
  amount: fc.bigInt({ min: -MOST, max: MOST }),
});
const sheet: fc.Arbitrary<Sheet> = fc.record(
  {
    name: fc.string(),
    slot: fc.maxSafeInteger(),
    speed: fc.oneof(fc.constant('max' as const), fc.integer({ min: 1 })),
    lines: fc.array(line),
    limit: fc.option(fc.constant(5n)),
    note: fc.string(),
    mark: fc.option(line),
  },
  { requiredKeys: ['name', 'slot', 'speed', 'lines', 'limit'] },
);

describe('a schema of our own data', () => {
  it('gives back through JSON what went in', () => {
    fc.assert(
      fc.property(sheet, (value) => {
        const text = JSON.stringify(z.encode(Sheet, value));
        expect(z.decode(Sheet, JSON.parse(text) as SheetJson)).toEqual(value);
      }),
    );
  });

  it('leaves out what it does not name, and absent stays absent', () => {
    const decoded = z.decode(Sheet, { ...JSON_SHEET, other: 1 } as SheetJson);
    expect(Object.keys(decoded)).toEqual(['name', 'slot', 'speed', 'lines', 'limit']);
    expect(decoded.lines[0]?.amount).toBe(-12345678901234567890n);
  });

  it.each([
    [{ slot: 1.5 }, 'slot: expected a whole number'],
    [{ slot: Number.NaN }, 'slot: expected a whole number'],
    [{ slot: '7' }, 'slot: expected a whole number'],
    [{ name: undefined }, 'name: expected text'],
    [{ speed: 0 }, 'speed: expected number above 0 or "max"'],
    [{ lines: {} }, 'lines: expected a list'],
    [
      {
        lines: [
          { asset: 'SOL', amount: '1' },
          { asset: 'BTC', amount: '1' },
        ],
      },
      'lines.1.asset: expected one of SOL, USDC',
    ],
    [{ lines: [{ asset: 'SOL', amount: 1 }] }, 'lines.0.amount: expected an integer as text'],
    [{ lines: [{ asset: 'SOL', amount: '1.0' }] }, 'lines.0.amount: expected an integer as text'],
    [{ limit: undefined }, 'limit: expected an integer as text'],
    [{ mark: 3 }, 'mark: expected an object'],
  ])('says where and what it expected: %j', (change, message) => {
    expect(refusal({ ...JSON_SHEET, ...change })).toEqual({ code: 'DATA_INVALID', message });
  });

  it('encodes no number that JSON cannot say, and nothing but an integer as one', () => {
    const value = z.decode(Sheet, JSON_SHEET);
    expect(() => z.encode(Sheet, { ...value, speed: Number.POSITIVE_INFINITY })).toThrow('speed: expected');
    expect(() => z.encode(Sheet, { ...value, limit: 1 as never })).toThrow('limit: expected an integer');
  });

  it('is made of another by adding and leaving out', () => {
    const Named = Line.extend({ name: z.string() });
    expect(z.decode(Named, { asset: 'SOL', amount: '1', name: 'n' })).toEqual({ asset: 'SOL', amount: 1n, name: 'n' });
    const Bare = Named.omit({ asset: true, name: true });
    expect(z.decode(Bare, { amount: '2' })).toEqual({ amount: 2n });
  });
});

describe('a field that had another name', () => {
  const Renamed = z.object({ sol: z.string(), quote: z.string() }).formerly({ quote: 'usdc' });
  const old = (json: object) => z.decode(Renamed, json as z.input<typeof Renamed>);

  it('is read under both, the present one first, and written under the present one', () => {
    expect(old({ sol: '1', usdc: '2' })).toEqual({ sol: '1', quote: '2' });
    expect(old({ sol: '1', quote: '3', usdc: '2' })).toEqual({ sol: '1', quote: '3' });
    expect(Renamed.encode({ sol: '1', quote: '3' })).toEqual({ sol: '1', quote: '3' });
    expect(z.decodeExactly(Renamed, { sol: '1', usdc: '2' })).toEqual({ sol: '1', quote: '2' });
  });

  it('is missing, by its present name, where neither is there', () => {
    expect(() => old({ sol: '1' })).toThrow('quote: expected text');
  });
});
