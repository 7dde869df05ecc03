import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  formatAmount,
  formatSol,
  formatUsd,
  MAX_AMOUNT_UNITS,
  parseAmount,
} from '../../../src/domain/money/amounts.ts';

const sol = (text: string) => parseAmount(text, 9, 'amount');

describe('parseAmount', () => {
  it.each([
    ['1.5', 1_500_000_000n],
    ['1', 1_000_000_000n],
    ['0.000000001', 1n],
    ['1e3', 1_000_000_000_000n],
    ['15E-1', 1_500_000_000n],
    ['1e-9', 1n],
    ['1.25e+1', 12_500_000_000n],
    ['007', 7_000_000_000n],
    ['1000000000', MAX_AMOUNT_UNITS * 1_000_000_000n],
    ['0.1', 100_000_000n],
    ['123456789.123456789', 123_456_789_123_456_789n],
  ])('reads %s exactly', (text, expected) => {
    expect(sol(text)).toEqual({ ok: true, amount: expected });
  });

  it.each([
    ['', 'nothing typed'],
    ['0', 'zero'],
    ['0.000000000', 'zero with decimals'],
    ['0e5', 'zero with an exponent'],
    ['-1', 'a negative'],
    ['+1', 'a sign'],
    ['NaN', 'NaN'],
    ['Infinity', 'Infinity'],
    ['-Infinity', 'minus Infinity'],
    ['1e400', 'more than a double holds'],
    ['1e99999', 'an absurd exponent'],
    ['1e-400', 'less than a double holds'],
    ['0x10', 'hex'],
    ['1,5', 'a comma'],
    ['1_000', 'a separator'],
    ['1.', 'a point without decimals'],
    ['.5', 'a point without a whole part'],
    ['1.0000000001', 'ten decimals'],
    ['1.0000000000', 'ten written decimals, though zeros'],
    ['1.0000000000000000001', 'nineteen decimals'],
    ['1e-10', 'ten decimals by exponent'],
    [' 1', 'a space'],
    ['1 ', 'a trailing space'],
    ['1\n', 'a newline'],
    ['1000000000.000000001', 'just above the maximum'],
    ['1e10', 'above the maximum'],
    ['１', 'a full-width digit'],
    ['9'.repeat(65), 'more text than is read'],
    ['null', 'null'],
    ['[1]', 'an array'],
  ])('refuses %j: %s', (text) => {
    const result = sol(text);
    expect(result.ok).toBe(false);
    if (result.ok) return;
    expect(result.error.code).toBe('INVALID_FIELD');
    expect(result.error.details?.field).toBe('amount');
    expect(typeof result.error.details?.got).toBe('string');
    expect(typeof result.error.details?.expected).toBe('string');
  });

  it('tells back at most a line of a long text', () => {
    const result = sol('x'.repeat(10_000));
    expect(result.ok ? '' : result.error.message.length).toBeLessThan(200);
  });

  it('counts decimals by the asset', () => {
    expect(parseAmount('1.000001', 6, 'amount')).toEqual({ ok: true, amount: 1_000_001n });
    expect(parseAmount('1.0000001', 6, 'amount').ok).toBe(false);
  });

  it('reads back whatever it prints (property)', () => {
    const amounts = fc.bigInt({ min: 1n, max: MAX_AMOUNT_UNITS * 1_000_000_000n });
    fc.assert(
      fc.property(amounts, (amount) => {
        expect(sol(formatSol(amount))).toEqual({ ok: true, amount });
      }),
      { numRuns: 500 },
    );
  });

  it('never throws, whatever the text (property)', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200, unit: 'binary' }), (text) => {
        const result = sol(text);
        if (result.ok) expect(result.amount).toBeGreaterThan(0n);
      }),
      { numRuns: 500 },
    );
  });

  it('reads the text of any positive double of at most nine decimals as JSON writes it (property)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 50 }), (lamports) => {
        const text = JSON.stringify(lamports / 1e9);
        const result = sol(text);
        // The shortest text of a double may have more decimals than we take; it is then refused and never rounded.
        if (result.ok) expect(result.amount).toBe(BigInt(lamports));
      }),
      { numRuns: 500 },
    );
  });
});

describe('formatAmount', () => {
  it.each([
    [0n, '0'],
    [1n, '0.000000001'],
    [1_500_000_000n, '1.5'],
    [-1n, '-0.000000001'],
    [-2_000_000_000n, '-2'],
    [10_000_000_000n, '10'],
  ])('prints %s lamports as %s', (lamports, text) => {
    expect(formatSol(lamports)).toBe(text);
  });

  it('prints micro-USD, and integers without decimals', () => {
    expect(formatUsd(1_230_000n)).toBe('1.23');
    expect(formatAmount(42n, 0)).toBe('42');
  });
});
