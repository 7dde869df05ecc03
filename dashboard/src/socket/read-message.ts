/** One message of the socket, as the page takes it. */
import type {
  AlertView,
  CommandResult,
  ErrorView,
  FundingPayment,
  GateView,
  ResultStatus,
  ServerMessage,
  TransactionUpdate,
} from './messages.ts';
import { type Fields, fields, flag, isObject, list, number, oneOf, pick, text, time, webUrl } from './read.ts';
import { readEngine, readStats } from './read-stats.ts';

const STATUSES: readonly ResultStatus[] = ['done', 'pending', 'confirmation_required', 'rejected', 'failed', 'unknown'];

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

export function readGate(from: Fields): GateView {
  const unit = text(from.unit);
  const figure = (value: unknown): string | null => {
    if (value === null || value === undefined) return null;
    const plain = typeof value === 'object' ? JSON.stringify(value) : String(value);
    return unit === null || typeof value === 'boolean' ? plain : `${plain} ${unit}`;
  };
  return {
    code: text(from.code) ?? 'GATE',
    pass: flag(from.pass),
    blocks: flag(from.blocks),
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
  signature: text(from.signature),
  explorerUrl: webUrl(from.explorer_url),
  temporalUrl: webUrl(from.temporal_url),
  signalCommand: text(from.signal_command),
  tsMs: time(pick(from, 'ts', 'ts_ms', 'at')),
});
