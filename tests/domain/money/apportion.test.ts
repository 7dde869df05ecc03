import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { apportion } from '../../../src/domain/money/apportion.ts';
import { divCeil, divFloor, FEMTO_PER_MICRO_USD } from '../../../src/domain/money/units.ts';

const exactPart = fc.oneof(
  fc.constant(0n),
  fc.bigInt(-FEMTO_PER_MICRO_USD, FEMTO_PER_MICRO_USD),
  fc.bigInt(-(10n ** 24n), 10n ** 24n),
  fc.bigInt(-1_000n, 1_000n).map((micro) => micro * FEMTO_PER_MICRO_USD),
);
const parts = fc.dictionary(fc.string({ minLength: 1, maxLength: 6 }), exactPart, {
  minKeys: 1,
  maxKeys: 12,
  noNullPrototype: true,
});
const sumOf = (values: Record<string, bigint>) => Object.values(values).reduce((sum, value) => sum + value, 0n);

describe('apportion', () => {
  it('gives micro-USD that add up to the total, each less than one from its exact part', () => {
    fc.assert(
      fc.property(parts, fc.boolean(), (exact, up) => {
        const total = (up ? divCeil : divFloor)(sumOf(exact), FEMTO_PER_MICRO_USD);
        const rounded = apportion(exact, total);
        expect(Object.keys(rounded)).toEqual(Object.keys(exact));
        expect(sumOf(rounded)).toBe(total);
        for (const [name, value] of Object.entries(rounded)) {
          const off = value * FEMTO_PER_MICRO_USD - (exact[name] ?? 0n);
          expect(off > -FEMTO_PER_MICRO_USD && off < FEMTO_PER_MICRO_USD).toBe(true);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('works for the change between two amounts rounded alike', () => {
    fc.assert(
      fc.property(parts, fc.bigInt(-(10n ** 24n), 10n ** 24n), (exact, baseline) => {
        const now = baseline + sumOf(exact);
        const change = divFloor(now, FEMTO_PER_MICRO_USD) - divFloor(baseline, FEMTO_PER_MICRO_USD);
        expect(sumOf(apportion(exact, change))).toBe(change);
      }),
      { numRuns: 1_000 },
    );
  });

  it('leaves what is exact alone, so that nothing unexplained stays nothing', () => {
    const third = FEMTO_PER_MICRO_USD / 3n;
    const rounded = apportion(
      { unexplained: 0n, price: third, fees: third, funding: third + 1n, gas: 5n * FEMTO_PER_MICRO_USD },
      6n,
    );
    expect(rounded).toEqual({ unexplained: 0n, price: 0n, fees: 0n, funding: 1n, gas: 5n });
  });

  it('refuses a total that no rounding reaches', () => {
    expect(() => apportion({ price: 1n }, 2n)).toThrow(RangeError);
    expect(() => apportion({ price: 0n }, 1n)).toThrow(RangeError);
    expect(() => apportion({ price: 1n }, -1n)).toThrow(RangeError);
  });
});
