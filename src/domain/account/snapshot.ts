/** A snapshot: one account at one slot, with everything a decision reads, and its age. Never mixed from two reads. */

import * as z from '../../lib/codec.ts';
import { integer, lamportsText, microUsdText } from '../money/wire.ts';
import { Account, Markets } from './account.ts';

/** Funding as known at the snapshot. Rates: fraction of the oracle price per period at 1e9, positive when longs pay. */
export const FundingOutlook = z.object({
  periodMs: z.number().int(),
  lastRate: integer.nullable(),
  lastPeriodTsMs: z.number().nullable(),
  /** Mean over the trailing 168 h, or over what is known of it. */
  trailingMeanRate: integer.nullable(),
  knownHours: z.number(),
  nextPeriodTsMs: z.number().nullable(),
  /** The last period whose rate would have passed the profitability gate is found from these, newest last. */
  recentRates: z.array(z.object({ tsMs: z.number(), rate: integer })),
});
export type FundingOutlook = z.output<typeof FundingOutlook>;

/** What the venue refuses now; each name is an operation's kind or `fill`. */
export const VenuePauses = z.object({
  deposit: z.boolean(),
  withdraw: z.boolean(),
  increase: z.boolean(),
  reduce: z.boolean(),
  settle: z.boolean(),
  /** Assets that it refuses while it takes others, by the market's name. Absent: none. */
  refusedAssets: z.object({ deposit: z.array(z.string()), withdraw: z.array(z.string()) }).optional(),
  detail: z.string().nullable(),
});
export type VenuePauses = z.output<typeof VenuePauses>;

/** Cumulative since the account's start, exact in 1e-15 USD: equity = baseline + the sum of the sources. */
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
 * Where the perp position came from since the account's books began, signed lamports, at the snapshot's slot: what
 * tells our own late fill from somebody else's trade.
 */
export const PositionLedger = z.object({
  /** Fills of our orders, as keepers made them. */
  own: lamportsText,
  /** Fills of orders that are not ours, and what else moved it. */
  foreign: lamportsText,
  liquidated: lamportsText,
  /** Differences of the account's books that nothing explains, so far. */
  unexplained: z.number().int(),
});
export type PositionLedger = z.output<typeof PositionLedger>;

export const FeedProgress = z.object({
  feed: z.string(),
  /** True when prices are made up; the page says so. */
  synthetic: z.boolean(),
  ended: z.boolean(),
  /** Rows done and in all, null when endless. */
  row: z.number().int().nullable(),
  rows: z.number().int().nullable(),
  speed: z.union([z.number(), z.literal('max')]),
  warnings: z.array(z.string()),
});
export type FeedProgress = z.output<typeof FeedProgress>;

export const Snapshot = z.object({
  engineId: z.string(),
  slot: z.number().int(),
  commitment: z.enum(['confirmed', 'finalized']),
  /** Wall clock at which the read began; of a chain that stands still, at which this slot was first read. */
  takenAtMs: z.number(),
  /** Market clock of the read; on a live venue the chain's own, which its periods and orders go by. */
  marketTimeMs: z.number(),
  /**
   * How far the chain's clock at this slot lay behind `takenAtMs`, by a clock that a node confirms. Null: unknown, no two
   * clocks agree. Absent: there is no chain (paper).
   */
  chainAgeMs: z.number().nullable().optional(),
  /** Which clock differs from the others, in words. Absent or null: none. */
  clockDoubt: z.string().nullable().optional(),
  /** Which nodes deny the account that another one has, in words. Absent or null: none. */
  nodesDisagree: z.string().nullable().optional(),
  /** The chain's clock at this slot, which an order's lifetime is held against. Absent: the wall clock (paper). */
  blockTimeMs: z.number().optional(),
  /** Null: no account yet, only DEPOSIT makes sense. */
  account: Account.nullable(),
  markets: Markets,
  wallet: z.object({ sol: lamportsText, usdc: microUsdText }),
  funding: FundingOutlook,
  pauses: VenuePauses,
  feed: FeedProgress,
  /** Exact, 1e-15 USD; null when a price is unknown. */
  equity: integer.nullable(),
  equityBaseline: integer.nullable(),
  sources: EquitySources.nullable(),
  /** Accrued and not yet paid, shown beside equity: funding since the last period, at its estimated rate. */
  accruedFunding: microUsdText.nullable(),
  /** Market time of the last liquidation of this account; null: never. */
  lastLiquidationMs: z.number().nullable(),
  /** Null: not known at this read. Absent: the venue needs none, nobody else can trade there (paper). */
  ledger: PositionLedger.nullable().optional(),
  /** Median of recent calls; null where there is no RPC (paper). */
  rpcLatencyMs: z.number().nullable(),
  /** Wallet cost of one transaction now: base fee, priority fee and tip. */
  transactionCostLamports: lamportsText,
  /** What the first deposit pays once, to open the account; of interest while `account` is null. Absent: nothing. */
  openingCostLamports: lamportsText.optional(),
  /** What a deposit of SOL binds in the wallet while it runs, and gives back. Absent: nothing. */
  boundByDepositLamports: lamportsText.optional(),
});
export type Snapshot = z.output<typeof Snapshot>;
/** What travels through Temporal and the journal: the same with decimal strings. */
export type SnapshotJson = z.input<typeof Snapshot>;

export const decodeSnapshot = (json: SnapshotJson): Snapshot => z.decode(Snapshot, json);
export const encodeSnapshot = (snapshot: Snapshot): SnapshotJson => z.encode(Snapshot, snapshot);
