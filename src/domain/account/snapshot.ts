/** A snapshot: one account at one slot, with everything that a decision needs, and its age. Never mixed from two reads. */

import * as z from '../../lib/codec.ts';
import { integer, lamportsText, microUsdText } from '../money/wire.ts';
import { Account, Markets } from './account.ts';

const RateSum = z.object({ sum: z.number().int(), known: z.number().int() });

/**
 * What the funding of past periods comes to, exactly: sums of fractions of the oracle's price in whole 1e-14, with how many
 * periods each has. The window ends now, so that periods which nobody reported lately count as unknown.
 */
export const RateWindow = z.object({
  hours: z.number().int(),
  /** Periods in the window, known or not. */
  wanted: z.number().int(),
  total: RateSum,
  /** Of equal parts of the window, newest first. */
  blocks: z.array(RateSum),
});
export type RateWindow = z.output<typeof RateWindow>;

/** Funding as known at the snapshot. Rates: fraction of the oracle price per period at 1e9, positive when longs pay. */
export const FundingOutlook = z.object({
  periodMs: z.number().int(),
  lastRate: integer.nullable(),
  lastPeriodTsMs: z.number().nullable(),
  /** Mean over the trailing 168 h, or the known part of it. */
  trailingMeanRate: integer.nullable(),
  knownHours: z.number(),
  nextPeriodTsMs: z.number().nullable(),
  /** Newest last. They show which period's rate would last have passed the profitability gate. */
  recentRates: z.array(z.object({ tsMs: z.number(), rate: integer })),
  /** The past that the confidence rule goes by (CARRY_WINDOW_HOURS). Absent: not kept, so the rule knows nothing. */
  window: RateWindow.optional(),
  /** What the venue's own formula gives for the running period, if nobody trades until it ends. Absent: not estimated. */
  nextRate: integer.nullable().optional(),
  /**
   * Where an account's own size moves the rate: what each period pays a short once the averages have caught up, by the signed
   * size of a trade now (0: no trade, negative: a sale). Ascending. Absent: size does not matter there.
   */
  afterTrade: z.array(z.object({ delta: lamportsText, rate: integer })).optional(),
});
export type FundingOutlook = z.output<typeof FundingOutlook>;

/** What the venue refuses now. */
export const VenuePauses = z.object({
  deposit: z.boolean(),
  withdraw: z.boolean(),
  increase: z.boolean(),
  reduce: z.boolean(),
  settle: z.boolean(),
  /** Assets that it refuses while it accepts others, by the market's name. Absent: none. */
  refusedAssets: z.object({ deposit: z.array(z.string()), withdraw: z.array(z.string()) }).optional(),
  detail: z.string().nullable(),
});
export type VenuePauses = z.output<typeof VenuePauses>;

/** Cumulative since the account's start, exact in 1e-15 of the quote asset: equity = baseline + the sum of the sources. */
export const EquitySources = z.object({
  price: integer,
  basis: integer,
  slippage: integer,
  funding: integer,
  interest: integer,
  fees: integer,
  gas: integer,
  transfers: integer,
  external: integer,
  unexplained: integer,
});
export type EquitySources = z.output<typeof EquitySources>;
export type EquitySource = keyof EquitySources;

/**
 * Where the perp position came from since the account's books began, in signed lamports at the snapshot's slot. This
 * distinguishes our own late fill from a foreign trade.
 */
export const PositionLedger = z.object({
  /** Fills of our orders. */
  own: lamportsText,
  /** Fills of foreign orders, and every other change. */
  foreign: lamportsText,
  liquidated: lamportsText,
  /** Number of unexplained differences in the account's books so far. */
  unexplained: z.number().int(),
});
export type PositionLedger = z.output<typeof PositionLedger>;

export const FeedProgress = z.object({
  feed: z.string(),
  /** True when prices are made up; the page says so. */
  synthetic: z.boolean(),
  ended: z.boolean(),
  /** Rows done and total rows; null when endless. */
  row: z.number().int().nullable(),
  rows: z.number().int().nullable(),
  speed: z.union([z.number(), z.literal('max')]),
  warnings: z.array(z.string()),
});
export type FeedProgress = z.output<typeof FeedProgress>;

/** In base units. `usdc` stands in the journal and in recorded histories from when every quote asset was USDC. */
export const Wallet = z.object({ sol: lamportsText, quote: microUsdText }).formerly({ quote: 'usdc' });
export type Wallet = z.output<typeof Wallet>;

export const Snapshot = z.object({
  engineId: z.string(),
  slot: z.number().int(),
  commitment: z.enum(['confirmed', 'finalized']),
  /** Wall clock when the read began; if the chain stands still, when this slot was first read. */
  takenAtMs: z.number(),
  /** Market clock of the read; on a live venue the chain's own, which decides about periods and orders. */
  marketTimeMs: z.number(),
  /**
   * How far the chain's clock at this slot was behind `takenAtMs`, by a clock that a node confirms. Null: unknown, no two
   * clocks agree. Absent: there is no chain (paper).
   */
  chainAgeMs: z.number().nullable().optional(),
  /** A sentence about the clock that differs from the others. Absent or null: none. */
  clockDoubt: z.string().nullable().optional(),
  /** Which nodes deny the account that another one has, in words. Absent or null: none. */
  nodesDisagree: z.string().nullable().optional(),
  /** The chain's clock at this slot, which limits an order's lifetime. Absent: the wall clock (paper). */
  blockTimeMs: z.number().optional(),
  /** Null: no account yet, only DEPOSIT makes sense. */
  account: Account.nullable(),
  markets: Markets,
  wallet: Wallet,
  funding: FundingOutlook,
  pauses: VenuePauses,
  feed: FeedProgress,
  /** Exact, 1e-15 of the quote asset; null when a price is unknown. */
  equity: integer.nullable(),
  /**
   * Absent: 1e-15 USD, as every snapshot had it that was recorded before equity was counted in the quote asset. Paper's quote
   * asset is always 1 USD, so paper says nothing.
   */
  equityIn: z.enum(['quote']).optional(),
  equityBaseline: integer.nullable(),
  sources: EquitySources.nullable(),
  /** Accrued and not yet paid, shown next to equity: funding since the last period, at its estimated rate. */
  accruedFunding: microUsdText.nullable(),
  /** Market time of the last liquidation of this account; null: never. */
  lastLiquidationMs: z.number().nullable(),
  /** Null: unknown at this read. Absent: the venue needs none, because no one else can trade there (paper). */
  ledger: PositionLedger.nullable().optional(),
  /** Median of recent calls; null where there is no RPC (paper). */
  rpcLatencyMs: z.number().nullable(),
  /** Wallet cost of one transaction now: base fee, priority fee and tip. */
  transactionCostLamports: lamportsText,
  /** The one-time cost of opening the account with the first deposit; only used while `account` is null. Absent: nothing. */
  openingCostLamports: lamportsText.optional(),
  /** What a deposit of SOL binds in the wallet while it runs and then gives back. Absent: nothing. */
  boundByDepositLamports: lamportsText.optional(),
});
export type Snapshot = z.output<typeof Snapshot>;
/** The form in Temporal and the journal, with decimal strings. */
export type SnapshotJson = z.input<typeof Snapshot>;

export const decodeSnapshot = (json: SnapshotJson): Snapshot => z.decode(Snapshot, json);
export const encodeSnapshot = (snapshot: Snapshot): SnapshotJson => z.encode(Snapshot, snapshot);
