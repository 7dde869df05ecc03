import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FundingOutlook, RateWindow } from '../../../src/domain/account/snapshot.ts';
import { carryFigures, carrySentence } from '../../../src/domain/carry/carry-figures.ts';
import { blockHoursOf, confidenceOf, rateWindow } from '../../../src/domain/carry/confidence.ts';
import { confidencePolicy } from '../../../src/domain/carry/policies.ts';
import { RateHistory, sumRates } from '../../../src/domain/carry/rate-history.ts';
import { carryVerdict } from '../../../src/domain/carry/verdict.ts';
import { placeAdvice } from '../../../src/domain/carry/where-to-keep.ts';
import { DEFAULT_POLICY, decodePolicy, type PolicyJson } from '../../../src/domain/hedge/policy.ts';
import { lamports } from '../../../src/domain/money/units.ts';
import { HOUR_MS, type Scenario, snapshotOf, sol } from '../../support/snapshots.ts';

const policy = (changes: Partial<PolicyJson> = {}) => decodePolicy({ ...DEFAULT_POLICY, ...changes });
const PER_HOUR = 8_766;

/** A year's per cent as a fraction per hour in 1e-14. */
const units = (aprPct: number): number => Math.round((aprPct / 100 / PER_HOUR) * 1e14);

/** 336 hours at these rates a year, newest last; null: not known. */
function windowOf(aprPct: (hour: number) => number | null, hours = 336): RateWindow {
  const known = Array.from({ length: hours }, (_, hour) => ({ hour, apr: aprPct(hour) })).filter(
    (each): each is { hour: number; apr: number } => each.apr !== null,
  );
  const sums = sumRates(
    known.map(({ hour }) => hour * HOUR_MS),
    known.map(({ apr }) => units(apr) / 1e5),
    known.map(() => 1e6),
    HOUR_MS,
  );
  const missed = hours - 1 - (known.at(-1)?.hour ?? hours - 1);
  return rateWindow(new RateHistory(sums), { hours, blockHours: blockHoursOf(hours) }, -missed);
}

function snapshotWith(funding: Partial<FundingOutlook>, scenario: Scenario = {}) {
  const snapshot = snapshotOf(scenario);
  return { ...snapshot, funding: { ...snapshot.funding, ...funding } };
}

const steady = (aprPct: number) => windowOf(() => aprPct);
const verdictAt = (
  window: RateWindow | undefined,
  scenario: Scenario = {},
  changes: Partial<PolicyJson> = {},
  funding: Partial<FundingOutlook> = {},
) =>
  carryVerdict(
    snapshotWith({ ...(window === undefined ? {} : { window }), ...funding }, scenario),
    policy(changes),
    false,
  );

describe('the confidence rule on a snapshot', () => {
  it('answers as the backtest answers on the same rates, at any rates and gaps', () => {
    const rates = fc.array(fc.option(fc.integer({ min: -40, max: 60 }), { freq: 20 }), {
      minLength: 336,
      maxLength: 336,
    });
    fc.assert(
      fc.property(rates, fc.boolean(), (hourly, holding) => {
        if (hourly.at(-1) === null) return;
        const window = windowOf((hour) => hourly[hour] ?? null);
        const verdict = verdictAt(window, holding ? { perp: -10 } : {});
        const known = hourly.flatMap((apr, hour) => (apr === null ? [] : [{ apr, hour }]));
        const history = new RateHistory(
          sumRates(
            known.map(({ hour }) => hour * HOUR_MS),
            known.map(({ apr }) => units(apr) / 1e5),
            known.map(() => 1e6),
            HOUR_MS,
          ),
        );
        const rule = { hours: 336, blockHours: 48, z: 1, exitAprPct: 0 };
        const wants = confidencePolicy('confidence', rule).wantsShort({
          ...{ rates: history, nowMs: 0, holding, openedAtMs: null, horizonHours: 720 },
          roundTrip: () => verdict.hedge?.cost.roundTrip ?? null,
        });
        const stays = verdict.hedge === null ? holding : verdict.hedge.pays;
        expect(stays).toBe(wants);
      }),
      { numRuns: 200 },
    );
  });

  it('enters on a steady rate that pays, and not on the same mean when it is noisy', () => {
    expect(verdictAt(steady(12)).hedge?.pays).toBe(true);
    const noisy = windowOf((hour) => (Math.floor(hour / 48) % 2 === 0 ? 60 : -52));
    expect(confidenceOf(noisy)?.mean).toBeGreaterThan(0);
    expect(verdictAt(noisy).hedge?.pays).toBe(false);
  });

  it('needs nine tenths of the window, up to now: a feed that fell silent is not the past it told last', () => {
    const without = (gap: number) => windowOf((hour) => (hour < 336 - gap ? 12 : null));
    expect(verdictAt(without(33)).hedge?.pays).toBe(true);
    expect(verdictAt(without(34)).hedge).toBeNull();
    expect(verdictAt(without(34)).missing.join()).toContain('302 of 336');
    expect(verdictAt(undefined).hedge).toBeNull();
    // The venue sums another window than the policy asks for.
    expect(verdictAt(steady(12), {}, { carryWindowHours: 168 }).hedge).toBeNull();
  });

  it('leaves when the mean is below zero, or below what is given up elsewhere', () => {
    const short: Scenario = { perp: -10 };
    expect(verdictAt(steady(0.1), short).hedge?.pays).toBe(true);
    expect(verdictAt(steady(-0.1), short).hedge?.pays).toBe(false);
    // Lent at 5 % here, 9 % elsewhere: 4 % are given up.
    expect(verdictAt(steady(3.9), short, { alternativeYieldAprPct: 9 }).hedge?.pays).toBe(false);
    expect(verdictAt(steady(4.1), short, { alternativeYieldAprPct: 9 }).hedge?.pays).toBe(true);
    expect(
      verdictAt(
        windowOf(() => null),
        short,
      ).hedge,
    ).toBeNull();
  });

  it('a higher z, a shorter horizon or a smaller rate never turns a no into a yes', () => {
    const apr = fc.integer({ min: -20, max: 40 });
    fc.assert(
      fc.property(apr, fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 7, maxLength: 7 }), (mean, noise) => {
        const at = (shift: number, changes: Partial<PolicyJson>) =>
          verdictAt(
            windowOf((hour) => mean - shift + (noise[Math.floor(hour / 48)] ?? 0)),
            {},
            changes,
          ).hedge?.pays;
        if (at(0, {}) === true) return;
        expect(at(0, { carryZ: 2 })).toBe(false);
        expect(at(0, { holdingHorizonHours: 168 })).toBe(false);
        expect(at(1, {})).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  it('takes the largest size whose own effect on the rate still pays', () => {
    // The rate falls by 1 % a year with each SOL sold; 20 % without a trade.
    const rate = (aprPct: number) => BigInt(Math.round((aprPct / 100 / PER_HOUR) * 1e9));
    const afterTrade = [-40, -20, -10, 0].map((size) => ({ delta: sol(size), rate: rate(20 + size) }));
    const hedge = verdictAt(steady(20), { sol: 30 }, {}, { afterTrade }).hedge;
    expect(hedge?.pays).toBe(true);
    expect(hedge?.size).toBeLessThan(sol(30));
    // R is 25 bps over 720 h, 3.04 % a year: about 17 SOL leave just that.
    expect(Number(hedge?.size) / 1e9).toBeGreaterThan(16);
    expect(Number(hedge?.size) / 1e9).toBeLessThan(18);
    expect(verdictAt(steady(2), { sol: 30 }, {}, { afterTrade }).hedge?.pays).toBe(false);
    // Nobody knows what so large a trade does, nor any that could be made.
    expect(verdictAt(steady(20), { sol: 100 }, {}, { afterTrade: [] }).hedge).toBeNull();
  });

  it('opens by itself at most MAX_HEDGE_SOL and MAX_AUTO_TRADE_USD', () => {
    const size = (changes: Partial<PolicyJson>) =>
      carryVerdict(snapshotWith({ window: steady(20) }), policy(changes), true).hedge?.size ?? lamports(0n);
    expect(size({ maxHedgeSol: sol(4).toString() })).toBe(sol(4));
    expect(size({ maxHedgeSol: sol(10).toString() })).toBe(sol('6.666'));
    expect(size({ maxHedgeSol: sol(40).toString(), maxAutoTradeUsd: '9000000000' })).toBe(sol(10));
    expect(size({})).toBe(0n);
    const half = { carryHedgeFraction: 0.5, maxHedgeSol: sol(40).toString(), maxAutoTradeUsd: '9000000000' };
    expect(size(half)).toBe(sol(5));
  });
});

describe('in words', () => {
  const said = (window: RateWindow | undefined, scenario: Scenario = {}, changes: Partial<PolicyJson> = {}) =>
    carrySentence(verdictAt(window, scenario, changes));

  it('says what hedging would earn, with costs and break-even', () => {
    expect(said(steady(10.95))).toBe(
      'Hedging now would earn about 7.9 % a year (funding 10.95 %, minus costs 3.0 %); break-even after 8 days.',
    );
  });

  it('says to stay unhedged, and why', () => {
    expect(said(steady(-2))).toBe(
      'Stay unhedged: hedging would cost about 5.0 % a year (funding −2.00 %, minus costs 3.0 %).',
    );
    const noisy = windowOf((hour) => (Math.floor(hour / 48) % 2 === 0 ? 34 : -20));
    expect(said(noisy)).toMatch(
      /^Stay unhedged: hedging would earn about .* but the funding is uncertain by 1\d\.\d %\.$/,
    );
    expect(said(undefined)).toMatch(
      /^Stay unhedged: whether hedging would pay is not known\. What is missing: the funding/,
    );
    expect(said(steady(10), { perp: 3 })).toContain('the position is long');
  });

  it('says to keep or to leave an open hedge', () => {
    expect(said(steady(10.95), { perp: -10 })).toBe('Keep the hedge: it earns about 11.0 % a year (funding 10.95 %).');
    expect(said(steady(-5), { perp: -10 })).toBe(
      'Leave the hedge: it costs about 5.0 % a year (funding −5.00 %). Stay unhedged until it pays again.',
    );
  });

  it('the chapter has a row for each sentence', () => {
    const chapter = readFileSync(new URL('../../../docs/architecture/carry.md', import.meta.url), 'utf8');
    for (const sentence of [
      'Hedging now would earn about',
      'Stay unhedged: hedging would cost about',
      'Stay unhedged: hedging would earn about',
      'Stay unhedged: whether hedging would pay is not known',
      'Keep the hedge: it earns about',
      'Leave the hedge: it costs about',
      'Whether the hedge pays is not known',
    ]) {
      expect(chapter).toContain(sentence);
    }
  });

  it('gives the figures behind the sentence', () => {
    const snapshot = snapshotWith({ window: steady(10.95) });
    const figures = carryFigures(snapshot, policy(), carryVerdict(snapshot, policy(), false));
    expect(figures.apr_mean).toBeCloseTo(10.95, 6);
    // 10 SOL at 150: 1,500 USD; 12.5 bps each way, and two transactions.
    expect(figures.round_trip_pct).toBeCloseTo(0.25, 3);
    expect(figures.per_day).toBeCloseTo((1_500 * 0.1095) / 365.25, 3);
    expect(figures.break_even_days).toBeCloseTo(8.3, 1);
    expect(figures.apr_net).toBeCloseTo(10.95 - 0.25 * (PER_HOUR / 720), 1);
    expect(figures.pays).toBe(true);
    expect(figures.known_periods).toBe(336);
  });
});

describe('where the SOL should sit', () => {
  const advice = (scenario: Scenario, changes: Partial<PolicyJson> = {}) =>
    placeAdvice(snapshotOf(scenario), policy(changes));

  it('follows liquidation distance first, then interest', () => {
    expect(advice({ perp: -10 })).toMatchObject({ where: 'deposited' });
    expect(advice({ perp: -70, sol: 10 }).text).toContain('nearer than 20.0 %. Deposit SOL: the wallet has');
    expect(advice({}).text).toContain('4.9830 SOL in the wallet earn nothing here');
    expect(advice({ walletSol: 0 })).toMatchObject({ where: 'deposited', lendAprPct: 5 });
    expect(advice({}, { alternativeYieldAprPct: 7 })).toMatchObject({ where: 'wallet' });
    expect(advice({ solMarket: { depositRate: null } })).toMatchObject({ where: null, lendAprPct: null });
  });
});
