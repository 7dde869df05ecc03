import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EquitySource } from '../../../src/domain/account/snapshot.ts';
import { NO_SOURCES } from '../../../src/domain/figures/equity-sources.ts';
import { accountFigures, driftState, marketFigures } from '../../../src/domain/figures/figures.ts';
import { FEMTO_PER_MICRO_USD } from '../../../src/domain/money/units.ts';
import { HOUR_MS, paperPolicy, type Scenario, snapshotOf, sol, usd, usdPrice } from '../../support/snapshots.ts';

const policy = paperPolicy();
const stateOf = (scenario: Scenario) => driftState(snapshotOf(scenario), policy);
const figuresOf = (scenario: Scenario) => accountFigures(snapshotOf(scenario), policy, null);

describe('drift_state', () => {
  it('has the fields of the seed’s broadcast and no others', () => {
    const state = stateOf({ sol: '10.55', usdc: 500, perp: '-10.5', entryUsd: 145, oracleUsd: 147 });
    expect(Object.keys(state)).toEqual([
      'health',
      'leverage',
      'total_collateral',
      'free_collateral',
      'maintenance_margin',
      'positions',
      'net_delta',
      'drift_pct',
    ]);
    expect(state.positions.map((position) => Object.keys(position))).toEqual([
      ['market', 'amount', 'entry_price', 'mark_price', 'pnl', 'liq_price'],
    ]);
    expect(state.positions[0]).toMatchObject({
      market: 'SOL-PERP',
      amount: -10.5,
      entry_price: 145,
      mark_price: 147,
      pnl: -21,
    });
    expect(state.net_delta).toBe(0.05);
    expect(state.drift_pct).toBeCloseTo(0.47, 2);
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });

  it('tells collateral and margin at maintenance, and free collateral at initial weights', () => {
    expect(stateOf({ perp: -10 })).toMatchObject({
      health: 96,
      leverage: 0.75,
      total_collateral: 1_850,
      free_collateral: 1_550,
      maintenance_margin: 75,
    });
  });

  it('takes the oracle’s price where the venue gives no mark, and none that is not valid', () => {
    expect(stateOf({ perp: -1, markUsd: null }).positions[0]).toMatchObject({ mark_price: 150, pnl: 0 });
    const invalid = {
      price: usdPrice(150),
      twap5Min: usdPrice(150),
      confidence: null,
      slot: 1,
      valid: false,
      invalidReason: 'stale',
    };
    const state = stateOf({ perp: -1, markUsd: null, perpMarket: { oracle: invalid } });
    expect(state.positions[0]).toEqual({
      market: 'SOL-PERP',
      amount: -1,
      entry_price: 150,
      mark_price: null,
      pnl: null,
      liq_price: null,
    });
  });

  it('is null where a price is unknown, and still shows what is held', () => {
    expect(stateOf({ perp: -10, oracleUsd: null, entryUsd: 150 })).toEqual({
      health: null,
      leverage: null,
      total_collateral: null,
      free_collateral: null,
      maintenance_margin: null,
      positions: [{ market: 'SOL-PERP', amount: -10, entry_price: 150, mark_price: null, pnl: null, liq_price: null }],
      net_delta: 0,
      drift_pct: 0,
    });
  });

  it('shows a position in a market that is not told of', () => {
    const snapshot = snapshotOf({ perp: -10 });
    const state = driftState({ ...snapshot, markets: { ...snapshot.markets, perps: [] } }, policy);
    expect(state).toMatchObject({ health: null, net_delta: null, drift_pct: null });
    expect(state.positions).toMatchObject([{ market: 'perp market 0', amount: -10, mark_price: null }]);
  });

  it('knows that an account that does not exist holds nothing, and calls it not healthy', () => {
    expect(stateOf({ account: null })).toEqual({
      health: null,
      leverage: null,
      total_collateral: 0,
      free_collateral: 0,
      maintenance_margin: 0,
      positions: [],
      net_delta: 0,
      drift_pct: 0,
    });
  });

  it('has no line for a position that is closed, nor a liquidation price without one', () => {
    expect(stateOf({}).positions).toEqual([]);
    expect(stateOf({ perp: 1, usdc: 5_000 }).positions[0]?.liq_price).toBeNull();
  });
});

describe('the page’s figures', () => {
  it('count what a settle would move in the quote asset, and what the position is worth in USD', () => {
    const scenario: Scenario = {
      perp: -10,
      entryUsd: 145,
      oracleUsd: 147,
      perpMarket: { cumulativeFundingRateShort: 30_000_000n },
    };
    expect(accountFigures(snapshotOf({ ...scenario, quoteUsd: 0.9 }), policy, null)).toMatchObject({
      ...{ quote_asset: 'USDC', quote_price: 0.9, quote_price_base: '900000' },
      ...{ unrealized_pnl: -18, unsettled_funding: 0.3, unsettled_pnl: -19.7 },
    });
    const unknown = accountFigures(snapshotOf({ ...scenario, quoteUsd: null }), policy, null);
    expect(unknown).toMatchObject({ quote_price: null, unrealized_pnl: null, unsettled_pnl: null });
  });

  it('count equity in the quote asset, with its value in USD beside it', () => {
    const sources = { ...NO_SOURCES, funding: 10_000_000n * FEMTO_PER_MICRO_USD };
    const snapshot = { equity: 1_010_000_000n * FEMTO_PER_MICRO_USD, equityBaseline: 10n ** 18n, sources };
    expect(accountFigures(snapshotOf({ quoteUsd: 0.9, snapshot }), policy, null)).toMatchObject({
      ...{ equity: 1_010, equity_change: 10, funding_received: 10, quote_price: 0.9 },
      ...{ equity_usd: 909, equity_usd_base: '909000000' },
    });
    const unknown = accountFigures(snapshotOf({ quoteUsd: null, snapshot }), policy, null);
    expect(unknown).toMatchObject({ equity: 1_010, equity_usd: null });
  });

  it('take a snapshot from before for what it is: USD, of which only the equity can be converted', () => {
    const { equityIn: _, ...old } = snapshotOf({
      quoteUsd: 0.8,
      snapshot: { equity: 10n ** 18n, equityBaseline: 10n ** 18n, sources: NO_SOURCES },
    });
    const unknown = { equity_change: null, sources: null, costs_paid: null };
    expect(accountFigures(old, policy, null)).toMatchObject({ equity: 1_250, equity_usd: 1_000, ...unknown });
    const atPar = { ...old, markets: snapshotOf({ quoteUsd: 1 }).markets };
    expect(accountFigures(atPar, policy, null)).toMatchObject({ equity: 1_000, equity_usd: 1_000, equity_change: 0 });
    const withoutPrice = { ...old, markets: snapshotOf({ quoteUsd: null }).markets };
    expect(accountFigures(withoutPrice, policy, null)).toMatchObject({ equity: null, equity_usd: null, ...unknown });
  });

  it('show what is settled apart from what is not', () => {
    const snapshot = snapshotOf({
      perp: -10,
      entryUsd: 145,
      oracleUsd: 147,
      perpMarket: { cumulativeFundingRateShort: 30_000_000n },
      snapshot: { accruedFunding: usd(0.07) },
    });
    const [position] = snapshot.account?.perps ?? [];
    if (snapshot.account === null || position === undefined) throw new Error('the scenario has a position');
    const account = { ...snapshot.account, perps: [{ ...position, settledPnl: usd(12) }] };
    expect(accountFigures({ ...snapshot, account }, policy, null)).toMatchObject({
      exists: true,
      missing: [],
      unrealized_pnl: -20,
      unsettled_funding: 0.3,
      unsettled_pnl: -19.7,
      unsettled_pnl_base: '-19700000',
      settled_pnl: 12,
      settled_pnl_base: '12000000',
      accrued_funding: 0.07,
      accrued_funding_base: '70000',
    });
  });

  it('keep what was settled of positions that are gone, where the venue tells it', () => {
    const settled = (account: object) => figuresOf({ account }).settled_pnl;
    expect([settled({}), settled({ settledPnl: usd(-13.5) })]).toEqual([0, -13.5]);
  });

  it('show wallet and sub-account apart, with what may be withdrawn', () => {
    expect(figuresOf({ sol: 10, usdc: 0, perp: -40, walletSol: 5, walletUsdc: 100 })).toMatchObject({
      wallet_sol: 5,
      wallet_sol_base: '5000000000',
      wallet_quote: 100,
      wallet_quote_base: '100000000',
      spot_sol: 10,
      spot_sol_base: '10000000000',
      spot_quote: 0,
      perp_sol: -40,
      max_deposit_sol_base: `${sol('4.982955')}`,
      max_deposit_quote_base: '100000000',
      // Free collateral would let 5 SOL go; health after must be 80.
      max_withdraw_sol_base: '0',
      max_withdraw_quote_base: '0',
      naked: true,
      initial_margin: 600,
    });
  });

  it('tell no liquidation price from an unknown one', () => {
    expect(figuresOf({})).toMatchObject({ liq_kind: 'none', liq_price: null, liq_distance_pct: null });
    expect(figuresOf({ perp: -1, oracleUsd: null })).toMatchObject({ liq_kind: 'unknown', liq_price: null });
    const known = figuresOf({ sol: 10, usdc: 0, perp: -10 });
    expect(known).toMatchObject({ liq_kind: 'price', liq_price: 1_000 });
    expect(known.liq_distance_pct).toBeCloseTo(566.67, 2);
  });

  it('are unknown where a price is, and name it', () => {
    expect(figuresOf({ perp: -1, oracleUsd: null, snapshot: { equity: null } })).toMatchObject({
      missing: ['price of SOL', 'price of SOL-PERP'],
      initial_margin: null,
      unrealized_pnl: null,
      unsettled_pnl_base: null,
      max_withdraw_sol_base: null,
      equity: null,
      equity_change: null,
      sources: null,
      costs_paid: null,
    });
  });

  it('have sources that add up to the change of equity, to the micro-USD', () => {
    const amounts = fc.record(
      Object.fromEntries(
        Object.keys(NO_SOURCES).map((source) => [source, fc.bigInt(-(10n ** 20n), 10n ** 20n)]),
      ) as Record<EquitySource, fc.Arbitrary<bigint>>,
    );
    fc.assert(
      fc.property(
        amounts,
        fc.bigInt(0n, 10n ** 22n),
        fc.bigInt(-(10n ** 12n), 10n ** 12n),
        (sources, equityBaseline, lost) => {
          const sum = Object.values(sources).reduce((total, amount) => total + amount, 0n);
          const equity = equityBaseline + sum + lost;
          const figures = figuresOf({ snapshot: { equity, equityBaseline, sources } });
          const parts = Object.values(figures.sources_base ?? {}).map(BigInt);
          expect(`${parts.reduce((total, part) => total + part, 0n)}`).toBe(figures.equity_change_base);
        },
      ),
    );
  });

  it('count fees, gas and slippage as what carry has to earn back', () => {
    const sources = {
      ...NO_SOURCES,
      fees: -1_000_000n * FEMTO_PER_MICRO_USD,
      gas: -200_000n * FEMTO_PER_MICRO_USD,
      slippage: -1_800_000n * FEMTO_PER_MICRO_USD,
      funding: 2_000_000n * FEMTO_PER_MICRO_USD,
    };
    const paid = -1_000_000n * FEMTO_PER_MICRO_USD;
    const snapshot = { equity: paid, equityBaseline: 0n, sources };
    const earning = figuresOf({ perp: -10, snapshot });
    // 0.003 % an hour on 1500 USD is 1.08 USD a day.
    expect(earning).toMatchObject({ costs_paid: 3, funding_received: 2, earns_per_day: 1.08, break_even_note: null });
    expect(earning.break_even_days).toBeCloseTo(1 / 1.08, 6);
    const losing = figuresOf({ perp: -10, lastRate: -30_000n, snapshot });
    expect(losing.break_even_days).toBeNull();
    expect(losing.break_even_note).not.toBeNull();
    const flat = figuresOf({ snapshot });
    expect(flat).toMatchObject({ earns_per_day: null, break_even_days: null, break_even_note: null });
  });

  it('name what the first deposit pays to open the account, and nothing once there is one', () => {
    const snapshot = { openingCostLamports: sol('0.034') };
    expect(figuresOf({ account: null, snapshot })).toMatchObject({
      opening_cost: 0.034,
      opening_cost_base: '34000000',
    });
    expect(figuresOf({ snapshot })).toMatchObject({ opening_cost: 0, opening_cost_base: '0' });
  });

  it('say what holds deposits back, and how it is freed', () => {
    expect(figuresOf({}).held_back).toBeNull();
    expect(figuresOf({ usdc: -2 }).held_back).toBe(
      'A debt of 2 USDC blocks the rest. Deposit a little more than that first.',
    );
  });

  it('are of nothing where there is no account', () => {
    expect(figuresOf({ account: null })).toMatchObject({
      exists: false,
      spot_sol: 0,
      perp_sol: 0,
      max_withdraw_sol_base: '0',
      unrealized_pnl: 0,
      liq_kind: 'none',
      settled_pnl: 0,
    });
  });
});

describe('the market’s figures', () => {
  it('name the feed and tell how long until the next funding period', () => {
    const snapshot = snapshotOf({});
    expect(marketFigures(snapshot)).toMatchObject({
      market: 'SOL-PERP',
      feed: 'synthetic:1',
      synthetic: true,
      oracle_price: 150,
      oracle_valid: true,
      step_size_base: '1000000',
      minimum_size_base: '5000000',
      funding: { period_ms: HOUR_MS, last_rate: 0.00003, known_hours: 168, next_period_in_ms: HOUR_MS },
    });
    const fast = marketFigures({ ...snapshot, feed: { ...snapshot.feed, speed: 60 } });
    expect(fast.funding.next_period_in_ms).toBe(60_000);
    expect(
      marketFigures({ ...snapshot, feed: { ...snapshot.feed, speed: 'max' } }).funding.next_period_in_ms,
    ).toBeNull();
  });

  it('are unknown where the market is not told of', () => {
    const snapshot = snapshotOf({ lastRate: null });
    expect(marketFigures({ ...snapshot, markets: { spot: [], perps: [] } })).toMatchObject({
      oracle_price: null,
      oracle_valid: false,
      oracle_invalid_reason: 'market unknown',
      mark_price: null,
      step_size_base: null,
      funding: { last_rate: null },
    });
  });
});
