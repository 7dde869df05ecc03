import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NO_SOURCES } from '../../../src/domain/figures/equity-sources.ts';
import { carryOf, conservativeRate, judgeProfitability, type Profitability } from '../../../src/domain/hedge/carry.ts';
import { HOUR_MS, NOW_MS, paperPolicy, type Scenario, snapshotOf, sol, usd } from '../../support/snapshots.ts';

const judge = (
  scenario: Scenario,
  size = sol(10),
  side: 'long' | 'short' = 'short',
  policy = paperPolicy(),
): Profitability => {
  const result = judgeProfitability(snapshotOf(scenario), size, side, policy);
  if (result.kind === 'unknown') throw new Error(result.missing.join());
  return result.profitability;
};

describe('profitability', () => {
  it('halves what is received, over the horizon', () => {
    // 1,500 USD x 1e-5 per hour x 720 h = 10.80 USD.
    const at = judge({ lastRate: 10_000n });
    expect(at.expected).toBe(usd(5.4));
    expect(at.cost.fees).toBe(usd(0.75));
    expect(at.cost.slippage).toBe(usd(3));
    expect(at.cost.total).toBe(at.cost.fees + at.cost.slippage + at.cost.gas);
    expect(at.pass).toBe(true);
  });

  it('counts what is paid whole', () => {
    expect(judge({ lastRate: -10_000n })).toMatchObject({ expected: usd(-10.8), pass: false, breakEvenDays: null });
  });

  it('judges by the lower of the last period and the trailing mean for a short, the higher for a long', () => {
    const { funding } = snapshotOf({ lastRate: 5n, meanRate: -3n });
    expect(conservativeRate(funding)).toBe(-3n);
    expect(conservativeRate(funding, 'long')).toBe(5n);
    expect(conservativeRate({ ...funding, lastRate: null })).toBeNull();
    expect(conservativeRate({ ...funding, trailingMeanRate: null })).toBeNull();
  });

  it('lets a long earn when shorts pay', () => {
    expect(judge({ lastRate: -10_000n }, sol(10), 'long').expected).toBe(usd(5.4));
    expect(judge({ lastRate: -10_000n }, sol(10), 'long').neededRate).toBeLessThan(0n);
  });

  it('charges interest on what the quote balance does not cover', () => {
    const covered = judge({ usdc: 2 });
    expect(covered.extraInterest).toBe(0n);
    const borrowed = judge({ usdc: 0 });
    expect(borrowed.extraInterest).toBeGreaterThan(0n);
    expect(borrowed.expected).toBe(judge({}).expected - borrowed.extraInterest);
    // Half of the round trip at 10 % a year for 720 h.
    expect(Number(borrowed.extraInterest)).toBeCloseTo(((Number(borrowed.cost.total) / 2) * 0.1 * 720) / 8766, -1);
  });

  it('tells the rate that would do, the days to break even, and the last period that passed', () => {
    const snapshot = snapshotOf({ lastRate: 3_000n });
    const funding = {
      ...snapshot.funding,
      recentRates: [
        { tsMs: NOW_MS - 3 * HOUR_MS, rate: 50_000n },
        { tsMs: NOW_MS - 2 * HOUR_MS, rate: 40_000n },
        { tsMs: NOW_MS - HOUR_MS, rate: 3_000n },
      ],
    };
    const at = judge({ lastRate: 3_000n, snapshot: { funding } });
    expect(at.pass).toBe(false);
    expect(at.lastPassedTsMs).toBe(NOW_MS - 2 * HOUR_MS);
    // 3.75 USD at 1,500 x 3e-6 x 24 / 2 = 0.054 USD a day.
    expect(at.breakEvenDays).toBeCloseTo(3.7515 / 0.054, 1);
    expect(judge({ lastRate: at.neededRate }).pass).toBe(true);
    expect(judge({ lastRate: at.neededRate - 1n }).pass).toBe(false);
  });

  it('warns of less than a day of history', () => {
    const funding = { ...snapshotOf().funding, knownHours: 23 };
    expect(judge({ snapshot: { funding } }).shortHistory).toBe(true);
    expect(judge({}).shortHistory).toBe(false);
  });

  it('stays finite at a horizon of nothing and a size of nothing', () => {
    expect(judge({}, sol(10), 'short', paperPolicy({ holdingHorizonHours: 0 }))).toMatchObject({
      pass: false,
      breakEvenDays: null,
      neededRate: 0n,
    });
    expect(judge({}, sol(0)).pass).toBe(false);
  });

  it('is unknown, by name, where something is missing', () => {
    const missing = (scenario: Scenario, market?: string) => {
      const result = judgeProfitability(snapshotOf(scenario), sol(1), 'short', paperPolicy(), market);
      return result.kind === 'unknown' ? result.missing : [];
    };
    expect(missing({ oracleUsd: null })).toEqual(['the oracle price']);
    expect(missing({ lastRate: null })).toEqual(['the funding rate']);
    expect(missing({}, 'ETH-PERP')).toContain('the market');
    const snapshot = snapshotOf({ usdc: 0 });
    const unlent = {
      ...snapshot,
      markets: { ...snapshot.markets, spot: snapshot.markets.spot.map((market) => ({ ...market, borrowRate: null })) },
    };
    expect(judgeProfitability(unlent, sol(1), 'short', paperPolicy())).toMatchObject({ kind: 'unknown' });
    expect(
      judgeProfitability({ ...snapshot, markets: { ...snapshot.markets, spot: [] } }, sol(1), 'short', paperPolicy()),
    ).toMatchObject({
      missing: ['the quote market'],
    });
  });

  it('never passes at a rate and fails at a better one (property)', () => {
    const rate = fc.bigInt({ min: -100_000n, max: 100_000n });
    fc.assert(
      fc.property(rate, rate, fc.integer({ min: -100, max: 100 }), (a, b, usdc) => {
        const [worse, better] = a < b ? [a, b] : [b, a];
        if (judge({ lastRate: worse, usdc }).pass) expect(judge({ lastRate: better, usdc }).pass).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe('carry of the open short', () => {
  it('is funding of the last day less interest on the quote borrow', () => {
    const carry = carryOf(snapshotOf({ perp: -10, usdc: -100, lastRate: -1_000n }));
    expect(carry?.notional).toBe(usd(1_500));
    expect(carry?.fundingPerDay).toBe(usd(-0.036));
    expect(Number(carry?.interestPerDay)).toBeCloseTo((100e6 * 0.1 * 24) / 8766, -1);
    expect(carry?.negative).toBe(true);
    expect(carry?.critical).toBe(false);
  });

  it('counts no lend interest, and can be positive', () => {
    expect(carryOf(snapshotOf({ perp: -10 }))).toMatchObject({ negative: false, interestPerDay: 0n });
  });

  it('turns critical above 1 % of the notional in 30 days', () => {
    // 1 % in 720 hours is 13,889e-9 an hour.
    expect(carryOf(snapshotOf({ perp: -10, lastRate: -13_800n }))?.critical).toBe(false);
    expect(carryOf(snapshotOf({ perp: -10, lastRate: -13_900n }))?.critical).toBe(true);
  });

  it('takes the mean of the last 24 hours only, and the last rate where no list is known', () => {
    const snapshot = snapshotOf({ perp: -10 });
    const at = (hoursAgo: number, rate: bigint) => ({ tsMs: NOW_MS - hoursAgo * HOUR_MS, rate });
    const recent = { ...snapshot.funding, recentRates: [at(30, 9_000_000n), at(23, -1_000n), at(1, -3_000n)] };
    expect(carryOf({ ...snapshot, funding: recent })?.fundingPerDay).toBe(usd(-0.072));
    const unlisted = { ...snapshot.funding, recentRates: [], lastRate: -1_000n };
    expect(carryOf({ ...snapshot, funding: unlisted })?.fundingPerDay).toBe(usd(-0.036));
  });

  it('tells what funding came to so far, and the rate at which it is neither', () => {
    const sources = { ...NO_SOURCES, funding: -1_500_000_000_000_000n };
    const carry = carryOf(snapshotOf({ perp: -10, usdc: -100, snapshot: { sources } }));
    expect(carry?.fundingSoFar).toBe(usd(-1.5));
    const even = carryOf(snapshotOf({ perp: -10, usdc: -100, lastRate: carry?.breakEvenRate ?? 0n }));
    expect(even?.negative).toBe(false);
    expect(carryOf(snapshotOf({ perp: -10, usdc: -100, lastRate: (carry?.breakEvenRate ?? 0n) - 1n }))?.negative).toBe(
      true,
    );
  });

  it('is not there without a short, and not without what it takes', () => {
    expect(carryOf(snapshotOf())).toBeNull();
    expect(carryOf(snapshotOf({ perp: 5 }))).toBeNull();
    expect(carryOf(snapshotOf({ account: null }))).toBeNull();
    expect(carryOf(snapshotOf({ perp: -5, oracleUsd: null }))).toBeNull();
    expect(carryOf(snapshotOf({ perp: -5, lastRate: null }))).toBeNull();
  });
});
