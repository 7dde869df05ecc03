import { describe, expect, it } from '@jest/globals';
import { backtestSentence, beatsNever } from '../../src/domain/carry/carry-backtest.ts';
import { DEFAULT_POLICY, decodePolicy, type PolicyJson } from '../../src/domain/hedge/policy.ts';
import { backtestCarry, backtestOf } from '../../src/runtime/carry-backtest.ts';
import type { PastPeriod } from '../../src/venues/venue.ts';
import { HOUR_MS, NOW_MS, snapshotOf, sol } from '../support/snapshots.ts';

const policyJson = (changes: Partial<PolicyJson> = {}): PolicyJson => ({
  ...DEFAULT_POLICY,
  ...{ carryPolicy: 'auto', maxHedgeSol: sol(10).toString(), maxTradesPerDay: 2, maxAutoTradeUsd: '5000000000' },
  ...changes,
});
const policy = (changes: Partial<PolicyJson> = {}) => decodePolicy(policyJson(changes));

/** Hours that end now, each paying this much a year. */
const hours = (count: number, aprPct: (hour: number) => number): readonly PastPeriod[] =>
  Array.from({ length: count }, (_, hour) => ({
    tsMs: NOW_MS - (count - 1 - hour) * HOUR_MS,
    fraction: Math.round((aprPct(hour) / 100 / 8_766) * 1e14),
  }));

const known = (past: readonly PastPeriod[], changes: Partial<PolicyJson> = {}, snapshot = snapshotOf()) => {
  const backtest = backtestOf(snapshot, past, policy(changes));
  if (backtest.kind === 'unknown') throw new Error(backtest.why);
  return backtest;
};

describe('the backtest behind a consent', () => {
  it('earns a steady rate less the round trip, and beats doing nothing', () => {
    const found = known(hours(2_000, () => 20));
    // 25 bps over 1,664 hours are 1.3 % a year.
    expect(found.netAprPct).toBeCloseTo(20 - 0.25 * (8_766 / 1_664), 0);
    expect(found.trades).toBe(2);
    expect(found.hours).toBe(2_000 - 1 - 336);
    expect(beatsNever(found)).toBe(true);
  });

  it('never enters where shorts pay, and proves nothing then', () => {
    const found = known(hours(2_000, () => -5));
    expect(found).toMatchObject({ trades: 0, netAprPct: 0 });
    expect(beatsNever(found)).toBe(false);
    expect(backtestSentence(found)).toContain('never entered');
  });

  it('says that a policy which entered too early has lost', () => {
    // Two good weeks, then bad ones, again and again.
    const found = known(hours(4_000, (hour) => (Math.floor(hour / 400) % 2 === 0 ? 25 : -45)));
    expect(found.trades).toBeGreaterThan(0);
    expect(found.netAprPct).toBeLessThan(0);
    expect(beatsNever(found)).toBe(false);
    expect(backtestSentence(found)).toContain('not more than doing nothing');
  });

  it('four weeks prove a steady rate, and not a lucky fortnight', () => {
    const steady = known(hours(672, () => 20));
    for (const bound of [steady.lowAprPct, steady.highAprPct]) expect(bound).toBeCloseTo(steady.netAprPct, 4);
    expect(beatsNever(steady)).toBe(true);
    const lucky = known(hours(672, (hour) => (hour < 336 ? 20 : hour < 384 ? 300 : -20)));
    expect(lucky.netAprPct).toBeGreaterThan(0);
    expect(beatsNever(lucky)).toBe(false);
  });

  it('pays for what our own size takes of the rate, in each hour that it holds', () => {
    const rate = (aprPct: number) => BigInt(Math.round((aprPct / 100 / 8_766) * 1e9));
    const snapshot = snapshotOf();
    const afterTrade = [
      { delta: sol(-20), rate: rate(10) },
      { delta: sol(0), rate: rate(20) },
    ];
    const moved = { ...snapshot, funding: { ...snapshot.funding, afterTrade } };
    const past = hours(2_000, () => 20);
    const found = known(past, {}, moved);
    expect(found.ownSizeAprPct).toBeCloseTo(5, 1);
    expect(found.netAprPct).toBeCloseTo(known(past).netAprPct - 5, 0);
    const beyond = { ...moved, funding: { ...moved.funding, afterTrade: afterTrade.slice(1) } };
    expect(backtestOf(beyond, past, policy())).toMatchObject({ kind: 'unknown' });
  });

  it('counts what is given up elsewhere', () => {
    const past = hours(2_000, () => 20);
    // Lent at 5 % here.
    expect(known(past, { alternativeYieldAprPct: 9 }).netAprPct).toBeCloseTo(known(past).netAprPct - 4, 0);
  });

  it('is not known with less than two windows, without SOL, and on a venue that keeps no past', async () => {
    expect(
      backtestOf(
        snapshotOf(),
        hours(671, () => 20),
        policy(),
      ),
    ).toMatchObject({ kind: 'unknown' });
    expect(
      backtestOf(
        snapshotOf({ sol: 0 }),
        hours(2_000, () => 20),
        policy(),
      ),
    ).toMatchObject({ kind: 'unknown' });
    expect(await backtestCarry({ read: async () => snapshotOf() } as never, policyJson())).toMatchObject({
      kind: 'unknown',
    });
  });
});
