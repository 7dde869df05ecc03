import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fundingPayment, fundingRate, ratesOfSides } from '../../../../src/venues/velocity/maths/funding-rate.ts';

const SOL_PERP = { fundingDeadZoneBps: 5, fundingRampSlope: 1_000_000, fundingPeriod: 3_600n };
const ORACLE = 76_340_756n;
const at = (markTwap: bigint): bigint => fundingRate({ oracleTwap: ORACLE, markTwap }, SOL_PERP);

describe('the rate', () => {
  it.each([
    ['a mark 10 % above', (ORACLE * 11n) / 10n, 96_389_833n],
    ['a mark 10 % below', (ORACLE * 9n) / 10n, -96_389_833n],
    ['no spread', ORACLE, 954_333n],
    ['the edge of the dead zone above', ORACLE + 38_170n, 954_333n],
    ['the edge of the dead zone below', ORACLE - 38_170n, 954_333n],
    ['one unit beyond it', ORACLE + 38_171n, 954_375n],
    ['a spread that the offset just balances', ORACLE - 38_170n - 22_904n, 0n],
  ])('%s', (_what, mark, rate) => {
    expect(at(mark)).toBe(rate);
  });

  it('never falls when the mark rises', () => {
    const price = fc.bigInt(1_000_000n, 1_000_000_000n);
    fc.assert(
      fc.property(price, price, price, (oracleTwap, a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        const rate = (markTwap: bigint): bigint => fundingRate({ oracleTwap, markTwap }, SOL_PERP);
        expect(rate(low)).toBeLessThanOrEqual(rate(high));
      }),
    );
  });
});

describe('the sides', () => {
  const base = fc.bigInt(0n, 10n ** 15n);
  const markets = fc.record({
    rate: fc.bigInt(-100_000_000n, 100_000_000n),
    baseLong: base,
    baseShort: base.map((size) => -size),
    ammFeeReserve: fc.bigInt(-(10n ** 9n), 10n ** 12n),
  });

  it('are equal while the AMM receives, or pays little', () => {
    const rich = {
      baseLong: 10n ** 12n,
      baseShort: -(2n * 10n ** 12n),
      netUserBase: -(10n ** 12n),
      ammFeeReserve: 10n ** 12n,
    };
    expect(ratesOfSides(954_333n, rich)).toEqual({ long: 954_333n, short: 954_333n });
    expect(ratesOfSides(-954_333n, { ...rich, ammFeeReserve: 0n })).toEqual({ long: -954_333n, short: -954_333n });
  });

  it('the AMM pays at most a third of its reserve, and payers pay the full rate', () => {
    fc.assert(
      fc.property(markets, ({ rate, baseLong, baseShort, ammFeeReserve }) => {
        const sides = { baseLong, baseShort, netUserBase: baseLong + baseShort, ammFeeReserve };
        const { long, short } = ratesOfSides(rate, sides);
        const toUsers = fundingPayment(baseLong, long) + fundingPayment(baseShort, short);
        const third = ammFeeReserve > 0n ? ammFeeReserve / 3n : 0n;
        // Each of the two payments is rounded by less than a unit.
        expect(toUsers).toBeLessThanOrEqual(third + 1n);
        if (rate > 0n) expect(long).toBe(rate);
        if (rate < 0n) expect(short).toBe(rate);
      }),
    );
  });

  it('a payment is truncated, and what one side pays the other receives', () => {
    expect(fundingPayment(-10_000_000_000n, 1_234_567n)).toBe(12_345n);
    expect(fundingPayment(10_000_000_000n, 1_234_567n)).toBe(-12_345n);
    expect(fundingPayment(10_000_000_000n, -1_234_567n)).toBe(12_345n);
    expect(fundingPayment(0n, 5n)).toBe(0n);
  });
});
