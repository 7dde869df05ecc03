/** The books of one account: one document, replaced as a whole together with the rows that it produced. */

import { EquitySources, PositionLedger, Wallet } from '../../../domain/account/snapshot.ts';
import { integer, lamportsText, microUsdText, priceText } from '../../../domain/money/wire.ts';
import * as z from '../../../lib/codec.ts';

/** Deposited tokens (a borrow is negative) at the last proof, and the movements since, by their own figures. */
const SpotTokens = z.object({
  tokens: integer,
  moved: integer,
  /** Total movement in both directions, and how often: the bounds of interest and rounding. */
  turnover: integer,
  moves: z.number().int(),
  /** Cumulative interest of the market at the proof, 1e10. */
  depositIndex: integer,
  borrowIndex: integer,
});
export type SpotTokens = z.output<typeof SpotTokens>;

/** A funding period's end as the market reported it. Cumulative rates: quote per base at 1e9. */
const Period = z.object({
  tsMs: z.number(),
  cumulativeLong: integer,
  cumulativeShort: integer,
  oracleTwap: priceText,
  /** What a short was paid, as a fraction of the TWAP, 1e9. */
  rate: integer,
});
export type Period = z.output<typeof Period>;

const TradeName = z.object({ signature: z.string(), index: z.number().int(), placedBy: z.string() });

export const BooksState = z.object({
  /** 2: in the quote asset. Version 1 was in USD; the journal's migration 0011 converts it. */
  version: z.literal(2),
  /** Everything up to this slot is booked. */
  slot: z.number().int(),
  wallet: Wallet,
  base: SpotTokens,
  quote: SpotTokens,
  perp: z.object({ base: lamportsText, quote: microUsdText }),
  /** Value of what lies outside the configured market and its assets, 1e-15 USD: worth another sum of the quote asset when that moves. */
  other: integer,
  /** Oracle prices up to which `sources.price` is counted. */
  prices: z.object({ base: priceText, quote: priceText, perp: priceText }),
  /** The mark's distance from the oracle at the last read. */
  premium: integer,
  /** 1e-15 of the quote asset, as the sources. */
  baseline: integer,
  sources: EquitySources,
  ledger: PositionLedger,
  lastLiquidationMs: z.number().nullable(),
  /** Since the last proof: what events may not report in full. */
  since: z.object({ liquidated: z.boolean(), unclear: z.array(z.string()) }),
  /** Placements of this account, newest last. They say whose order was filled. */
  orders: z.array(z.object({ orderId: z.number().int(), signature: z.string() })),
  /** Trades whose placement our wallet signed, but which belong to no operation yet. */
  unclaimed: z.array(TradeName),
  periods: z.array(Period),
  /** Ends of periods that have a row, newest last, because a period is paid once. */
  paidPeriods: z.array(z.number()),
});
export type BooksState = z.output<typeof BooksState>;
export type BooksStateJson = z.input<typeof BooksState>;

export const MAX_ORDERS = 200;
export const MAX_UNCLAIMED = 100;
/** A month of hours: the largest window of the carry policy, and what its backtest goes by. */
export const MAX_PERIODS = 720;
