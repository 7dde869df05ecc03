/** What the page shows beside the seed's figures, under keys of its own: the account's parts, the market, the policy. */
import { SOL_PERP } from '../domain/account.ts';
import { driftFromTargetPct, exposure, reservedFor } from '../domain/delta.ts';
import { assessMargin, liquidationPrice, perpMarketOf, perpSize, spotHeld, withdrawable } from '../domain/margin.ts';
import type { Policy } from '../domain/policy.ts';
import type { EquitySource, Snapshot } from '../domain/snapshot.ts';
import { divFloor, FEMTO_PER_MICRO_USD } from '../domain/units.ts';
import type { View } from './record-views.ts';
import { isoTime, rateNumber, solNumber, usdNumber } from './units-view.ts';

const DAY_MS = 86_400_000;
const PPM = 1_000_000;

const sol = (value: bigint | null): number | null => (value === null ? null : solNumber(value.toString()));
const usd = (value: bigint | null): number | null => (value === null ? null : usdNumber(value.toString()));
const text = (value: bigint | null): string | null => value?.toString() ?? null;
const micro = (femto: bigint): bigint => divFloor(femto, FEMTO_PER_MICRO_USD);

/** `hedgeTarget` 0 to 1, null when the engine's record is unknown. */
export function accountView(snapshot: Snapshot, policy: Policy, hedgeTarget: number | null): View {
  const { account, markets, wallet, equity, equityBaseline } = snapshot;
  const spotSol = account === null ? null : spotHeld(account, markets, 'SOL');
  const spotUsdc = account === null ? null : spotHeld(account, markets, 'USDC');
  const maxSol = account === null ? null : withdrawable(account, markets, 'SOL');
  const maxUsdc = account === null ? null : withdrawable(account, markets, 'USDC');
  const change = equity === null || equityBaseline === null ? null : micro(equity - equityBaseline);
  return {
    exists: account !== null,
    wallet_sol: sol(wallet.sol),
    wallet_sol_base: text(wallet.sol),
    wallet_usdc: usd(wallet.usdc),
    wallet_usdc_base: text(wallet.usdc),
    spot_sol: sol(spotSol),
    spot_sol_base: text(spotSol),
    spot_usdc: usd(spotUsdc),
    spot_usdc_base: text(spotUsdc),
    max_withdraw_sol_base: text(maxSol),
    max_withdraw_usdc_base: text(maxUsdc),
    perp_sol: account === null ? null : sol(perpSize(account, markets, SOL_PERP)),
    drift_from_target_pct: driftFromTarget(snapshot, policy, hedgeTarget),
    ...liquidationView(snapshot),
    equity: equity === null ? null : usd(micro(equity)),
    equity_change: usd(change),
    equity_change_base: text(change),
    ...sourcesView(snapshot),
    ...pnlView(snapshot),
    ...carryView(snapshot),
  };
}

function driftFromTarget(snapshot: Snapshot, policy: Policy, hedgeTarget: number | null): number | null {
  const { spot, perp } = exposure(snapshot, policy);
  if (spot === null || hedgeTarget === null) return null;
  return driftFromTargetPct(spot, perp, reservedFor(policy), Math.round(hedgeTarget * PPM));
}

function liquidationView({ account, markets }: Snapshot): View {
  if (account === null) return { liq_price: null, liq_distance_pct: null };
  const liquidation = liquidationPrice(account, markets, SOL_PERP);
  if (liquidation.kind === 'unknown') return { liq_distance_pct: null };
  if (liquidation.kind === 'none') return { liq_price: null, liq_distance_pct: null };
  const oracle = perpMarketOf(markets, SOL_PERP)?.oracle.price ?? null;
  const distance =
    oracle === null || oracle === 0n ? null : Math.abs(Number(liquidation.price - oracle) / Number(oracle)) * 100;
  return { liq_price: usd(liquidation.price), liq_distance_pct: distance };
}

/** Each rounded so that they add up to the rounded sum: the change of equity. */
function sourcesView({ sources }: Snapshot): View {
  if (sources === null) return { sources: null, sources_base: null };
  let exact = 0n;
  const base = Object.entries(sources).map(([source, value]): readonly [string, bigint] => {
    const before = micro(exact);
    exact += value;
    return [source, micro(exact) - before];
  });
  return {
    sources: Object.fromEntries(base.map(([source, value]) => [source, usd(value)])),
    sources_base: Object.fromEntries(base.map(([source, value]) => [source, text(value)])),
  };
}

function pnlView({ account, markets }: Snapshot): View {
  if (account === null) return { settled_pnl: null, unsettled_pnl: null };
  const assessment = assessMargin(account, markets);
  const settled = account.perps.reduce((sum, position) => sum + position.settledPnl, 0n);
  return {
    settled_pnl: usd(settled),
    unsettled_pnl:
      assessment.kind === 'known' ? usd(assessment.figures.unrealizedPnl + assessment.figures.unsettledFunding) : null,
  };
}

/** What is earned and paid: the estimate takes the last period's rate, so it says what today's pace would give. */
function carryView(snapshot: Snapshot): View {
  const { account, markets, funding, sources } = snapshot;
  const oracle = perpMarketOf(markets, SOL_PERP)?.oracle.price ?? null;
  const perp = account === null ? null : perpSize(account, markets, SOL_PERP);
  const next =
    oracle === null || perp === null || funding.lastRate === null
      ? null
      : -solNumber(perp.toString()) * usdNumber(oracle.toString()) * rateNumber(funding.lastRate.toString());
  const perDay = next === null ? null : (next * DAY_MS) / funding.periodMs;
  const total = (...names: readonly EquitySource[]): number | null =>
    sources === null ? null : usd(micro(names.reduce((sum, name) => sum + sources[name], 0n)));
  const costs = total('slippage', 'fees', 'gas');
  const received = total('funding', 'interest');
  const missing = costs === null || received === null ? null : Math.max(0, -costs - received);
  return {
    accrued_funding: usd(snapshot.accruedFunding),
    next_funding_estimate: next,
    funding_received: total('funding'),
    costs_paid: costs === null ? null : -costs,
    earns_per_day: perDay,
    break_even_days: missing === null || perDay === null || perDay <= 0 ? null : missing / perDay,
    break_even_note: perDay !== null && perDay <= 0 && perp !== 0n ? 'Nothing is earned at the last rate.' : null,
  };
}

export function marketView(snapshot: Snapshot, nowMs: number): View {
  const { feed, funding, markets, marketTimeMs, takenAtMs } = snapshot;
  const market = perpMarketOf(markets, SOL_PERP);
  const speed = feed.speed === 'max' ? null : feed.speed;
  const nextPeriodInMs =
    speed === null || speed <= 0 || funding.nextPeriodTsMs === null
      ? null
      : Math.max(0, (funding.nextPeriodTsMs - marketTimeMs) / speed - (nowMs - takenAtMs));
  return {
    market: market?.market ?? null,
    feed: feed.feed,
    synthetic: feed.synthetic,
    speed: feed.speed,
    ended: feed.ended,
    row: feed.row,
    rows: feed.rows,
    warnings: feed.warnings,
    market_time: isoTime(marketTimeMs),
    oracle_price: usd(market?.oracle.price ?? null),
    oracle_valid: market?.oracle.valid ?? null,
    oracle_invalid_reason: market?.oracle.invalidReason ?? null,
    mark_price: usd(market?.markPrice ?? null),
    step_size_base: text(market?.stepSize ?? null),
    minimum_size_base: text(market?.minimumSize ?? null),
    funding: {
      period_ms: funding.periodMs,
      last_rate: funding.lastRate === null ? null : rateNumber(funding.lastRate.toString()),
      trailing_mean_rate: funding.trailingMeanRate === null ? null : rateNumber(funding.trailingMeanRate.toString()),
      known_hours: funding.knownHours,
      next_period_in_ms: nextPeriodInMs,
    },
  };
}

export const policyView = (policy: Policy): View => ({
  mode: policy.mode,
  permissions: policy.permissions,
  drift_tolerance_pct: policy.driftTolerancePct,
  cooldown_seconds: policy.cooldownMs / 1_000,
  max_slippage_bps: policy.maxSlippageBps,
  min_trade_size: sol(policy.minTradeSize),
  min_trade_size_base: text(policy.minTradeSize),
  reserved_sol: sol(policy.reservedSol),
  reserved_sol_base: text(policy.reservedSol),
  loop_interval_seconds: policy.loopIntervalMs / 1_000,
  poll_interval_seconds: policy.pollIntervalMs / 1_000,
  max_leverage: policy.maxLeverage,
  confirm_above_usd: usd(policy.confirmAboveUsd),
  confirm_above_usd_base: text(policy.confirmAboveUsd),
  max_auto_trade_usd: usd(policy.maxAutoTradeUsd),
  max_auto_trade_usd_base: text(policy.maxAutoTradeUsd),
  hedge_wallet_sol: policy.hedgeWalletSol,
  guard: policy.guard,
  holding_horizon_hours: policy.holdingHorizonHours,
  max_unhedged_pct: policy.maxUnhedgedPct,
  min_liquidation_distance_pct: policy.minLiquidationDistancePct,
  max_snapshot_age_ms: policy.maxSnapshotAgeMs,
  max_rpc_latency_ms: policy.maxRpcLatencyMs,
  market_speed: policy.marketSpeed,
});
