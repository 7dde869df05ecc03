/**
 * The state of a paper account: one document in the journal's database, replaced as a whole by the transaction that
 * changes it. Nothing stays in memory between two calls, so a restart continues where it was.
 */

import { OpenOrder, PerpPosition, SOL_PERP_INDEX } from '../../domain/account/account.ts';
import { emptyPosition } from '../../domain/account/position.ts';
import { EquitySources } from '../../domain/account/snapshot.ts';
import { NO_SOURCES } from '../../domain/figures/equity-sources.ts';
import type { FemtoUsd, Price } from '../../domain/money/units.ts';
import { femtoUsdText, integer, lamportsText, microUsdText, priceText } from '../../domain/money/wire.ts';
import * as z from '../../lib/codec.ts';
import { equityAt } from './holdings.ts';
import type { PaperDefaults } from './parameters.ts';

export const MAX_WARNINGS = 5;

/** An order that waits for its fill. Only faults cause this; otherwise orders fill at landing. */
export const RestingOrder = OpenOrder.extend({
  maxTsMs: z.number(),
  signature: z.string(),
  /** The slot at which it is filled, or at which it expires. */
  dueSlot: z.number().int(),
  /** The part that is then filled, in parts per million. */
  fillPpm: z.number().int(),
  priceLimit: priceText,
});
export type RestingOrder = z.output<typeof RestingOrder>;

export const Speed = z.union([z.number().positive(), z.literal('max')]);
export type Speed = z.output<typeof Speed>;

export const PaperState = z.object({
  version: z.literal(1),
  wallet: z.object({ sol: lamportsText, usdc: microUsdText }),
  /**
   * Tokens in the sub-account; USDC below zero is a borrow. Balances are whole tokens and the cumulative interest stays 1:
   * Drift's scaled balances round each deposit by up to a lamport, but paper preserves value to the unit.
   */
  sol: lamportsText,
  usdc: microUsdText,
  /** Interest earned and too small to pay yet: token base units x rate (1e6) x milliseconds. */
  interestRemainder: z.object({ sol: integer, usdc: integer }),
  interestToMs: z.number(),
  status: z.enum(['active', 'being_liquidated', 'bankrupt']),
  perp: PerpPosition,
  /** 1e-18 USD, carried to the next period. */
  fundingRemainder: integer,
  cumulativeFundingRate: integer,
  lastFundingTsMs: z.number().nullable(),
  orders: z.array(RestingOrder),
  nextOrderId: z.number().int(),
  market: z.object({
    /** The market time up to which everything is booked. */
    timeMs: z.number(),
    /** Market time runs from this pair at `speed`. */
    anchorMarketMs: z.number(),
    anchorWallMs: z.number(),
    speed: Speed,
  }),
  /** The oracle price up to which `sources.price` is counted. */
  countedAt: priceText,
  baseline: femtoUsdText,
  sources: EquitySources.omit({ unexplained: true }),
  lastLiquidationMs: z.number().nullable(),
  warnings: z.array(z.string()),
  /** Signatures that land at a later slot. */
  mempool: z.array(z.object({ signature: z.string(), dueSlot: z.number().int() })),
  /** The slot of the last change by a transaction or a resting order: what is older is finalized. */
  changedSlot: z.number().int(),
  /** The highest slot so far: a wall clock set back must not undo a slot. */
  lastSlot: z.number().int(),
  /** The values of PAPER_SOL, PAPER_USDC and PAPER_WALLET_SOL when it was made. */
  defaults: z.object({ sol: lamportsText, usdc: microUsdText, walletSol: lamportsText }),
  /** The length of its funding periods, whose ends are the keys of payments. Absent (an older account): the setting applies. */
  periodMs: z.number().int().positive().optional(),
  /** What the feed had said up to `market.timeMs`. Absent: a feed that cannot change, or an older account. */
  pastDigest: z.string().optional(),
});
export type PaperState = z.output<typeof PaperState>;
export type PaperStateJson = z.input<typeof PaperState>;

/** `unexplained` is missing here because it is computed from the account and never booked. */
const { unexplained: _, ...NOTHING_BOOKED } = NO_SOURCES;

interface NewAccount {
  readonly defaults: PaperDefaults;
  readonly marketMs: number;
  readonly wallMs: number;
  readonly speed: Speed;
  readonly oracle: Price;
  readonly slot: number;
  readonly periodMs: number;
}

export function newAccount({ defaults, marketMs, wallMs, speed, oracle, slot, periodMs }: NewAccount): PaperState {
  const state: PaperState = {
    version: 1,
    wallet: { sol: defaults.walletSol, usdc: 0n as PaperState['usdc'] },
    sol: defaults.sol,
    usdc: defaults.usdc,
    interestRemainder: { sol: 0n, usdc: 0n },
    interestToMs: marketMs,
    status: 'active',
    perp: emptyPosition(SOL_PERP_INDEX, 0n),
    fundingRemainder: 0n,
    cumulativeFundingRate: 0n,
    lastFundingTsMs: null,
    orders: [],
    nextOrderId: 1,
    market: { timeMs: marketMs, anchorMarketMs: marketMs, anchorWallMs: wallMs, speed },
    countedAt: oracle,
    baseline: 0n as FemtoUsd,
    sources: NOTHING_BOOKED,
    lastLiquidationMs: null,
    warnings: [],
    mempool: [],
    changedSlot: 0,
    lastSlot: slot,
    defaults,
    periodMs,
  };
  return { ...state, baseline: equityAt(state, oracle) };
}
