import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseScaled } from '../../src/market-data/decimal.ts';

describe('decimal text', () => {
  it.each([
    ['-0.000004666', 9, -4666n],
    ['0.000278541', 9, 278541n],
    ['127.636936', 6, 127636936n],
    ['5', 4, 50000n],
    ['4.4701', 4, 44701n],
    ['-4.666e-06', 9, -4666n],
    ['1E3', 2, 100000n],
    ['0.0000000005', 9, 1n],
    ['-0.0000000005', 9, -1n],
    ['0.00000000049', 9, 0n],
    ['9007199254740993.000000001', 9, 9007199254740993000000001n],
  ])('reads %s at %i places as %s', (text, scale, expected) => {
    expect(parseScaled(text, scale)).toBe(expected);
  });

  it.each(['', ' ', 'NaN', 'Infinity', '1,5', '0x10', '.5', '5.', '1e400', '--1', '1_000'])('refuses %j', (text) => {
    expect(parseScaled(text, 9)).toBeNull();
  });

  it('keeps every digit of whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }),
        fc.integer({ min: 0, max: 9 }),
        (value, scale) => {
          const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
          const text = `${value < 0n ? '-' : ''}${digits.slice(0, digits.length - scale)}${scale > 0 ? `.${digits.slice(digits.length - scale)}` : ''}`;
          expect(parseScaled(text, scale)).toBe(value);
        },
      ),
    );
  });
});
