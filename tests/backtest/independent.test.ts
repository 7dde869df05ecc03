/** The backtest against a second, naive calculation; and the table that was measured on Drift, where its data is there. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { describeUnless } from '../../localnet/tests/support/unless.ts';
import { type BacktestMarket, marketBetween } from '../../src/backtest/market.ts';
import { type BacktestOptions, DEFAULT_OPTIONS } from '../../src/backtest/options.ts';
import { runBacktest } from '../../src/backtest/run.ts';
import { type BacktestSummary, summarize } from '../../src/backtest/summary.ts';
import { parsePolicy } from '../../src/domain/carry/policy-text.ts';
import { lamports, microUsd } from '../../src/domain/money/units.ts';
import { readHistory } from '../../src/market-data/csv.ts';
import { FUNDING_COLUMNS } from '../../src/market-data/replay.ts';
import { ROOT } from '../architecture/imports.ts';
import { withContext } from '../support/with-context.ts';
import { FIRST_MS, HOUR_MS, madeLend, madeMarket, madeRows } from './histories.ts';
import { type LedgerRow, ledgerOf } from './ledger.ts';
import {
  type NaivePolicy,
  type NaiveResult,
  naiveAlways,
  naiveBacktest,
  naiveConfidence,
  naiveEwma,
  naiveMean,
} from './naive.ts';

const WITHIN = 1e-6;
const GAS_SOL = 0.000005;
const FEE = 0.00025;
const SLIPPAGE = 0.001;

/** What both get: no gate of the mark's distance in the way, and margin enough. */
const OPTIONS: BacktestOptions = {
  ...DEFAULT_OPTIONS,
  holdings: { sol: lamports(10_000_000_000n), usdc: microUsd(10_000_000_000n), walletSol: lamports(5_000_000_000n) },
};

const ours = (market: BacktestMarket, policy: string, options: BacktestOptions): BacktestSummary => {
  const plan = parsePolicy(policy);
  if (plan.kind !== 'rule') throw new RangeError(`${policy} is no rule`);
  return summarize(runBacktest(market, plan.make(), options));
};

const theirs = (market: BacktestMarket, policy: NaivePolicy, start: number): NaiveResult => {
  const { rows, tsMs, values } = market.funding;
  return naiveBacktest(
    Array.from({ length: rows }, (_, row) => ({
      ts: (tsMs[row] as number) / 1_000,
      rate: (values.fundingRate[row] as number) / 1e9,
      oracle: (values.oraclePriceTwap[row] as number) / 1e6,
      mark: (values.markPriceTwap[row] as number) / 1e6,
    })),
    policy,
    { sol: 10, fee: FEE, slippage: SLIPPAGE, gas: GAS_SOL, horizon: 720, start },
  );
};

/** A fill is rounded against the account to whole micro-USD, twice: up to 1e-8 of some hundred USD. */
const ROUNDED = 1e-8;

function same(summary: BacktestSummary, naive: NaiveResult): void {
  const rounded = 100 * ROUNDED * (naive.trades + 1);
  const near = (mine: number, other: number, allowed = 0) =>
    expect(Math.abs(mine - other)).toBeLessThan(WITHIN * Math.max(1, Math.abs(other)) + allowed);
  const yearly = (rounded * 8766) / naive.hours;
  expect(summary.trades).toBe(naive.trades);
  expect(summary.hours).toBe(naive.hours);
  near(summary.net_apr_pct, naive.netAprPct, yearly);
  near(summary.core_apr_pct, naive.coreAprPct, yearly);
  near(summary.gross_funding_apr_pct, naive.grossAprPct, yearly);
  near(summary.basis_apr_pct, naive.basisAprPct, yearly);
  near(summary.time_in_market_pct, naive.heldPct);
  near(summary.max_drawdown_pct, naive.maxDrawdownPct, rounded);
  // A resample may draw the hours of a trade more than once.
  near(summary.interval_90_apr_pct[0], naive.interval[0], 3 * yearly);
  near(summary.interval_90_apr_pct[1], naive.interval[1], 3 * yearly);
  near(summary.core_interval_90_apr_pct[0], naive.coreInterval[0], 3 * yearly);
  near(summary.core_interval_90_apr_pct[1], naive.coreInterval[1], 3 * yearly);
  expect(Math.abs(summary.share_of_resamples_above_zero - naive.aboveZero)).toBeLessThan(0.002);
  expect(Object.keys(summary.months_pct)).toEqual(Object.keys(naive.monthsPct));
  for (const [month, result] of Object.entries(naive.monthsPct))
    near(summary.months_pct[month] as number, result, rounded);
}

/** Two fees, two slippages, two transactions; the gas is 1e-6 of the notional. */
const ROUND_TRIP = 2 * (FEE + SLIPPAGE) + (2 * GAS_SOL) / 10;

const POLICIES: readonly (readonly [string, NaivePolicy])[] = [
  ['always', naiveAlways],
  ['mean:hours=24,enter_apr_pct=0,exit_apr_pct=0', naiveMean(24, 0, 0)],
  ['mean:hours=10,enter_apr_pct=20,exit_apr_pct=-10', naiveMean(10, 20, -10)],
  ['ewma:half_life_hours=12,enter_apr_pct=5,exit_apr_pct=-5', naiveEwma(12, 5, -5)],
  ['confidence:hours=40,block_hours=8,z=1', naiveConfidence(40, 8, 1, 720, ROUND_TRIP)],
];

describe('beside a second, naive calculation', () => {
  it.each(POLICIES)('%s', (text, naive) => {
    fc.assert(
      fc.property(madeRows(120), fc.integer({ min: 0, max: 60 }), (rows, start) => {
        const market = madeMarket(rows);
        const evaluateFromMs = market.funding.tsMs[start] as number;
        same(ours(market, text, { ...OPTIONS, evaluateFromMs }), theirs(market, naive, start));
      }),
      { numRuns: 8 },
    );
  });

  it('sees no rate of the future: what follows a row changes nothing up to it', () => {
    fc.assert(
      fc.property(madeRows(90), fc.integer({ min: 20, max: 80 }), fc.constantFrom(...POLICIES), (rows, cut, [text]) => {
        const options = { ...OPTIONS, closeAtEnd: false };
        const plan = parsePolicy(text);
        if (plan.kind !== 'rule') return;
        const whole = runBacktest(madeMarket(rows), plan.make(), options);
        const part = runBacktest(madeMarket(rows.slice(0, cut)), plan.make(), options);
        expect([...part.returns.slice(0, cut - 2)]).toEqual([...whole.returns.slice(0, cut - 2)]);
      }),
      { numRuns: 20 },
    );
  });
});

describe('beside a bookkeeper’s ledger', () => {
  const ledgerTerms = {
    ...{ sol: OPTIONS.holdings.sol, usdc: OPTIONS.holdings.usdc, walletSol: OPTIONS.holdings.walletSol },
    ...{ fee: 250n, slippage: 1_000n, gasLamports: 5_000n },
  };
  /** Whole base units at every row. */
  const ROUNDED_USD = 5e-5;
  /** Nothing corrects what the orders did. */
  const options: BacktestOptions = {
    ...OPTIONS,
    limits: { ...OPTIONS.limits, driftTolerancePct: 1_000, maxUnhedgedPct: 1_000 },
    parameters: { ...OPTIONS.parameters, slippagePpm: 1_000n },
    closeAtEnd: false,
  };

  it('equity, funding, interest and fees of every row, with gaps and changing lend rates', () => {
    const orders = fc.array(fc.record({ row: fc.nat(58), tenths: fc.integer({ min: 1, max: 60 }) }), { maxLength: 6 });
    fc.assert(
      fc.property(madeRows(60, { gaps: true }), madeLend(60), orders, (rows, lend, drawn) => {
        const market = madeMarket(rows, lend);
        // Shorts and their ends in turn, none at a row that had one.
        const rowsOf = [...new Set(drawn.map(({ row }) => row))].sort((a, b) => a - b);
        const placed = rowsOf.map((row, index) => ({
          hour: rows[row]?.hour ?? 0,
          size: BigInt(drawn[Math.floor(index / 2)]?.tenths ?? 1) * (index % 2 === 0 ? -100_000_000n : 100_000_000n),
        }));
        const ledger = ledgerOf(rows, lend, placed, ledgerTerms);
        let index = 0;
        const run = runBacktest(
          market,
          {
            text: 'trades',
            orders: placed.map(({ hour, size }) => ({ tsMs: FIRST_MS + hour * HOUR_MS, size: lamports(size) })),
          },
          options,
          {
            funding: () => undefined,
            equity(_, account) {
              const expected = ledger[index] as LedgerRow;
              const near = (mine: bigint, theirs: number) =>
                expect(Math.abs(Number(mine) / 1e15 - theirs)).toBeLessThan(ROUNDED_USD + 1e-8 * Math.abs(theirs));
              near(account.equity, expected.equity);
              near(account.funding, expected.funding);
              near(account.interest, expected.interest);
              near(account.sources.fees, expected.fees);
              index += 1;
            },
          },
        );
        expect(run.trades).toHaveLength(placed.length);
        expect(index).toBe(rows.length);
      }),
      { numRuns: 30 },
    );
  });
});

const DRIFT = join(ROOT, '../shared/data/drift-sol-perp-funding-hourly-2025.csv');

describeUnless(existsSync(DRIFT) ? false : 'no recorded history beside the checkout')('on Drift in 2025', () => {
  const read = (): BacktestMarket => {
    const funding = readHistory(DRIFT, FUNDING_COLUMNS);
    const market = marketBetween(
      { name: 'SOL', file: DRIFT, funding, lend: null, periodMs: HOUR_MS, notes: [] },
      null,
      null,
    );
    if (market === null) throw new RangeError('an empty history');
    return market;
  };
  const evaluateFromMs = Date.UTC(2025, 6, 1);

  /** Funding less costs, per cent a year at 10 SOL and at 1,000, and the switches at 10: as CARRY's table has them. */
  const TABLE = [
    ['never', 0, 0, 0],
    ['always', -3.6, -4.4, 2],
    ['mean:hours=24', -16.5, -47.5, 78],
    ['confidence', 0.0, 0.0, 4],
    ['gate:exit=none', -4.0, -5.8, 2],
    ['gate:exit=horizon', -0.4, -3.6, 6],
    ['gate:exit=mean_negative', -1.1, -1.4, 8],
  ] as const;

  it.each(TABLE)('%s earns %d at 10 SOL, %d at 1,000, with %i switches', (policy, small, large, switches) => {
    const market = read();
    const at = (sol: bigint, slippagePpm: bigint) =>
      ours(market, policy, {
        ...OPTIONS,
        evaluateFromMs,
        parameters: { ...OPTIONS.parameters, slippagePpm },
        holdings: { ...OPTIONS.holdings, sol: lamports(sol), usdc: microUsd(sol * 50n) },
      });
    const ten = at(10_000_000_000n, 1_000n);
    withContext(policy, () => expect(Math.abs(ten.core_apr_pct - small)).toBeLessThan(0.06));
    expect(ten.trades).toBe(switches);
    expect(Math.abs(at(1_000_000_000_000n, 3_000n).core_apr_pct - large)).toBeLessThan(0.06);
  });

  it('is the naive calculation’s', () => {
    const market = read();
    const start = market.funding.tsMs.findIndex((tsMs) => tsMs >= evaluateFromMs);
    same(ours(market, 'always', { ...OPTIONS, evaluateFromMs }), theirs(market, naiveAlways, start));
    same(ours(market, 'mean:hours=24', { ...OPTIONS, evaluateFromMs }), theirs(market, naiveMean(24, 0, 0), start));
  });
});
