/** What the page shows beside the account's figures: the market and the policy. */

import type { Snapshot } from '../domain/account/snapshot.ts';
import { forbidden } from '../domain/account/venue-pauses.ts';
import { marketFigures } from '../domain/figures/figures.ts';
import { type CarryTerms, carryTerms, maxQuoteDepegPct, type Policy } from '../domain/hedge/policy.ts';
import { solNumber, usdNumber } from '../domain/money/units.ts';
import type * as z from '../lib/codec.ts';
import type { Market } from '../protocol/market.ts';
import type { PolicyInForce } from '../protocol/policy.ts';
import { isoTime, isoTimeOrNull } from './units-view.ts';

const sol = (value: bigint): number => solNumber(value.toString());
const usd = (value: bigint): number => usdNumber(value.toString());

/** Times as ISO 8601, and the wait for the next period counted from now instead of from the snapshot. */
export function marketView(snapshot: Snapshot, nowMs: number): z.input<typeof Market> {
  const figures = marketFigures(snapshot);
  const { next_period_in_ms: fromSnapshot, next_period_ts: nextPeriodTsMs } = figures.funding;
  const sinceMs = Math.max(0, nowMs - snapshot.takenAtMs);
  return {
    ...figures,
    pauses: { forbids: forbidden(snapshot.pauses), detail: snapshot.pauses.detail },
    market_time: isoTime(figures.market_time),
    funding: {
      ...figures.funding,
      next_period_ts: isoTimeOrNull(nextPeriodTsMs),
      next_period_in_ms: fromSnapshot === null ? null : Math.max(0, fromSnapshot - sinceMs),
    },
  };
}

export const policyView = (policy: Policy): z.input<typeof PolicyInForce> => ({
  mode: policy.mode,
  permissions: policy.permissions,
  drift_tolerance_pct: policy.driftTolerancePct,
  cooldown_seconds: policy.cooldownMs / 1_000,
  max_slippage_bps: policy.maxSlippageBps,
  min_trade_size: sol(policy.minTradeSize),
  min_trade_size_base: policy.minTradeSize.toString(),
  reserved_sol: sol(policy.reservedSol),
  reserved_sol_base: policy.reservedSol.toString(),
  loop_interval_seconds: policy.loopIntervalMs / 1_000,
  poll_interval_seconds: policy.pollIntervalMs / 1_000,
  max_leverage: policy.maxLeverage,
  confirm_above_usd: usd(policy.confirmAboveUsd),
  confirm_above_usd_base: policy.confirmAboveUsd.toString(),
  max_auto_trade_usd: usd(policy.maxAutoTradeUsd),
  max_auto_trade_usd_base: policy.maxAutoTradeUsd.toString(),
  hedge_wallet_sol: policy.hedgeWalletSol,
  guard: policy.guard,
  holding_horizon_hours: policy.holdingHorizonHours,
  max_unhedged_pct: policy.maxUnhedgedPct,
  min_liquidation_distance_pct: policy.minLiquidationDistancePct,
  max_snapshot_age_ms: policy.maxSnapshotAgeMs,
  max_rpc_latency_ms: policy.maxRpcLatencyMs,
  max_quote_depeg_pct: maxQuoteDepegPct(policy),
  ...carryTermsView(carryTerms(policy)),
  market_speed: policy.marketSpeed,
});

const carryTermsView = (terms: CarryTerms) => ({
  carry_policy: terms.policy,
  carry_auto_exit: terms.autoExit,
  carry_window_hours: terms.windowHours,
  carry_z: terms.z,
  carry_hedge_fraction: terms.hedgeFraction,
  alternative_yield_apr: terms.alternativeYieldAprPct,
  max_hedge_sol: terms.maxHedgeSol === null ? null : sol(terms.maxHedgeSol),
  max_hedge_sol_base: terms.maxHedgeSol?.toString() ?? null,
  max_trades_per_day: terms.maxTradesPerDay,
});
