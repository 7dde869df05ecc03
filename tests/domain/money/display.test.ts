import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { baseUnitsOf, formatAmount } from '../../../src/domain/money/amounts.ts';
import {
  percentText,
  shownSol,
  shownSolChange,
  shownUsd,
  solText,
  timeText,
  usdText,
} from '../../../src/domain/money/display.ts';

describe('figures in sentences', () => {
  it('round to what a person reads', () => {
    expect(shownSol('10')).toBe('10.0000');
    expect(shownSol('-10.03996')).toBe('−10.0400');
    expect(shownSol('-0.00001')).toBe('0.0000');
    expect(shownUsd('1234.505')).toBe('$1234.51');
    expect(shownUsd('-0.0036')).toBe('−$0.0036');
    expect(shownUsd('0.005')).toBe('$0.005');
    expect(shownUsd('0')).toBe('$0.00');
    expect(percentText(-0.001, 2)).toBe('0.00 %');
    expect(percentText(-3.256, 2)).toBe('−3.26 %');
    expect(timeText(1_700_000_000_000)).toBe('2023-11-14 22:13 UTC');
  });

  it('show a change that the rounding would hide', () => {
    expect(shownSolChange('-10', '-7.5')).toBe('from −10.0000 to −7.5000 SOL');
    expect(shownSolChange('-10', '-10.00001')).toBe('from −10 to −10.00001 SOL');
  });

  it('are never a minus zero, and never farther off than half of the last digit', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), (base) => {
        for (const text of [solText(base), usdText(base)]) expect(text).not.toMatch(/^−\$?0(\.0+)?$/);
        const shown = baseUnitsOf(solText(base).replace('−', '-'), 9);
        const off = shown - base;
        expect(off < 0n ? -off : off).toBeLessThanOrEqual(50_000n);
      }),
    );
  });

  it('are read back as they were written', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.constantFrom(6, 9), (base, decimals) => {
        expect(baseUnitsOf(formatAmount(base, decimals), decimals)).toBe(base);
      }),
    );
  });
});
