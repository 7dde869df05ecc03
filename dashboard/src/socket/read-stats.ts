/** SYSTEM_STATS' data, and /api/state, which gives the same. */

import type { EquitySource } from '../../../src/domain/account/snapshot.ts';
import { EQUITY_SOURCES } from '../../../src/domain/figures/equity-sources.ts';
import { readBase } from '../format/decimal.ts';
import type {
  AccountView,
  DriftState,
  EngineView,
  HoldView,
  MarketView,
  PolicyView,
  PositionView,
  Stats,
  UnresolvedView,
} from './messages.ts';
import { type Fields, fields, flag, isObject, list, number, oneOf, pick, text, time, webUrl } from './read.ts';

export function readStats(data: Fields): Stats {
  return {
    drift: readDrift(fields(data.drift_state)),
    engine: readEngine(fields(data.engine)),
    market: readMarket(fields(data.market), fields(data.engine)),
    account: readAccount(fields(data.account)),
    policy: readPolicy(fields(data.policy)),
    temporalUrl: webUrl(pick(fields(data.links), 'temporal_url', 'temporalUrl')),
    asOfMs: time(data.as_of),
    ageMs: number(data.age_ms),
  };
}

function readDrift(from: Fields): DriftState {
  return {
    health: number(from.health),
    leverage: number(from.leverage),
    totalCollateral: number(from.total_collateral),
    freeCollateral: number(from.free_collateral),
    maintenanceMargin: number(from.maintenance_margin),
    positions: Array.isArray(from.positions) ? from.positions.map((item) => readPosition(fields(item))) : null,
    netDelta: number(from.net_delta),
    driftPct: number(from.drift_pct),
  };
}

const readPosition = (from: Fields): PositionView => ({
  market: text(from.market) ?? 'unknown market',
  amount: number(from.amount),
  entryPrice: number(from.entry_price),
  markPrice: number(from.mark_price),
  pnl: number(from.pnl),
  liqPrice: 'liq_price' in from ? number(from.liq_price) : undefined,
});

export function readEngine(from: Fields): EngineView {
  const operation = from.operation;
  return {
    engineId: text(from.engine_id),
    mode: oneOf(from.mode, ['paper', 'live']),
    state: oneOf(from.state, ['running', 'stopping', 'stopped']),
    tradingState: oneOf(from.trading_state, ['active', 'reducing', 'halted']),
    reason: text(from.reason),
    feed: text(from.feed),
    hedgeTarget: number(from.hedge_target),
    cooldownUntilMs: time(from.cooldown_until),
    cooldownRemainingMs: 'cooldown_remaining_ms' in from ? number(from.cooldown_remaining_ms) : undefined,
    operation: isObject(operation)
      ? {
          operationId: text(pick(operation, 'operation_id', 'operationId')) ?? '',
          kind: text(operation.kind),
          stage: text(operation.stage),
        }
      : text(operation) === null
        ? null
        : { operationId: text(operation) ?? '', kind: null, stage: null },
    unresolved: list(from.unresolved).flatMap(readUnresolved),
    holds: Array.isArray(from.holds) ? from.holds.map((item) => readHold(fields(item))) : null,
    decision: readDecision(from.decision),
  };
}

function readUnresolved(item: unknown): readonly UnresolvedView[] {
  const from = typeof item === 'string' ? { operation_id: item } : fields(item);
  const operationId = text(pick(from, 'operation_id', 'operationId'));
  if (operationId === null) return [];
  return [
    {
      operationId,
      kind: text(pick(from, 'kind')),
      sinceMs: time(pick(from, 'since', 'since_ms', 'sinceMs')),
      signature: text(pick(from, 'signature', 'tx_signature')),
      explorerUrl: webUrl(pick(from, 'explorer_url')),
      temporalUrl: webUrl(pick(from, 'temporal_url')),
      summary: text(pick(from, 'summary', 'reason')),
    },
  ];
}

const readHold = (from: Fields): HoldView => ({
  code: text(from.code) ?? 'hold',
  key: text(from.key),
  sinceMs: time(pick(from, 'since', 'since_ms', 'sinceMs')),
  permits: oneOf(from.permits, ['reducing', 'nothing']),
  clearedBy: oneOf(pick(from, 'cleared_by', 'clearedBy'), ['itself', 'person']),
  reason: text(from.reason) ?? 'no reason was given',
});

function readDecision(value: unknown): string | null {
  if (!isObject(value)) return text(value);
  return text(pick(value, 'message', 'reason', 'detail')) ?? text(pick(value, 'code', 'kind'));
}

const texts = (value: unknown): readonly string[] =>
  list(value).flatMap((item) => (typeof item === 'string' ? [item] : []));

function readMarket(from: Fields, engine: Fields): MarketView {
  const funding = fields(from.funding);
  const feed = text(pick(from, 'feed')) ?? text(engine.feed);
  return {
    market: text(from.market),
    feed,
    // A feed's id says what it is: trusted even where the flag is missing, since made-up prices must never look real.
    synthetic: flag(from.synthetic) ?? (feed === null ? null : feed.startsWith('synthetic')),
    speed: from.speed === 'max' ? 'max' : number(from.speed),
    ended: flag(from.ended),
    row: number(from.row),
    rows: number(from.rows),
    warnings: texts(from.warnings),
    pauses: { forbids: texts(fields(from.pauses).forbids), detail: text(fields(from.pauses).detail) },
    marketTimeMs: time(from.market_time),
    oraclePrice: number(from.oracle_price),
    oracleValid: flag(from.oracle_valid),
    oracleInvalidReason: text(from.oracle_invalid_reason),
    markPrice: number(from.mark_price),
    stepBase: readBase(from.step_size_base),
    minimumBase: readBase(from.minimum_size_base),
    funding: {
      periodMs: number(funding.period_ms),
      lastRate: number(funding.last_rate),
      trailingMeanRate: number(funding.trailing_mean_rate),
      knownHours: number(funding.known_hours),
      nextPeriodInMs: number(funding.next_period_in_ms),
    },
  };
}

function readAccount(from: Fields): AccountView {
  return {
    exists: flag(from.exists),
    openingCostBase: readBase(from.opening_cost_base),
    walletSol: number(from.wallet_sol),
    walletUsdc: number(from.wallet_usdc),
    walletSolBase: readBase(from.wallet_sol_base),
    walletUsdcBase: readBase(from.wallet_usdc_base),
    spotSol: number(from.spot_sol),
    spotUsdc: number(from.spot_usdc),
    spotSolBase: readBase(from.spot_sol_base),
    spotUsdcBase: readBase(from.spot_usdc_base),
    maxDepositSolBase: readBase(from.max_deposit_sol_base),
    maxDepositUsdcBase: readBase(from.max_deposit_usdc_base),
    maxWithdrawSolBase: readBase(from.max_withdraw_sol_base),
    maxWithdrawUsdcBase: readBase(from.max_withdraw_usdc_base),
    heldBack: text(from.held_back),
    perpSol: number(from.perp_sol),
    driftFromTargetPct: number(from.drift_from_target_pct),
    liqPrice: 'liq_price' in from ? number(from.liq_price) : undefined,
    liqKind: text(from.liq_kind),
    liqDistancePct: number(from.liq_distance_pct),
    equity: number(from.equity),
    equityChange: number(from.equity_change),
    equityChangeBase: microUsd(from.equity_change_base, from.equity_change),
    sourcesBase: readSources(from),
    settledPnl: number(from.settled_pnl),
    unsettledPnl: number(from.unsettled_pnl),
    accruedFunding: number(from.accrued_funding),
    accruedInterest: number(from.accrued_interest),
    nextFundingEstimate: number(from.next_funding_estimate),
    fundingReceived: number(from.funding_received),
    costsPaid: number(from.costs_paid),
    earnsPerDay: number(from.earns_per_day),
    breakEvenDays: number(from.break_even_days),
    breakEvenNote: text(from.break_even_note),
  };
}

/** Exact micro-USD where the server sends it, else the nearest to its JSON number. */
function microUsd(base: unknown, approximate: unknown): bigint | null {
  const exact = readBase(base);
  if (exact !== null) return exact;
  const usd = number(approximate);
  return usd === null ? null : BigInt(Math.round(usd * 1e6));
}

function readSources(from: Fields): Record<EquitySource, bigint | null> | null {
  if (!isObject(from.sources) && !isObject(from.sources_base)) return null;
  const approximate = fields(from.sources);
  const exact = fields(from.sources_base);
  const entries = EQUITY_SOURCES.map((source) => [source, microUsd(exact[source], approximate[source])] as const);
  return Object.fromEntries(entries) as Record<EquitySource, bigint | null>;
}

const readPolicy = (from: Fields): PolicyView => ({
  driftTolerancePct: number(from.drift_tolerance_pct),
  maxLeverage: number(from.max_leverage),
  reservedSolBase: readBase(from.reserved_sol_base),
  permissions: text(from.permissions),
  maxSnapshotAgeMs: number(from.max_snapshot_age_ms),
});
