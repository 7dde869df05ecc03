import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lamports, microUsd, solNumber, unitNumber, usdNumber } from '../../../src/domain/money/units.ts';

describe('numbers for reading', () => {
  it('are the double nearest to the exact amount, of text and of base units alike', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n }), fc.constantFrom(6, 9), (base, decimals) => {
        // Both sides exact: one division rounds once.
        const nearest = Number(base) / 10 ** decimals;
        expect(unitNumber(base, decimals)).toBe(nearest === 0 ? 0 : nearest);
        expect(unitNumber(base.toString(), decimals)).toBe(unitNumber(base, decimals));
      }),
    );
  });

  it('round once where an amount has more digits than a double', () => {
    expect(solNumber('9007199254740993000000001')).toBe(9007199254740994);
    expect(usdNumber(microUsd(-1_500_000n))).toBe(-1.5);
  });

  it('know no negative zero', () => {
    expect(Object.is(solNumber(lamports(0n)), 0)).toBe(true);
    expect(Object.is(solNumber('-0'), 0)).toBe(true);
  });
});
