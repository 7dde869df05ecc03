/** The policy: every limit that gates and `decide` use. Plain JSON outside, integers inside. */
import * as z from '../../lib/codec.ts';
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
  /** Market seconds per wall second; `max`: as fast as the engine can follow. 1 on a live venue. */
  marketSpeed: z.union([z.number(), z.literal('max')]),
});
export type Policy = z.output<typeof Policy>;
export type PolicyJson = z.input<typeof Policy>;
/** A process that may trade nothing and move nothing only watches: the account has no hedge target of ours. */
export const isWatchOnly = ({ mode, permissions }: Pick<PolicyJson, 'mode' | 'permissions'>): boolean =>
  mode === 'live' && permissions === 'read-only';
export const decodePolicy = (json: PolicyJson): Policy => z.decode(Policy, json);

const DEFAULT_MAX_QUOTE_DEPEG_PCT = 1;
export const maxQuoteDepegPct = ({ maxQuoteDepegPct: limit }: Pick<Policy, 'maxQuoteDepegPct'>): number =>
  limit ?? DEFAULT_MAX_QUOTE_DEPEG_PCT;

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
  marketSpeed: 1,
};
