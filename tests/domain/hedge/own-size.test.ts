/** Where an account's own size moves the funding rate: the profit gate, the carry and the words about them. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Snapshot } from '../../../src/domain/account/snapshot.ts';
import { evaluateGates } from '../../../src/domain/gates/gates.ts';
import { carryOf, judgeProfitability } from '../../../src/domain/hedge/carry.ts';
import { rateAfterTrade } from '../../../src/domain/hedge/funding.ts';
import { lamports } from '../../../src/domain/money/units.ts';
import { NOW_MS, paperPolicy, type Scenario, snapshotOf, sol } from '../../support/snapshots.ts';

/** Without a trade 40,000 of 1e9 an hour; each SOL sold takes 2,000 off. */
const AFTER_TRADE = [
  { delta: sol(-100), rate: -160_000n },
  { delta: sol(-10), rate: 20_000n },
  { delta: sol(0), rate: 40_000n },
  { delta: sol(10), rate: 60_000n },
];

function sized(scenario: Scenario = {}, afterTrade: Snapshot['funding']['afterTrade'] = AFTER_TRADE): Snapshot {
  const snapshot = snapshotOf({ lastRate: 40_000n, meanRate: 40_000n, sol: 200, usdc: 5_000, ...scenario });
  return { ...snapshot, funding: { ...snapshot.funding, ...(afterTrade === undefined ? {} : { afterTrade }) } };
}

function judge(size: number, side: 'long' | 'short' = 'short', snapshot = sized()) {
  const result = judgeProfitability(snapshot, sol(size), side, paperPolicy());
  if (result.kind === 'unknown') throw new Error(result.missing.join());
  return result.profitability;
}

describe('a trade that moves the rate', () => {
  it('is judged by the rate that it leaves, between the sizes that are known', () => {
    expect(judge(5).rate).toBe(30_000n);
    expect(judge(10)).toMatchObject({ rate: 20_000n, ownSize: { rateWithout: 40_000n, rateAfter: 20_000n } });
    expect(judge(55).rate).toBe(-70_000n);
    expect(judge(10, 'long').rate).toBe(60_000n);
  });

  it('is judged by the past where that was worse', () => {
    expect(judge(1, 'short', sized({ meanRate: 7n })).rate).toBe(7n);
  });

  it('is unknown beyond every size that is known', () => {
    expect(judgeProfitability(sized(), sol(101), 'short', paperPolicy())).toEqual({
      kind: 'unknown',
      missing: ['the funding rate after a trade of this size'],
    });
  });

  it('names the largest size that still pays: it does, and one step more does not', () => {
    const { largestPaying } = judge(50).ownSize ?? { largestPaying: sol(0) };
    expect(judge(50).pass).toBe(false);
    expect(largestPaying).toBeGreaterThan(sol(5));
    const at = (size: bigint) => judgeProfitability(sized(), lamports(size), 'short', paperPolicy());
    expect(at(largestPaying)).toMatchObject({ profitability: { pass: true } });
    expect(at(largestPaying + sol('0.001'))).toMatchObject({ profitability: { pass: false } });
    const costly = AFTER_TRADE.map(({ delta, rate }) => ({ delta, rate: rate - 200_000n }));
    expect(judge(1, 'short', sized({}, costly)).ownSize?.largestPaying).toBe(0n);
  });

  it('says in the gate what the size does, and what would pay', () => {
    const report = evaluateGates({
      snapshot: sized(),
      operation: { kind: 'open', market: 'SOL-PERP', size: sol(-50).toString() },
      automatic: false,
      exposureConfirmed: true,
      hedgeTargetPpm: 1_000_000,
      policy: paperPolicy(),
      nowMs: NOW_MS,
    });
    const gate = report.gates.find(({ code }) => code === 'UNPROFITABLE');
    expect(gate).toMatchObject({ pass: false, detail: { rate_without_trade_pct_per_year: expect.any(Number) } });
    expect(gate?.remedy).toMatch(
      /This size alone moves what the market pays a short from 35\.06 % to -52\.60 % APR\. Up to [\d.]+ SOL would pay\./,
    );
  });

  it('the carry of an open short counts what the market pays as it stands, if that is worse than the day was', () => {
    const earning = carryOf(sized({ perp: -10 }));
    const standing = AFTER_TRADE.map(({ delta, rate }) => ({ delta, rate: rate - 100_000n }));
    const costing = carryOf(sized({ perp: -10 }, standing));
    expect(earning?.negative).toBe(false);
    expect(costing).toMatchObject({ negative: true, critical: true });
    expect(carryOf(sized({ perp: -10 }, undefined))?.fundingPerDay).toBe(earning?.fundingPerDay);
  });
});

describe('the rate between two sizes', () => {
  it('is theirs at their ends, and between them inside', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -100_000_000_000n, max: 10_000_000_000n }), (delta) => {
        const rate = rateAfterTrade(AFTER_TRADE, lamports(delta));
        const above = AFTER_TRADE.find((point) => point.delta >= delta);
        const below = AFTER_TRADE.findLast((point) => point.delta <= delta);
        expect(rate).toBeGreaterThanOrEqual(below?.rate ?? 0n);
        expect(rate).toBeLessThanOrEqual(above?.rate ?? 0n);
      }),
    );
    expect(rateAfterTrade([], sol(0))).toBeNull();
    expect(rateAfterTrade(AFTER_TRADE, sol(11))).toBeNull();
  });
});
