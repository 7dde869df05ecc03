/** The account: health, positions, balances, and what it has earned. Null is unknown, never zero. */
import type { EquitySource } from '../domain/account/snapshot.ts';
import { EQUITY_SOURCES } from '../domain/figures/equity-sources.ts';
import * as z from '../lib/codec.ts';
import { lamports, market, microUsd, percent, quote, quoteAsset, quoteUnits, sol, time, usd } from './units.ts';

export const Position = z.object({
  market,
  amount: sol.about('Size of the position. A short is negative.'),
  entry_price: usd.about('Average price of entry.'),
  mark_price: usd.nullable().about('Price that it is valued at.'),
  pnl: usd.nullable().about('amount × (mark price − entry price), without funding and fees.'),
  liq_price: usd.nullable().about('Oracle price of liquidation. Null: none, or unknown; account.liq_kind says which.'),
});
export type Position = z.output<typeof Position>;

export const DriftState = z.object({
  health: z.number().nullable().about('0 to 100, whole. Below 50 is a warning, below 20 critical.'),
  leverage: z.number().nullable().unit('×').about('Liabilities against total collateral.'),
  total_collateral: usd.nullable().about('Weighted by the Maintenance weights of the SDK.'),
  free_collateral: usd.nullable().about('Collateral that margin does not bind.'),
  maintenance_margin: usd.nullable().about('Collateral below which the account is liquidated.'),
  positions: z.array(Position).nullable().about('Open positions. Null: unknown. Empty: none.'),
  net_delta: sol.nullable().about('Spot and perp together: what moves with the price of SOL.'),
  drift_pct: percent.nullable().about('Net delta against spot: the distance from full neutrality.'),
});
export type DriftState = z.output<typeof DriftState>;

const forEach = <Name extends string, Field>(names: readonly Name[], field: Field): Record<Name, Field> =>
  Object.fromEntries(names.map((name) => [name, field])) as Record<Name, Field>;
const quoteBySource = forEach(EQUITY_SOURCES, quote);
const BASE_NAMES = EQUITY_SOURCES.map((source): `${EquitySource}_base` => `${source}_base`);

export const AccountInfo = z.object({
  exists: z.boolean().about('False: the venue has no account yet. The first deposit opens it.'),
  opening_cost: sol.about('What the first deposit pays besides its amount. 0 once there is an account.'),
  opening_cost_base: lamports,
  missing: z.array(z.string()).about('Prices that the margin figures lack. Empty: none.'),
  quote_asset: quoteAsset.nullable().about('The asset in which perps settle, such as USDC. Null: unknown.'),
  quote_price: usd
    .nullable()
    .about(
      'USD per unit of the quote asset, by its oracle. Amounts of the quote asset times this are their USD value.',
    ),
  quote_price_base: microUsd.nullable(),
  wallet_sol: sol.about('In the wallet, not deposited.'),
  wallet_sol_base: lamports,
  wallet_quote: quote.about('In the wallet, not deposited.'),
  wallet_quote_base: quoteUnits,
  spot_sol: sol.nullable().about('Deposited. A borrow is negative.'),
  spot_sol_base: lamports.nullable(),
  spot_quote: quote.nullable().about('Deposited. A borrow is negative.'),
  spot_quote_base: quoteUnits.nullable(),
  max_deposit_sol_base: lamports.about('The most that a DRIFT_DEPOSIT may ask for.'),
  max_deposit_quote_base: quoteUnits.nullable().about('The most that a DRIFT_DEPOSIT may ask for.'),
  max_withdraw_sol_base: lamports.nullable().about('The most that a DRIFT_WITHDRAW may ask for.'),
  max_withdraw_quote_base: quoteUnits.nullable().about('The most that a DRIFT_WITHDRAW may ask for.'),
  held_back: z.string().nullable().about('Why deposits cannot be withdrawn in full, and what frees them.'),
  perp_sol: sol.about('The perp position. A short is negative.'),
  perp_sol_base: lamports,
  net_delta_base: lamports.nullable(),
  naked: z.boolean().about('The short is larger than the spot that it hedges.'),
  initial_margin: usd.nullable().about('Collateral that a new position would need.'),
  health_exact: z.number().nullable().about('Health before it is rounded.'),
  liq_kind: z.enum(['price', 'none', 'unknown']).about('What a null liq_price means.'),
  liq_price: usd.nullable().about('Oracle price at which the account is liquidated.'),
  liq_distance_pct: percent.nullable().about('How far the oracle price is from it.'),
  unrealized_pnl: usd.nullable().about('Value of the perps at the oracle price, with fees and settled funding.'),
  unrealized_pnl_base: microUsd.nullable(),
  unsettled_funding: quote.nullable().about('Funding that is paid, but not settled to the balance yet.'),
  unsettled_funding_base: quoteUnits.nullable(),
  unsettled_pnl: quote.nullable().about('What SETTLE_PNL would move to the balance.'),
  unsettled_pnl_base: quoteUnits.nullable(),
  settled_pnl: quote.about('What has been settled since the account was opened.'),
  settled_pnl_base: quoteUnits,
  accrued_funding: quote.nullable().about('Of the running funding period, at its estimated rate. In no other figure.'),
  accrued_funding_base: quoteUnits.nullable(),
  equity: quote.nullable().about('All that the account and its wallet are worth, in units of the quote asset.'),
  equity_base: quoteUnits.nullable(),
  equity_usd: usd.nullable().about('The same in USD: equity × quote_price.'),
  equity_usd_base: microUsd.nullable(),
  equity_change: quote.nullable().about('Since the start of the history.'),
  equity_change_base: quoteUnits.nullable(),
  sources: z
    .object(quoteBySource)
    .nullable()
    .about('What equity_change is made of. They add up to it, to the last unit.'),
  sources_base: z.object(forEach(EQUITY_SOURCES, quoteUnits)).nullable(),
  funding_received: quote.nullable().about('Net funding. Negative: more was paid than received.'),
  costs_paid: quote.nullable().about('Fees, gas and slippage.'),
  earns_per_day: usd.nullable().about('Funding less borrow interest, at the mean of the last day.'),
  break_even_days: z.number().nullable().unit('days').about('Until funding has earned the costs back at that pace.'),
  break_even_note: z.string().nullable().about('Why there is no break_even_days.'),
  drift_from_target_pct: percent.nullable().about('The distance from the hedge target.'),
  next_funding_estimate: usd.nullable().about('What the running period pays at the last rate.'),
});
export type AccountInfo = z.output<typeof AccountInfo>;

/** Cumulative since the start of the history. */
export const EquityPoint = z.object({
  ts: time,
  equity: quote.about('In units of the quote asset, as all that follows. Times quote_price it is USD.'),
  baseline: quote.about('Equity at the start of the history: the sources add up to equity − baseline.'),
  ...quoteBySource,
  market_ts: time.about('The time of the market data, which may be replayed.'),
  quote_asset: quoteAsset.nullable(),
  quote_price: usd
    .nullable()
    .about(
      'USD per unit of the quote asset then, by its oracle. Null: not written down; the row was converted at the next that was.',
    ),
  quote_price_base: microUsd.nullable(),
  equity_base: quoteUnits,
  baseline_base: quoteUnits,
  ...forEach(BASE_NAMES, quoteUnits),
});
export type EquityPoint = z.output<typeof EquityPoint>;
