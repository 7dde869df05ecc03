/**
 * A margin account and its markets, as plain integers in Drift's own precisions. A paper account holds these, and a Drift
 * account decodes to them. Margin maths (`margin.ts`) reads nothing else.
 */
import * as z from '../../lib/codec.ts';
import { integer, lamportsText, microUsdText, priceText } from '../money/wire.ts';

/** The asset that is hedged, by its symbol. */
export const BASE_ASSET = 'SOL';
/**
 * An asset by its symbol, as commands, requests and intents name it: `BASE_ASSET`, or that of the account's quote asset
 * (USDC on Drift, USDT on Velocity). Only the account's own markets say which that is: `spot-markets.ts`.
 */
export type Asset = string;

/** An oracle's quote at one moment. `price` null: no usable price, so figures are unknown, never zero. */
export const OracleQuote = z.object({
  price: priceText.nullable(),
  /** Five-minute mean as the venue last wrote it, for strict (initial) margin: the programs take the worse of it and `price`. */
  twap5Min: priceText.nullable(),
  confidence: priceText.nullable(),
  slot: z.number().int(),
  valid: z.boolean(),
  /** Why it is not valid, in a sentence. */
  invalidReason: z.string().nullable(),
  /**
   * Why the venue fills no order at its own price with it (stricter than for margin). Null: it does. Absent: as
   * `invalidReason`.
   */
  noFillsReason: z.string().nullable().optional(),
});
export type OracleQuote = z.output<typeof OracleQuote>;

/** Markets with the same oracle move together, which a liquidation price needs. Absent: spot and perp pair up by asset. */
const oracleIdentity = {
  oracleId: z.string().optional(),
  /** Base units that the oracle's price is for (1000 for a `1K` oracle). Absent: 1. */
  oracleMultiple: integer.optional(),
};

export const SpotMarket = z.object({
  marketIndex: z.number().int(),
  asset: z.string(),
  decimals: z.number().int(),
  oracle: OracleQuote,
  /** 1e10 precision. Token amount = scaled balance x cumulative interest / 10^(19 - decimals). */
  cumulativeDepositInterest: integer,
  cumulativeBorrowInterest: integer,
  /** 1e4 precision, like all weights and ratios below. */
  initialAssetWeight: z.number().int(),
  maintenanceAssetWeight: z.number().int(),
  initialLiabilityWeight: z.number().int(),
  maintenanceLiabilityWeight: z.number().int(),
  /** 1e6 precision. */
  imfFactor: z.number().int(),
  /** Total deposits, scaled balance; with `scaleInitialAssetWeightStart` (1e6 USD, 0 = off) it lowers the initial weight. */
  depositBalance: integer,
  scaleInitialAssetWeightStart: microUsdText,
  /** Yearly rates as fractions at 1e6; null when unknown. */
  depositRate: integer.nullable(),
  borrowRate: integer.nullable(),
  /** Tokens that can be withdrawn from the whole market now (SDK calculateWithdrawLimit). Absent: no such limit. */
  withdrawLimit: integer.optional(),
  /** Tokens. `withdrawLimit` does not apply to deposits below a tenth of it. Absent: it applies to all. */
  withdrawGuardThreshold: integer.optional(),
  /** Tokens that the market still takes before a cap of its own. Absent: it has none. */
  depositLimit: integer.optional(),
  ...oracleIdentity,
});
export type SpotMarket = z.output<typeof SpotMarket>;

export const PerpMarket = z.object({
  marketIndex: z.number().int(),
  /** e.g. `SOL-PERP`. */
  market: z.string(),
  /** The spot asset that a short in this market hedges, e.g. `SOL`. */
  baseAsset: z.string(),
  oracle: OracleQuote,
  /** The price at which the venue fills now, between its bid and its ask. Null if the venue has none. */
  markPrice: priceText.nullable(),
  /** Where a sell and a buy begin to fill now. Absent: `markPrice`. */
  bidPrice: priceText.optional(),
  askPrice: priceText.optional(),
  quoteSpotMarketIndex: z.number().int(),
  /** 1e4 precision. */
  initialMarginRatio: z.number().int(),
  maintenanceMarginRatio: z.number().int(),
  highLeverageInitialMarginRatio: z.number().int(),
  highLeverageMaintenanceMarginRatio: z.number().int(),
  /** 1e6 precision. */
  imfFactor: z.number().int(),
  unrealizedPnlImfFactor: z.number().int(),
  /** 1e4 precision. */
  unrealizedPnlInitialAssetWeight: z.number().int(),
  unrealizedPnlMaintenanceAssetWeight: z.number().int(),
  /** A position's profit counts at most so much in initial margin. Absent: as its weight says. */
  initialProfitLimit: microUsdText.optional(),
  unrealizedPnlMaxImbalance: microUsdText,
  /** What the market owes its traders by the venue's own count, 1e6. */
  netUserPnlImbalance: microUsdText,
  /** Quote per base at 1e9, cumulative. */
  cumulativeFundingRateLong: integer,
  cumulativeFundingRateShort: integer,
  lastFundingRateTsMs: z.number(),
  fundingPeriodMs: z.number().int(),
  stepSize: lamportsText,
  minimumSize: lamportsText,
  tickSize: priceText,
  /** Taker fee of this account as a fraction at 1e6 (250 = 2.5 bps). */
  takerFee: integer,
  /** 1e6 precision. */
  liquidatorFee: integer,
  /** What a market order loses against the mark, parts per million, where that is known. Absent: by its size. */
  slippagePpm: integer.optional(),
  status: z.enum(['initialized', 'active', 'reduce_only', 'settlement', 'delisted', 'paused']),
  expiryPrice: priceText.nullable(),
  /**
   * Positions of all traders on each side, not negative. A fill that leaves either side above the cap is refused, also one
   * that closes. Absent: no cap.
   */
  openInterest: z.object({ long: lamportsText, short: lamportsText, cap: lamportsText }).optional(),
  /** A prediction market, whose price ends at 0 or 1 USD: a short owes 1 USD minus the price. Absent: false. */
  prediction: z.boolean().optional(),
  ...oracleIdentity,
});
export type PerpMarket = z.output<typeof PerpMarket>;

export const SpotBalance = z.object({
  marketIndex: z.number().int(),
  /** 1e9 precision, never negative; `kind` gives its direction. */
  scaledBalance: integer,
  kind: z.enum(['deposit', 'borrow']),
  openOrders: z.number().int(),
  /** Base units of the asset; bids positive, asks negative. */
  openBids: integer,
  openAsks: integer,
});
export type SpotBalance = z.output<typeof SpotBalance>;

export const PerpPosition = z.object({
  marketIndex: z.number().int(),
  /** Positive long, negative short. */
  baseAmount: lamportsText,
  /** Unsettled quote: entry, settled funding and fees included. */
  quoteAmount: microUsdText,
  /** Entry price = -quoteEntryAmount / baseAmount. */
  quoteEntryAmount: microUsdText,
  quoteBreakEvenAmount: microUsdText,
  /** 1e9 precision: unsettled funding = (cumulative - last) x base. */
  lastCumulativeFundingRate: integer,
  openOrders: z.number().int(),
  openBids: lamportsText,
  openAsks: lamportsText,
  /** PnL settled to the quote balance in this market so far. */
  settledPnl: microUsdText,
  /** 1e4 precision; 0 = the market's. */
  maxMarginRatio: z.number().int(),
  /**
   * It has collateral and a margin of its own, apart from the account's: neither is modelled here, so the account's figures
   * are unknown. Absent: no.
   */
  isolated: z.boolean().optional(),
});
export type PerpPosition = z.output<typeof PerpPosition>;

export const OpenOrder = z.object({
  orderId: z.number().int(),
  marketIndex: z.number().int(),
  side: z.enum(['buy', 'sell']),
  size: lamportsText,
  filled: lamportsText,
  reduceOnly: z.boolean(),
  maxTsMs: z.number().nullable(),
});
export type OpenOrder = z.output<typeof OpenOrder>;

export const Account = z.object({
  subAccount: z.number().int(),
  status: z.enum(['active', 'being_liquidated', 'bankrupt']),
  /** 1e4 precision; 0 = none. */
  maxMarginRatio: z.number().int(),
  highLeverageMode: z.boolean(),
  /** High leverage ratios for maintenance margin only (the mode is being removed). Absent: false. */
  highLeverageMaintenance: z.boolean().optional(),
  /** Deposits minus withdrawals over the account's life, micro-USD. Absent: counts as not negative. */
  netDeposits: microUsdText.optional(),
  /** PnL settled over the account's life, closed positions included. Absent: the sum over the present positions. */
  settledPnl: microUsdText.optional(),
  spot: z.array(SpotBalance),
  perps: z.array(PerpPosition),
  orders: z.array(OpenOrder),
});
export type Account = z.output<typeof Account>;

export const Markets = z.object({ spot: z.array(SpotMarket), perps: z.array(PerpMarket) });
export type Markets = z.output<typeof Markets>;

export const SOL_PERP = 'SOL-PERP';
export const SOL_PERP_INDEX = 0;
