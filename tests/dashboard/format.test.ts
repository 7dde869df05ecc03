import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { baseToText, floorToStep, parseAmount } from '../../dashboard/src/format/decimal.ts';
import { microUsdText } from '../../dashboard/src/format/micro-usd.ts';
import { percent, ratio, shortId, sol, times, toneOf, usd, usdFine } from '../../dashboard/src/format/number.ts';
import { age, countdown, days } from '../../dashboard/src/format/time.ts';
import { previewRows } from '../../dashboard/src/state/preview.ts';

const base = (typed: string, decimals = 9): bigint | string => {
  const parsed = parseAmount(typed, decimals);
  return parsed.ok ? parsed.base : parsed.reason;
};

describe('an amount as typed', () => {
  it('is read exactly, where a floating-point number would not be', () => {
    expect(base('0.1')).toBe(100_000_000n);
    expect(base('123456789012345678.123456789')).toBe(123_456_789_012_345_678_123_456_789n);
    expect(base('.5')).toBe(500_000_000n);
    expect(base('5.')).toBe(5_000_000_000n);
    expect(base(' 007.250 ')).toBe(7_250_000_000n);
    expect(base('1.5', 6)).toBe(1_500_000n);
  });

  it('is sent in its plainest form', () => {
    expect(parseAmount('007.2500', 9)).toEqual({ ok: true, text: '7.25', base: 7_250_000_000n });
    expect(parseAmount('.5', 9)).toMatchObject({ text: '0.5' });
    expect(parseAmount('3.000', 9)).toMatchObject({ text: '3' });
  });

  it.each([
    ['', 'Enter an amount.'],
    ['-1', 'The amount must be positive.'],
    ['0', 'The amount must be more than zero.'],
    ['0.000', 'The amount must be more than zero.'],
    ['1,5', 'Use a point for decimals and no thousands separators.'],
    ['1e3', 'Write the number out, without an exponent.'],
    ['0.0000000001', 'At most 9 decimals.'],
    ['1.2.3', 'Digits and one point only, for example 1.5'],
    ['.', 'Digits and one point only, for example 1.5'],
    ['NaN', 'Digits and one point only, for example 1.5'],
    ['٣', 'Digits and one point only, for example 1.5'],
    ['9'.repeat(41), 'That is too long for an amount.'],
  ])('%j is refused with the reason', (typed, reason) => {
    expect(base(typed)).toBe(reason);
  });

  it('comes back from base units as it went in', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 24n }), fc.constantFrom(6, 9), (units, decimals) => {
        expect(base(baseToText(units, decimals), decimals)).toBe(units);
      }),
    );
  });

  it('is brought down to a whole step, never up', () => {
    expect(floorToStep(10_041_234_567n, 1_000_000n)).toBe(10_041_000_000n);
    expect(floorToStep(7n, null)).toBe(7n);
  });
});

describe('a figure', () => {
  it('that is missing is unknown, never zero', () => {
    for (const print of [usd, usdFine, sol, percent, ratio, times, countdown, age, days]) {
      expect(print(null)).toBe('unknown');
      expect(print(undefined)).toBe('unknown');
      expect(print(Number.NaN)).toBe('unknown');
    }
    expect(toneOf(null)).toBe('unknown');
  });

  it('has its sign in front, and none when it prints as zero', () => {
    expect(usd(-21)).toBe('−$21.00');
    expect(usd(18.342, 'always')).toBe('+$18.34');
    expect(usd(-0.001)).toBe('$0.00');
    expect(usd(0, 'always')).toBe('$0.00');
    expect(sol(-10.5, 'always')).toBe('−10.5000 SOL');
    expect(ratio(0.0000124, 5, 'always')).toBe('+0.00124 %');
  });

  it('keeps an hour of funding from reading as nothing', () => {
    expect(usdFine(0.0091, 'always')).toBe('+$0.009100');
    expect(usdFine(18.342)).toBe('$18.34');
  });

  it('of money in micro-USD is exact to the digit that is shown', () => {
    expect(microUsdText(14_249_817n, 6, 'always')).toBe('+$14.249817');
    expect(microUsdText(-1_234_567_890_123n, 2)).toBe('−$1,234,567.89');
    expect(microUsdText(999_999n, 2)).toBe('$1.00');
    expect(microUsdText(-4n, 2)).toBe('$0.00');
  });

  it('of time counts down in whole seconds and never below zero', () => {
    expect(countdown(1_747_000)).toBe('29:07');
    expect(countdown(3_729_000)).toBe('1:02:09');
    expect(countdown(2 * 86_400_000 + 3 * 3_600_000)).toBe('2 d 03 h');
    expect(countdown(-5)).toBe('0:00');
    expect(age(94_000)).toBe('1 min');
    expect(days(0.5)).toBe('12.0 hours');
    expect(days(3.42)).toBe('3.4 days');
  });

  it('of a long id keeps head and tail', () => {
    expect(shortId('5KqAbCdEfGhIjKlMnOpQrStUvWxYz')).toBe('5KqAbC…WxYz');
    expect(shortId('short')).toBe('short');
  });
});

describe('a preview', () => {
  it('is shown whole in words, and says unknown where the server does', () => {
    const rows = previewRows({
      size: -19.9,
      position: -2,
      price_limit: 146.57,
      price_limit_base: '146570000',
      health_after: null,
      after: { leverage: 2 },
      costs: { slippage_at_most_usd: 0.7492, network_sol: 0.000015, network_sol_base: '15000' },
      liquidation_distance_after_pct: 'none',
      reasons: ['DELTA_EXPOSED'],
      gates: undefined,
    });
    expect(rows).toEqual([
      ['size', 'Sell 19.900000 SOL'],
      ['position', 'Short 2.000000 SOL'],
      ['price limit', '$146.57'],
      ['health after', 'unknown'],
      ['after · leverage', '2.00×'],
      ['costs · slippage at most', '$0.75'],
      ['costs · network', '0.000015 SOL'],
      ['liquidation distance after', 'none'],
      ['reasons', 'DELTA_EXPOSED'],
    ]);
  });
});
