import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  accruedFunding,
  annualizedRate,
  FUNDING_UNITS_PER_MICRO_USD,
  fundingPayment,
  nextBoundary,
  rateFraction,
} from '../../../src/domain/hedge/funding.ts';
import { lamports, price } from '../../../src/domain/money/units.ts';

const HOUR = 3_600_000;
const anyPosition = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }).map(lamports);
const anyRate = fc.bigInt({ min: -(10n ** 10n), max: 10n ** 10n });

describe('funding payment', () => {
  it('pays the short when the rate is positive', () => {
    // 10 SOL short, 0.002 USD per SOL.
    expect(fundingPayment(lamports(-10_000_000_000n), 2_000_000n)).toEqual({ amount: 20_000n, remainder: 0n });
  });

  it('charges the short when the rate is negative, and the long when it is positive', () => {
    expect(fundingPayment(lamports(-10_000_000_000n), -2_000_000n).amount).toBe(-20_000n);
    expect(fundingPayment(lamports(10_000_000_000n), 2_000_000n).amount).toBe(-20_000n);
  });

  it('moves nothing at a zero rate or a flat position', () => {
    expect(fundingPayment(lamports(0n), 5n)).toEqual({ amount: 0n, remainder: 0n });
    expect(fundingPayment(lamports(-5n), 0n)).toEqual({ amount: 0n, remainder: 0n });
  });

  it('loses nothing over many periods: what is paid and what is carried is the exact sum (property)', () => {
    fc.assert(
      fc.property(anyPosition, fc.array(anyRate, { maxLength: 50 }), (position, rates) => {
        let carried = 0n;
        let paid = 0n;
        for (const rate of rates) {
          const payment = fundingPayment(position, rate, carried);
          expect(payment.remainder).toBeGreaterThanOrEqual(0n);
          expect(payment.remainder).toBeLessThan(FUNDING_UNITS_PER_MICRO_USD);
          paid += payment.amount;
          carried = payment.remainder;
        }
        const exact = rates.reduce((sum, rate) => sum - position * rate, 0n);
        expect(paid * FUNDING_UNITS_PER_MICRO_USD + carried).toBe(exact);
      }),
      { numRuns: 200 },
    );
  });
});

describe('funding periods', () => {
  it('end at the multiples of the period, each later than the time before it', () => {
    expect(nextBoundary(HOUR - 1, HOUR)).toBe(HOUR);
    expect(nextBoundary(HOUR, HOUR)).toBe(2 * HOUR);
    expect(nextBoundary(4 * HOUR + 1, HOUR)).toBe(5 * HOUR);
  });
});

describe('funding rates', () => {
  it('become fractions of the oracle TWAP', () => {
    expect(rateFraction(150_000n, price(150_000_000n))).toBe(1_000n);
    expect(rateFraction(-1n, price(150_000_000n))).toBe(-1n);
    expect(rateFraction(1n, price(0n))).toBeNull();
  });

  it('are annualised by 24 x 365.25 hours', () => {
    expect(annualizedRate(1_000n, HOUR)).toBeCloseTo(1e-6 * 24 * 365.25, 12);
    expect(annualizedRate(8_000n, 8 * HOUR)).toBeCloseTo(1e-6 * 24 * 365.25, 12);
  });
});

describe('accrued funding', () => {
  const short = lamports(-10_000_000_000n);
  it('is the part of the period that has passed', () => {
    expect(accruedFunding(short, price(100_000_000n), 10_000n, HOUR / 2, HOUR)).toBe(5_000n);
    expect(accruedFunding(short, price(100_000_000n), 10_000n, 5 * HOUR, HOUR)).toBe(10_000n);
    expect(accruedFunding(short, price(100_000_000n), 10_000n, -5, HOUR)).toBe(0n);
  });

  it('is unknown without price or rate, and zero without a position', () => {
    expect(accruedFunding(short, null, 1n, 1, HOUR)).toBeNull();
    expect(accruedFunding(short, price(1n), null, 1, HOUR)).toBeNull();
    expect(accruedFunding(short, price(1n), 1n, 1, 0)).toBeNull();
    expect(accruedFunding(lamports(0n), null, null, 1, HOUR)).toBe(0n);
  });
});
