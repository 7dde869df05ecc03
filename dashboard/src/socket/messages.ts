/**
 * What the page reads from the socket. Everything is optional on the wire: null here means unknown and is shown so.
 * Money as JSON numbers is for display; `*Base` are exact base units, for the forms.
 */
import { readBase } from '../format/decimal.ts';
import { type Fields, fields, flag, isObject, list, number, oneOf, pick, text, time } from './read.ts';

export type Mode = 'paper' | 'live';

export interface PositionView {
  readonly market: string;
  readonly amount: number | null;
  readonly entryPrice: number | null;
  readonly markPrice: number | null;
  readonly pnl: number | null;
  /** Null: there is none; undefined: the server did not say. */
  readonly liqPrice: number | null | undefined;
}

export interface DriftState {
  readonly health: number | null;
  readonly leverage: number | null;
  readonly totalCollateral: number | null;
  readonly freeCollateral: number | null;
  readonly maintenanceMargin: number | null;
  /** Null: unknown, which is not the same as none. */
  readonly positions: readonly PositionView[] | null;
  readonly netDelta: number | null;
  readonly driftPct: number | null;
}

export interface HoldView {
  readonly code: string;
  readonly key: string | null;
  readonly sinceMs: number | null;
  readonly permits: 'reducing' | 'nothing' | null;
  readonly clearedBy: 'itself' | 'person' | null;
  readonly reason: string;
}

export interface UnresolvedView {
  readonly operationId: string;
  readonly kind: string | null;
  readonly sinceMs: number | null;
  readonly signature: string | null;
  readonly explorerUrl: string | null;
  readonly temporalUrl: string | null;
  readonly summary: string | null;
}

export interface OperationView {
  readonly operationId: string;
  readonly kind: string | null;
  readonly stage: string | null;
}

export interface EngineView {
  readonly engineId: string | null;
  readonly mode: Mode | null;
  readonly state: 'running' | 'stopping' | 'stopped' | null;
  readonly tradingState: 'active' | 'reducing' | 'halted' | null;
  readonly reason: string | null;
  readonly feed: string | null;
  /** 0 to 1. */
  readonly hedgeTarget: number | null;
  readonly cooldownUntilMs: number | null;
  /** Wall milliseconds that were left when the message was made; undefined: the server did not say. */
  readonly cooldownRemainingMs: number | null | undefined;
  readonly operation: OperationView | null;
  readonly unresolved: readonly UnresolvedView[];
  /** Null: unknown. */
  readonly holds: readonly HoldView[] | null;
  readonly decision: string | null;
}

export interface MarketView {
  readonly market: string | null;
  readonly feed: string | null;
  readonly synthetic: boolean | null;
  readonly speed: number | 'max' | null;
  readonly ended: boolean | null;
  readonly row: number | null;
  readonly rows: number | null;
  readonly warnings: readonly string[];
  readonly marketTimeMs: number | null;
  readonly oraclePrice: number | null;
  readonly oracleValid: boolean | null;
  readonly oracleInvalidReason: string | null;
  readonly markPrice: number | null;
  readonly stepBase: bigint | null;
  readonly minimumBase: bigint | null;
  readonly funding: {
    readonly periodMs: number | null;
    readonly lastRate: number | null;
    readonly trailingMeanRate: number | null;
    readonly knownHours: number | null;
    /** Wall milliseconds to the next period when the message was made. */
    readonly nextPeriodInMs: number | null;
  };
}

export const SOURCES = [
  'price',
  'basis',
  'slippage',
  'funding',
  'interest',
  'fees',
  'gas',
  'transfers',
  'external',
  'unexplained',
] as const;
export type Source = (typeof SOURCES)[number];

export interface AccountView {
  readonly exists: boolean | null;
  readonly walletSol: number | null;
  readonly walletUsdc: number | null;
  readonly walletSolBase: bigint | null;
  readonly walletUsdcBase: bigint | null;
  readonly spotSol: number | null;
  readonly spotUsdc: number | null;
  readonly spotSolBase: bigint | null;
  readonly spotUsdcBase: bigint | null;
  readonly maxWithdrawSolBase: bigint | null;
  readonly maxWithdrawUsdcBase: bigint | null;
  readonly perpSol: number | null;
  readonly driftFromTargetPct: number | null;
  readonly liqPrice: number | null | undefined;
  readonly liqDistancePct: number | null;
  readonly equity: number | null;
  readonly equityChange: number | null;
  /** Micro-USD, exact; a source that the server does not tell is null. */
  readonly equityChangeBase: bigint | null;
  readonly sourcesBase: Readonly<Record<Source, bigint | null>> | null;
  readonly settledPnl: number | null;
  readonly unsettledPnl: number | null;
  readonly accruedFunding: number | null;
  readonly accruedInterest: number | null;
  readonly nextFundingEstimate: number | null;
  readonly fundingReceived: number | null;
  readonly costsPaid: number | null;
  readonly earnsPerDay: number | null;
  readonly breakEvenDays: number | null;
  readonly breakEvenNote: string | null;
}

export interface PolicyView {
  readonly driftTolerancePct: number | null;
  readonly maxLeverage: number | null;
  readonly reservedSolBase: bigint | null;
  readonly permissions: string | null;
  readonly maxSnapshotAgeMs: number | null;
}

export interface Stats {
  readonly drift: DriftState;
  readonly engine: EngineView;
  readonly market: MarketView;
  readonly account: AccountView;
  readonly policy: PolicyView;
  readonly temporalUrl: string | null;
  readonly asOfMs: number | null;
  readonly ageMs: number | null;
}

export interface GateView {
  readonly code: string;
  readonly pass: boolean | null;
  readonly have: string | null;
  readonly need: string | null;
  readonly remedy: string | null;
}

export interface ErrorView {
  readonly code: string;
  readonly message: string;
  readonly remedy: string | null;
  readonly gates: readonly GateView[];
}

export type ResultStatus = 'done' | 'pending' | 'confirmation_required' | 'rejected' | 'failed' | 'unknown';
const STATUSES: readonly ResultStatus[] = ['done', 'pending', 'confirmation_required', 'rejected', 'failed', 'unknown'];

export interface ConfirmationView {
  readonly token: string;
  readonly expiresAtMs: number | null;
  readonly expiresInMs: number | null;
  readonly preview: Fields;
}

export interface CommandResult {
  readonly action: string;
  readonly commandId: string;
  readonly success: boolean;
  readonly status: ResultStatus | null;
  readonly message: string;
  readonly operationId: string | null;
  readonly signature: string | null;
  readonly changed: boolean | null;
  readonly commitment: string | null;
  readonly confirmation: ConfirmationView | null;
  readonly error: ErrorView | null;
}

export interface TransactionUpdate {
  readonly operationId: string;
  readonly commandId: string | null;
  readonly attempt: number | null;
  readonly stage: string | null;
  readonly signature: string | null;
  readonly outcome: string | null;
  readonly explorerUrl: string | null;
  readonly temporalUrl: string | null;
}

export interface FundingPayment {
  readonly market: string | null;
  readonly periodMs: number | null;
  readonly rate: number | null;
  readonly amount: number | null;
}

export interface AlertView {
  readonly id: string;
  readonly kind: 'alert' | 'recovered';
  readonly severity: 'info' | 'warning' | 'critical';
  readonly code: string;
  readonly message: string;
  readonly action: string | null;
  readonly operationId: string | null;
  readonly tsMs: number | null;
}

export type ServerMessage =
  | { readonly type: 'stats'; readonly stats: Stats }
  | {
      readonly type: 'status';
      readonly engine: Pick<EngineView, 'engineId' | 'mode' | 'state' | 'tradingState' | 'reason'>;
    }
  | { readonly type: 'result'; readonly result: CommandResult }
  | { readonly type: 'transaction'; readonly update: TransactionUpdate }
  | { readonly type: 'funding'; readonly payment: FundingPayment }
  | { readonly type: 'alert'; readonly alert: AlertView }
  | { readonly type: 'error'; readonly error: ErrorView }
  | { readonly type: 'other' };

/** Null: not JSON, or not an object. Payloads may stand under `data` or beside `type`. */
export function readMessage(raw: string): ServerMessage | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(raw);
  } catch {
    return null;
  }
  if (!isObject(parsed)) return null;
  const body = isObject(parsed.data) && parsed.type !== 'COMMAND_RESULT' ? parsed.data : parsed;
  switch (parsed.type) {
    case 'SYSTEM_STATS':
      return { type: 'stats', stats: readStats(body) };
    case 'ENGINE_STATUS': {
      const { engineId, mode, state, tradingState, reason } = readEngine(body);
      return { type: 'status', engine: { engineId, mode, state, tradingState, reason } };
    }
    case 'COMMAND_RESULT':
      return { type: 'result', result: readResult(parsed) };
    case 'TRANSACTION_UPDATE':
      return { type: 'transaction', update: readTransaction(body) };
    case 'FUNDING_UPDATE':
      return { type: 'funding', payment: readFunding(body) };
    case 'ALERT':
      return { type: 'alert', alert: readAlert(body) };
    case 'ERROR':
      return {
        type: 'error',
        error: readError(parsed.error) ?? { ...NO_ERROR, message: text(parsed.message) ?? '' },
      };
    default:
      return { type: 'other' };
  }
}

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

function readEngine(from: Fields): EngineView {
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
    warnings: list(from.warnings).flatMap((item) => (typeof item === 'string' ? [item] : [])),
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
    walletSol: number(from.wallet_sol),
    walletUsdc: number(from.wallet_usdc),
    walletSolBase: readBase(from.wallet_sol_base),
    walletUsdcBase: readBase(from.wallet_usdc_base),
    spotSol: number(from.spot_sol),
    spotUsdc: number(from.spot_usdc),
    spotSolBase: readBase(from.spot_sol_base),
    spotUsdcBase: readBase(from.spot_usdc_base),
    maxWithdrawSolBase: readBase(from.max_withdraw_sol_base),
    maxWithdrawUsdcBase: readBase(from.max_withdraw_usdc_base),
    perpSol: number(from.perp_sol),
    driftFromTargetPct: number(from.drift_from_target_pct),
    liqPrice: 'liq_price' in from ? number(from.liq_price) : undefined,
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

function readSources(from: Fields): Record<Source, bigint | null> | null {
  if (!isObject(from.sources) && !isObject(from.sources_base)) return null;
  const approximate = fields(from.sources);
  const exact = fields(from.sources_base);
  const entries = SOURCES.map((source) => [source, microUsd(exact[source], approximate[source])] as const);
  return Object.fromEntries(entries) as Record<Source, bigint | null>;
}

const readPolicy = (from: Fields): PolicyView => ({
  driftTolerancePct: number(from.drift_tolerance_pct),
  maxLeverage: number(from.max_leverage),
  reservedSolBase: readBase(from.reserved_sol_base),
  permissions: text(from.permissions),
  maxSnapshotAgeMs: number(from.max_snapshot_age_ms),
});

export function readResult(message: Fields): CommandResult {
  const data = fields(message.data);
  const token = text(data.confirmation_token);
  const success = message.success === true;
  return {
    action: text(message.action) ?? 'unknown',
    commandId: text(message.command_id) ?? '',
    success,
    status: oneOf(data.status, STATUSES) ?? (success ? 'done' : null),
    message: text(message.message) ?? '',
    operationId: text(data.operation_id),
    signature: text(data.tx_signature),
    changed: flag(data.changed),
    commitment: text(data.commitment),
    confirmation:
      token === null
        ? null
        : {
            token,
            expiresAtMs: time(data.expires_at),
            expiresInMs: number(data.expires_in_ms),
            preview: fields(data.preview),
          },
    error: readError(message.error),
  };
}

const NO_ERROR: ErrorView = { code: 'ERROR', message: '', remedy: null, gates: [] };

export function readError(value: unknown): ErrorView | null {
  if (!isObject(value)) return null;
  const details = fields(value.details);
  return {
    code: text(value.code) ?? NO_ERROR.code,
    message: text(value.message) ?? '',
    remedy: text(pick(details, 'remedy', 'action')),
    gates: list(details.gates).map((gate) => readGate(fields(gate))),
  };
}

function readGate(from: Fields): GateView {
  const unit = text(from.unit);
  const figure = (value: unknown): string | null => {
    if (value === null || value === undefined) return null;
    const plain = typeof value === 'object' ? JSON.stringify(value) : String(value);
    return unit === null || typeof value === 'boolean' ? plain : `${plain} ${unit}`;
  };
  return {
    code: text(from.code) ?? 'GATE',
    pass: flag(from.pass),
    have: figure(from.have),
    need: figure(from.need),
    remedy: text(from.remedy),
  };
}

const readTransaction = (from: Fields): TransactionUpdate => ({
  operationId: text(from.operation_id) ?? '',
  commandId: text(from.command_id),
  attempt: number(from.attempt),
  stage: text(from.stage),
  signature: text(from.signature),
  outcome: text(from.outcome),
  explorerUrl: webUrl(from.explorer_url),
  temporalUrl: webUrl(from.temporal_url),
});

export const readFunding = (from: Fields): FundingPayment => ({
  market: text(from.market),
  periodMs: time(from.period_ts),
  rate: number(from.rate),
  amount: number(from.amount),
});

export const readAlert = (from: Fields): AlertView => ({
  id: text(from.id) ?? '',
  kind: from.kind === 'recovered' ? 'recovered' : 'alert',
  // An alert of a severity that we do not know is not played down.
  severity: oneOf(from.severity, ['info', 'warning', 'critical']) ?? 'warning',
  code: text(from.code) ?? 'ALERT',
  message: text(from.message) ?? '',
  action: text(from.action),
  operationId: text(from.operation_id),
  tsMs: time(pick(from, 'ts', 'ts_ms', 'at')),
});

/** Only a web address becomes a link: no other scheme from the wire reaches an `href`. */
export function webUrl(value: unknown): string | null {
  const address = text(value);
  return address !== null && /^https?:\/\//i.test(address) ? address : null;
}
