/** What may be withdrawn from, and deposited into, a market. */
import { expect, it } from '@jest/globals';
import { describeOnVelocity } from '../../../../localnet/tests/support/velocity-files.ts';
import { depositRoom, lendRates, withdrawLimit } from '../../../../src/venues/velocity/read/lending.ts';
import { solWith } from './support.ts';

const SOL = 1_000_000_000n;
const NOW = 1_786_205_423n;

describeOnVelocity('lending', (files) => {
  const market = (fields: object = {}) =>
    solWith(files, {
      depositsScaled: 1_000n * SOL,
      borrowsScaled: 0n,
      depositIndex: 10_000_000_000n,
      borrowIndex: 10_000_000_000n,
      depositTwap: 1_000n * SOL,
      borrowTwap: 0n,
      utilizationTwap: 0n,
      withdrawGuard: 100n * SOL,
      maxDeposits: 1_200n * SOL,
      lastTwapTs: NOW,
      ...fields,
    });

  it('rates: what debtors pay, less the cuts of the insurance fund and the program, shared by all deposits', () => {
    const rates = lendRates(
      market({ borrowsScaled: 400n * SOL, insuranceFeeFactor: 100_000, protocolFeeFactor: 50_000 }),
    );
    expect(rates.borrow).toBe(26_250n);
    expect(rates.deposit).toBe((26_250n * 400_000n * 850_000n) / 1_000_000n / 1_000_000n);
  });

  it('a quarter of the day`s mean may leave, or the guard if that is more', () => {
    expect(withdrawLimit(market(), NOW)).toBe(250n * SOL);
    expect(withdrawLimit(market({ withdrawGuard: 700n * SOL }), NOW)).toBe(700n * SOL);
    expect(withdrawLimit(market({ dailyWithdrawPart: 1_000 }), NOW)).toBe(100n * SOL);
  });

  it('what has left already counts, and the mean follows within a day', () => {
    expect(withdrawLimit(market({ depositsScaled: 800n * SOL }), NOW)).toBe(50n * SOL);
    const halfADayLater = withdrawLimit(market({ depositsScaled: 800n * SOL }), NOW + 43_200n);
    // The mean is 900 by then, one unit towards the old one.
    expect(halfADayLater).toBe(125n * SOL - 1n);
  });

  it('what is lent out binds: no more than the highest utilization, and never more than there is', () => {
    const lent = { borrowsScaled: 900n * SOL, utilizationTwap: 900_000n, withdrawGuard: 0n };
    expect(withdrawLimit(market(lent), NOW)).toBe(1_000n * SOL - (900n * SOL * 1_000_000n) / 950_000n);
    expect(withdrawLimit(market({ borrowsScaled: 1_000n * SOL, withdrawGuard: 700n * SOL }), NOW)).toBe(0n);
  });

  it('the cap, and the growth of a day where the market limits it', () => {
    expect(depositRoom(market(), NOW)).toBe(200n * SOL);
    expect(depositRoom(market({ maxDeposits: 900n * SOL }), NOW)).toBe(0n);
    expect(depositRoom(market({ maxDeposits: 0n }), NOW)).toBeNull();
    expect(depositRoom(market({ dailyDepositPart: 1_000, depositGuard: 0n }), NOW)).toBe(100n * SOL);
    expect(depositRoom(market({ dailyDepositPart: 1_000, depositGuard: 1_150n * SOL }), NOW)).toBe(150n * SOL);
  });
});
