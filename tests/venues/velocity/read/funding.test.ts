/** Funding with our own size, on mainnet's market: docs/architecture/velocity-venue.md has the figures. */
import { expect, it } from '@jest/globals';
import { describeOnVelocity } from '../../../../localnet/tests/support/velocity-files.ts';
import { rateAfterTrade } from '../../../../src/domain/hedge/funding.ts';
import { lamports } from '../../../../src/domain/money/units.ts';
import { ratesOfSides } from '../../../../src/venues/velocity/maths/funding-rate.ts';
import { fundingOutlook, marketFunding } from '../../../../src/venues/velocity/read/market-funding.ts';
import { readOracle } from '../../../../src/venues/velocity/read/oracle.ts';
import { perpWith, stateWith } from './support.ts';

const SOL = 1_000_000_000;
const HOURS_PER_YEAR = 24 * 365;

describeOnVelocity('funding with our own size', (files) => {
  const at = { slot: 438_024_296, nowMs: 1_786_205_423_000, state: stateWith(files) };
  const outlookOf = (fields: object = {}, position = 0n) =>
    fundingOutlook(perpWith(files, fields as never), readOracle(12, files.dumps.solOracle), position, at);
  /** Per cent a year, positive when a short receives. */
  function yearlyAfter(sol: number, outlook = outlookOf()): number {
    const rate = rateAfterTrade(outlook.afterTrade ?? [], lamports(BigInt(Math.round(sol * SOL))));
    if (rate === null) throw new Error(`nothing is known of ${sol} SOL`);
    return (Number(rate) / 1e9) * HOURS_PER_YEAR * 100;
  }

  it('the trap: with the AMM alone a short pays while shorts outweigh longs, and more the more it adds', () => {
    expect(yearlyAfter(0)).toBeCloseTo(-13, -0.6);
    expect(yearlyAfter(-10)).toBeCloseTo(-25, -0.6);
    expect(Math.abs(yearlyAfter(-100) + 164)).toBeLessThan(16);
    // Balanced: nothing but the offset, 10.95 % a year.
    expect(yearlyAfter(34.13, outlookOf({}, -34_130_000_000n))).toBeCloseTo(10.95, 1);
    expect(yearlyAfter(150)).toBeGreaterThan(100);
  });

  it('each further sale lowers what a short receives', () => {
    const rates = (outlookOf().afterTrade ?? []).map(({ rate }) => rate);
    expect(rates.length).toBeGreaterThan(10);
    expect(rates).toEqual([...rates].sort((a, b) => (a < b ? -1 : 1)));
  });

  it('no trade is estimated that the AMM has no room for, and a market that is not active not at all', () => {
    const { ammBaseReserve, ammMaxBaseReserve } = perpWith(files);
    const least = outlookOf().afterTrade?.[0]?.delta ?? 0n;
    expect(-least).toBeLessThan(ammMaxBaseReserve - ammBaseReserve);
    expect(outlookOf({ status: 'reduceOnly' })).toEqual(marketFunding(perpWith(files, { status: 'reduceOnly' })));
  });

  it('where the AMM cannot pay, those who receive are cut', () => {
    // All shorts and no longs at a rising mark: longs pay, shorts would receive more than there is.
    const poor = { ammFeeReserve: 3_000n, markTwap: 78_000_000n, bidTwap: 78_000_000n, askTwap: 78_000_000n };
    const rich = outlookOf({ ...poor, ammFeeReserve: 24_200_421_131n });
    expect(outlookOf(poor).nextRate).toBeLessThan(rich.nextRate ?? 0n);
    expect(ratesOfSides(100_000_000n, perpWith(files, poor)).short).toBeLessThan(100_000_000n);
  });
});
