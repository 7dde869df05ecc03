/** The policy: every limit that gates and `decide` use. Plain JSON outside, integers inside. */
import * as z from '../../lib/codec.ts';
import type { Lamports } from '../money/units.ts';
import { lamportsText, microUsdText } from '../money/wire.ts';

export const Policy = z.object({
  mode: z.enum(['paper', 'live']),
  permissions: z.enum(['read-only', 'capital', 'trading']),
  driftTolerancePct: z.number(),
  cooldownMs: z.number(),
  maxSlippageBps: z.number().int(),
  minTradeSize: lamportsText,
  reservedSol: lamportsText,
  loopIntervalMs: z.number(),
  pollIntervalMs: z.number(),
  maxLeverage: z.number(),
  confirmAboveUsd: microUsdText,
  maxAutoTradeUsd: microUsdText,
  hedgeWalletSol: z.boolean(),
  guard: z.boolean(),
  holdingHorizonHours: z.number(),
  maxUnhedgedPct: z.number(),
  minLiquidationDistancePct: z.number(),
  maxSnapshotAgeMs: z.number(),
  maxRpcLatencyMs: z.number(),
  /** Absent: `DEFAULT_MAX_QUOTE_DEPEG_PCT`; from before the quote asset's price was looked at. */
  maxQuoteDepegPct: z.number().optional(),
  /** Who decides about entering and leaving. Absent here and below: from before carry policies; `carryTerms` has the defaults. */
  carryPolicy: z.enum(['manual', 'auto']).optional(),
  carryAutoExit: z.boolean().optional(),
  carryWindowHours: z.number().int().optional(),
  carryZ: z.number().optional(),
  carryHedgeFraction: z.number().optional(),
  alternativeYieldAprPct: z.number().optional(),
  /** The largest hedge that `auto` opens. Null: not set, so `auto` opens none. */
  maxHedgeSol: lamportsText.nullable().optional(),
  /** How often a day `auto` may enter. Null: not set, so never. */
  maxTradesPerDay: z.number().int().nullable().optional(),
  /** Of the program that a live engine trades with, as read at its start. Absent: paper, or not read. */
  programHash: z.string().optional(),
  /** Market seconds per wall second; `max`: as fast as the engine can follow. 1 on a live venue. */
  marketSpeed: z.union([z.number(), z.literal('max')]),
});
export type Policy = z.output<typeof Policy>;
export type PolicyJson = z.input<typeof Policy>;
/** A process that may trade nothing and move nothing only watches: the account has no hedge target of ours. */
export const isWatchOnly = ({ mode, permissions }: Pick<PolicyJson, 'mode' | 'permissions'>): boolean =>
  mode === 'live' && permissions === 'read-only';
export const decodePolicy = (json: PolicyJson): Policy => z.decode(Policy, json);
export const encodePolicy = (policy: Policy): PolicyJson => z.encode(Policy, policy);

const DEFAULT_MAX_QUOTE_DEPEG_PCT = 1;
export const maxQuoteDepegPct = ({ maxQuoteDepegPct: limit }: Pick<Policy, 'maxQuoteDepegPct'>): number =>
  limit ?? DEFAULT_MAX_QUOTE_DEPEG_PCT;

/** What the carry policy goes by, with the defaults of what an older version did not know. */
export interface CarryTerms {
  readonly policy: 'manual' | 'auto';
  readonly autoExit: boolean;
  readonly windowHours: number;
  readonly z: number;
  readonly hedgeFraction: number;
  readonly alternativeYieldAprPct: number;
  readonly maxHedgeSol: Lamports | null;
  readonly maxTradesPerDay: number | null;
}

export const carryTerms = (policy: Policy): CarryTerms => ({
  policy: policy.carryPolicy ?? 'manual',
  autoExit: policy.carryAutoExit ?? true,
  windowHours: policy.carryWindowHours ?? DEFAULT_CARRY_WINDOW_HOURS,
  z: policy.carryZ ?? 1,
  hedgeFraction: policy.carryHedgeFraction ?? 1,
  alternativeYieldAprPct: policy.alternativeYieldAprPct ?? 0,
  maxHedgeSol: policy.maxHedgeSol ?? null,
  maxTradesPerDay: policy.maxTradesPerDay ?? null,
});

const DEFAULT_CARRY_WINDOW_HOURS = 336;

/** The defaults of the settings, for paper. */
export const DEFAULT_POLICY: PolicyJson = {
  mode: 'paper',
  permissions: 'trading',
  driftTolerancePct: 1,
  cooldownMs: 1_800_000,
  maxSlippageBps: 50,
  minTradeSize: '5000000',
  reservedSol: '17000000',
  loopIntervalMs: 60_000,
  pollIntervalMs: 10_000,
  maxLeverage: 10,
  confirmAboveUsd: '100000000',
  maxAutoTradeUsd: '1000000000',
  hedgeWalletSol: false,
  guard: true,
  holdingHorizonHours: 720,
  maxUnhedgedPct: 5,
  minLiquidationDistancePct: 20,
  maxSnapshotAgeMs: 30_000,
  maxRpcLatencyMs: 500,
  maxQuoteDepegPct: DEFAULT_MAX_QUOTE_DEPEG_PCT,
  carryPolicy: 'manual',
  carryAutoExit: true,
  carryWindowHours: DEFAULT_CARRY_WINDOW_HOURS,
  carryZ: 1,
  carryHedgeFraction: 1,
  alternativeYieldAprPct: 0,
  maxHedgeSol: null,
  maxTradesPerDay: null,
  marketSpeed: 1,
};
