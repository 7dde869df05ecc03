import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rateFraction } from '../../src/domain/hedge/funding.ts';
import { openFeed } from '../../src/market-data/open-feed.ts';
import { LONG, runs } from '../support/long.ts';

const HOUR = 3_600_000;
const NOW = 1_750_000_000_000;
const SEEDS = Array.from({ length: LONG ? 20 : 5 }, (_, seed) => `synthetic:${seed}`);

describe('the synthetic market', () => {
  it('is a function of seed and time alone', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 43 }), fc.nat(1000), (tsMs, seed) => {
        const one = openFeed(`synthetic:${seed}`);
        const other = openFeed(`synthetic:${seed}`);
        other.recentPeriods(NOW, 100);
        expect(other.quoteAt(tsMs)).toEqual(one.quoteAt(tsMs));
        expect(other.nextPeriod(tsMs)).toEqual(one.nextPeriod(tsMs));
        expect(other.ratesAt(tsMs)).toEqual(one.ratesAt(tsMs));
      }),
      { numRuns: runs(100) },
    );
  });

  it('differs from seed to seed, and no seed is a seed too', () => {
    const prices = [...SEEDS, 'synthetic'].map((id) => openFeed(id).quoteAt(NOW)?.oracle);
    expect(new Set(prices).size).toBe(SEEDS.length + 1);
    expect(openFeed('synthetic').synthetic).toBe(true);
  });

  it('moves a little each second, and never by a jump', () => {
    for (const id of SEEDS) {
      const feed = openFeed(id);
      let moved = 0;
      for (let second = 0; second < 600; second += 1) {
        const from = Number(feed.quoteAt(NOW + second * 1000)?.oracle);
        const to = Number(feed.quoteAt(NOW + second * 1000 + 1000)?.oracle);
        if (from !== to) moved += 1;
        expect(Math.abs(to / from - 1)).toBeLessThan(0.0005);
      }
      expect(moved).toBeGreaterThan(500);
    }
  });

  it('stays within sane prices, with the mark near the oracle', () => {
    for (const id of SEEDS) {
      const feed = openFeed(id);
      for (let day = 0; day < 400; day += 1) {
        const quote = feed.quoteAt(NOW + day * 24 * HOUR);
        const oracle = Number(quote?.oracle) / 1e6;
        expect(oracle).toBeGreaterThan(80);
        expect(oracle).toBeLessThan(240);
        expect(Math.abs(Number(quote?.mark) / 1e6 / oracle - 1)).toBeLessThan(0.0025);
      }
    }
  });

  it('ends a funding period at each multiple of the period', () => {
    const feed = openFeed('synthetic:3', { periodMs: 60_000 });
    expect(feed.nextPeriod(NOW)?.tsMs).toBe(NOW + 20_000);
    expect(feed.nextPeriod(NOW + 20_000)?.tsMs).toBe(NOW + 80_000);
    const recent = feed.recentPeriods(NOW, 3).map((period) => period.tsMs);
    expect(recent).toEqual([NOW - 160_000, NOW - 100_000, NOW - 40_000]);
  });

  it('pays in proportion to the length of its period', () => {
    const mean = (periodMs: number) => {
      const periods = openFeed('synthetic:5', { periodMs }).recentPeriods(NOW, 300);
      return periods.reduce((sum, { rate, oracleTwap }) => sum + Number(rate) / Number(oracleTwap), 0) / 300;
    };
    expect(mean(8 * HOUR) / mean(HOUR)).toBeGreaterThan(6.5);
    expect(mean(8 * HOUR) / mean(HOUR)).toBeLessThan(9.5);
  });

  it('lets a newcomer hedge the default 10 SOL at any hour of any seed', () => {
    // Half of the gate's rate over 720 h against a round trip of twice 0.3 % slippage, twice 0.1 % fees, and gas.
    const needed = 0.0085;
    let passed = 0;
    let hours = 0;
    for (const id of SEEDS) {
      // The week before each hour. Each period is read once, because it is in 168 of these weeks.
      const all = openFeed(id)
        .recentPeriods(NOW + 999 * HOUR, 168 + 999)
        .map(({ rate, oracleTwap }) => Number(rateFraction(rate ?? 0n, oracleTwap)) / 1e9);
      expect(all).toHaveLength(168 + 999);
      for (let hour = 0; hour < 1_000; hour += 1) {
        const rates = all.slice(hour, hour + 168);
        const last = rates.at(-1) ?? 0;
        const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
        expect(mean * 720 * 0.5).toBeGreaterThan(needed);
        if (Math.min(last, mean) * 720 * 0.5 > needed) passed += 1;
        hours += 1;
      }
    }
    expect(passed).toBe(hours);
  });
});

describe('a feed id', () => {
  it.each(['', 'synthetic:', 'replay', 'replay:', 'replay:a,b,c', 'replay:a,', 'binance', 'Synthetic'])(
    '%j is refused with what is expected',
    (id) => {
      expect(() => openFeed(id)).toThrow(expect.objectContaining({ code: 'INVALID_FIELD' }));
    },
  );

  it('live is no history: its sources have to be asked first', () => {
    expect(() => openFeed('live')).toThrow(/MARKET_FEED=live is no history/);
  });

  it('asks for a sane period', () => {
    for (const periodMs of [0, -1, 10, Number.NaN]) {
      expect(() => openFeed('synthetic', { periodMs })).toThrow(/FUNDING_PERIOD_SECONDS/);
    }
  });
});
