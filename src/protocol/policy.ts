/** The settings that the engine decides by. */
import * as z from '../lib/codec.ts';
import { lamports, microUsd, milliseconds, mode, percent, seconds, sol, usd } from './units.ts';

export const PolicyInForce = z.object({
  mode,
  permissions: z.enum(['read-only', 'capital', 'trading']).about('LIVE_PERMISSIONS: what a live engine may send.'),
  drift_tolerance_pct: percent.about('DRIFT_TOLERANCE_PCT'),
  cooldown_seconds: seconds.about('COOLDOWN_SECONDS, in market time'),
  max_slippage_bps: z.number().unit('basis points').about('MAX_SLIPPAGE_BPS'),
  min_trade_size: sol.about('MIN_TRADE_SIZE'),
  min_trade_size_base: lamports,
  reserved_sol: sol.about('RESERVED_SOL'),
  reserved_sol_base: lamports,
  loop_interval_seconds: seconds.about('LOOP_INTERVAL_SECONDS'),
  poll_interval_seconds: seconds.about('POLL_INTERVAL_SECONDS'),
  max_leverage: z.number().unit('×').about('MAX_LEVERAGE'),
  confirm_above_usd: usd.about('CONFIRM_ABOVE_USD'),
  confirm_above_usd_base: microUsd,
  max_auto_trade_usd: usd.about('MAX_AUTO_TRADE_USD'),
  max_auto_trade_usd_base: microUsd,
  hedge_wallet_sol: z.boolean().about('HEDGE_WALLET_SOL'),
  guard: z.boolean().about('GUARD'),
  holding_horizon_hours: z.number().unit('h').about('HOLDING_HORIZON_HOURS'),
  max_unhedged_pct: percent.about('MAX_UNHEDGED_PCT'),
  min_liquidation_distance_pct: percent.about('MIN_LIQUIDATION_DISTANCE_PCT'),
  max_snapshot_age_ms: milliseconds.about('MAX_SNAPSHOT_AGE_SECONDS'),
  max_rpc_latency_ms: milliseconds.about('MAX_RPC_LATENCY_MS'),
  max_quote_depeg_pct: percent.about('MAX_QUOTE_DEPEG_PCT'),
  market_speed: z.union([z.number(), z.literal('max')]).about('MARKET_SPEED'),
});
export type PolicyInForce = z.output<typeof PolicyInForce>;
