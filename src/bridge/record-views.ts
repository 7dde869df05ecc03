/** The journal's rows under the protocol's names: numbers for reading, `*_base` strings for exactness. */

import { type Asset, BASE_ASSET } from '../domain/account/account.ts';
import type { EquitySource } from '../domain/account/snapshot.ts';
import { assetDecimals } from '../domain/account/spot-markets.ts';
import type { Alert } from '../domain/alerts/alert.ts';
import { EQUITY_SOURCES } from '../domain/figures/equity-sources.ts';
import { solNumber, unitNumber, usdNumber } from '../domain/money/units.ts';
import type { CommandAnswer } from '../domain/order/command.ts';
import type { AlertReception } from '../journal/deliveries.ts';
import type {
  AttemptRecord,
  CommandRecord,
  DecisionRecord,
  EquityRecord,
  FundingRecord,
  OperationRecord,
  TradeRecord,
  TransitionRecord,
} from '../journal/records.ts';
import type * as z from '../lib/codec.ts';
import type { Json } from '../lib/errors.ts';
import type { EquityPoint } from '../protocol/account.ts';
import type { AlertInfo } from '../protocol/alert.ts';
import type { CommandInfo, PastDecision } from '../protocol/history.ts';
import type {
  AttemptInfo,
  FundingPayment,
  IntentInfo,
  OperationInfo,
  OperationResult,
  Trade,
  TransactionUpdate,
} from '../protocol/operation.ts';
import { errorView } from './answer-views.ts';
import type { Links } from './links.ts';
import { isoTime, isoTimeOrNull, rateNumber } from './units-view.ts';

export const tradeView = (trade: TradeRecord, quoteAsset: Asset | null): z.input<typeof Trade> => ({
  operation_id: trade.operationId,
  market: trade.market,
  side: trade.side,
  size: solNumber(trade.size),
  price: usdNumber(trade.price),
  fee: usdNumber(trade.fee),
  signature: trade.signature,
  ts: isoTime(trade.tsMs),
  size_base: trade.size,
  price_base: trade.price,
  fee_base: trade.fee,
  index: trade.index,
  quote_asset: quoteAsset,
});

export const fundingView = (funding: FundingRecord, quoteAsset: Asset | null): z.input<typeof FundingPayment> => ({
  market: funding.market,
  period_ts: isoTime(funding.periodTsMs),
  rate: rateNumber(funding.rate),
  position: solNumber(funding.position),
  amount: usdNumber(funding.amount),
  ts: isoTime(funding.tsMs),
  rate_base: funding.rate,
  position_base: funding.position,
  amount_base: funding.amount,
  quote_asset: quoteAsset,
});

type EquityFigure = 'equity' | 'baseline' | EquitySource;
const FIGURES: readonly EquityFigure[] = ['equity', 'baseline', ...EQUITY_SOURCES];

export const equityView = (equity: EquityRecord, quoteAsset: Asset | null): z.input<typeof EquityPoint> => ({
  ts: isoTime(equity.tsMs),
  ...(Object.fromEntries(FIGURES.map((name) => [name, usdNumber(equity[name])])) as Record<EquityFigure, number>),
  market_ts: isoTime(equity.marketTimeMs),
  ...(Object.fromEntries(FIGURES.map((name) => [`${name}_base`, equity[name]])) as Record<
    `${EquityFigure}_base`,
    string
  >),
  quote_asset: quoteAsset,
  quote_price: equity.quotePrice === undefined ? null : usdNumber(equity.quotePrice),
  quote_price_base: equity.quotePrice ?? null,
});

export const decisionRecordView = (decision: DecisionRecord): z.input<typeof PastDecision> => ({
  ts: isoTime(decision.tsMs),
  market_ts: isoTime(decision.marketTimeMs),
  action: decision.action,
  size: decision.size === null ? null : solNumber(decision.size),
  size_base: decision.size,
  reasons: decision.reasons as z.input<typeof PastDecision>['reasons'],
  gates: decision.gates,
});

/** Every final status is one of the answer's; what has none is open. */
export const commandView = (command: CommandRecord): z.input<typeof CommandInfo> => ({
  command_id: command.commandId,
  action: command.action,
  status: (command.answer?.data.status ?? 'open') as z.input<typeof CommandInfo>['status'],
  message: command.answer?.message ?? null,
  ...(command.answer?.error === undefined ? {} : { error: errorView(command.answer.error) }),
  operation_id: command.operationId,
  received_at: isoTime(command.receivedAtMs),
  answered_at: isoTimeOrNull(command.answeredAtMs),
  request: fieldsView(command.request) as z.input<typeof CommandInfo>['request'],
});

const signatureOf = ({ details }: Alert): string | null => {
  const given = typeof details === 'object' && details !== null && 'signature' in details ? details.signature : null;
  return typeof given === 'string' ? given : null;
};

/** For a person who must look and perhaps decide: where to see the transaction, and how to submit a verdict. */
function whereabouts(alert: Alert, links: Links): Partial<z.input<typeof AlertInfo>> {
  if (alert.operationId === null) return {};
  const signature = signatureOf(alert);
  const wantsVerdict = alert.code === 'TRANSACTION_UNKNOWN' && alert.kind === 'alert';
  return {
    operation_id: alert.operationId,
    signature,
    explorer_url: signature === null ? null : links.explorer(signature),
    temporal_url: links.workflow(alert.operationId),
    ...(wantsVerdict ? { signal_command: links.signal(alert.operationId) } : {}),
  };
}

export const alertView = (alert: Alert, links: Links): z.input<typeof AlertInfo> => ({
  id: alert.id,
  kind: alert.kind,
  severity: alert.severity,
  code: alert.code,
  message: alert.message,
  action: alert.action,
  ...whereabouts(alert, links),
  details: alert.details,
  ts: isoTime(alert.tsMs),
});

/** With what became of it; nothing: no messenger has taken it, and nobody has seen it. */
export const receivedAlertView = (
  alert: Alert,
  links: Links,
  reception: AlertReception | undefined,
): z.input<typeof AlertInfo> => ({
  ...alertView(alert, links),
  ...(reception?.acknowledgedAtMs == null ? {} : { acknowledged_at: isoTime(reception.acknowledgedAtMs) }),
  deliveries: (reception?.deliveries ?? []).map(({ channel, times, sentAtMs }) => ({
    ...{ channel, times },
    sent_at: isoTimeOrNull(sentAtMs),
  })),
});

export const operationView = (operation: OperationRecord, links: Links): z.input<typeof OperationInfo> => ({
  operation_id: operation.operationId,
  command_id: operation.commandId,
  kind: operation.kind,
  status: operation.status,
  created_at: isoTime(operation.createdAtMs),
  ended_at: isoTimeOrNull(operation.endedAtMs),
  intent: intentView(operation.intent),
  attempts: operation.attempts.map((attempt) => attemptView(attempt, links)),
  ...(operation.error === null ? {} : { error: errorView(operation.error) }),
  ...(operation.answer === null ? {} : { result: resultOf(operation.answer) }),
  temporal_url: links.workflow(operation.operationId),
});

const RESULT_FIGURES = ['requested_size', 'filled_size', 'average_price', 'fee', 'settled_pnl', 'amount'] as const;

/** The figures of an operation's answer. A field of another type is of another version, and left out. */
function resultOf({ message, data }: CommandAnswer): z.input<typeof OperationResult> {
  const known = RESULT_FIGURES.filter((name) => data[name] === null || typeof data[name] === 'number');
  return { message, ...Object.fromEntries(known.map((name) => [name, data[name] as number | null])) };
}

/** Without the signed bytes: whoever holds them can send them. */
const attemptView = (attempt: AttemptRecord, links: Links): z.input<typeof AttemptInfo> => ({
  signature: attempt.signature,
  stage: attempt.stage,
  outcome: attempt.outcome,
  number: attempt.number,
  slot: attempt.slot,
  last_valid_block_height: attempt.lastValidBlockHeight,
  intent: intentView({ ...attempt.intent }),
  signed_at: isoTime(attempt.signedAtMs),
  updated_at: isoTime(attempt.updatedAtMs),
  explorer_url: links.explorer(attempt.signature),
  ...(attempt.error === null ? {} : { error: errorView(attempt.error) }),
});

export const transitionView = (
  transition: TransitionRecord,
  operation: Pick<OperationRecord, 'commandId'> | null,
  links: Links,
): z.input<typeof TransactionUpdate> => ({
  operation_id: transition.operationId,
  command_id: operation?.commandId ?? null,
  attempt: transition.attempt,
  stage: transition.stage,
  signature: transition.signature,
  outcome: transition.outcome,
  explorer_url: transition.signature === null ? null : links.explorer(transition.signature),
  temporal_url: links.workflow(transition.operationId),
  sequence: transition.sequence,
  ts: isoTime(transition.atMs),
  detail: transition.detail,
});

type Fields = Readonly<Record<string, Json | undefined>>;

/** Fields of intents that are base units in the journal, and how they read. */
const SOL_FIELDS: ReadonlySet<string> = new Set(['size']);
const DECIMAL = /^-?\d{1,60}$/;

const intentView = (intent: Json): z.input<typeof IntentInfo> => fieldsView(intent) as z.input<typeof IntentInfo>;

/** `amount` is in its asset's units, `size` in SOL (signed), a price limit in USD; each with its `*_base` beside. */
function fieldsView(intent: Json): Readonly<Record<string, Json | undefined>> {
  const fields = intent as Fields;
  const view: Record<string, Json | undefined> = {};
  for (const [name, value] of Object.entries(fields)) {
    const shown = snakeCase(name);
    const number = typeof value === 'string' && DECIMAL.test(value) ? numberOf(name, value, fields) : null;
    view[shown] = number ?? value;
    if (number !== null) view[`${shown}_base`] = value;
  }
  return view;
}

function numberOf(name: string, value: string, fields: Fields): number | null {
  if (name === 'amount') return unitNumber(value, assetDecimals(String(fields.asset ?? BASE_ASSET)));
  if (SOL_FIELDS.has(name)) return solNumber(value);
  return name === 'priceLimit' || name === 'confirmedPriceLimit' ? usdNumber(value) : null;
}

const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
