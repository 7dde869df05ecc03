import { describe, expect, it } from '@jest/globals';
import { blockHoursOf, confidenceOf, rateWindow } from '../../../src/domain/carry/confidence.ts';
import { RateHistory, sumRates } from '../../../src/domain/carry/rate-history.ts';
import { openSynthetic } from '../../../src/market-data/synthetic.ts';
import { DEFAULT_HOLDINGS, DEFAULT_PARAMETERS } from '../../../src/venues/paper/parameters.ts';
import { snapshotOf } from '../../../src/venues/paper/snapshot.ts';
import { newAccount } from '../../../src/venues/paper/state.ts';
import { FundingMemory } from '../../../src/venues/solana-perps/read/funding-memory.ts';

const HOUR = 3_600_000;
const T0 = Date.UTC(2026, 0, 15);

describe('the window of past funding', () => {
  it('on paper sums what the feed said, as the backtest sums it', () => {
    const feed = openSynthetic({ id: 'synthetic:3', seed: '3', periodMs: HOUR });
    const oracle = feed.quoteAt(T0)?.oracle;
    if (oracle === undefined) throw new Error('no price');
    const state = newAccount({
      ...{ defaults: DEFAULT_HOLDINGS, marketMs: T0, wallMs: T0, speed: 'max', oracle, slot: 0, periodMs: HOUR },
    });
    const pauses = { deposit: false, withdraw: false, increase: false, reduce: false, settle: false, detail: null };
    const market = { engineId: 'e', feed, periodMs: HOUR, parameters: DEFAULT_PARAMETERS };
    const input = { state, slot: 0, commitment: 'confirmed' as const, takenAtMs: T0, pauses };
    expect(snapshotOf(market, input).funding.window).toBeUndefined();
    const { window } = snapshotOf({ ...market, carryWindowHours: 336 }, input).funding;
    const periods = feed.recentPeriods(T0, 336);
    const history = new RateHistory(
      sumRates(
        periods.map(({ tsMs }) => tsMs),
        periods.map(({ rate }) => Number(rate)),
        periods.map(({ oracleTwap }) => Number(oracleTwap)),
        HOUR,
      ),
    );
    expect(window).toEqual(rateWindow(history, { hours: 336, blockHours: 48 }));
    expect(window?.total.known).toBe(336);
    expect(confidenceOf(window as never)?.mean).toBe(history.mean(336));
  });

  it('on a chain keeps as many hours, and counts those that nobody settled as unknown', () => {
    const memory = new FundingMemory(336);
    const rates = Array.from({ length: 400 }, (_, hour) => ({ tsMs: T0 - hour * HOUR, rate: 12_500n }));
    memory.remember(rates);
    const market = { fundingPeriodMs: HOUR, lastFundingRateTsMs: T0 + 5_000 };
    const funding = { lastRate: 12_500n, dayMeanRate: 12_500n };
    const at = (nowMs: number) => memory.outlook(market, funding as never, nowMs).window;
    const now = at(T0 + 60_000);
    expect(now).toMatchObject({ hours: 336, wanted: 336 });
    expect(now?.total.known).toBe(336);
    expect(now?.blocks.map(({ known }) => known)).toEqual(Array(7).fill(blockHoursOf(336)));
    expect(confidenceOf(now as never)?.mean).toBe(1.25e-5);
    expect(confidenceOf(now as never)?.error).toBeCloseTo(0, 15);
    // 40 hours later nothing more has been settled.
    const later = at(T0 + 40 * HOUR + 60_000);
    expect(later?.total.known).toBe(296);
    expect(confidenceOf(later as never)).toBeNull();
  });
});
