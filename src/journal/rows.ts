/** Rows of the tables as the records that the rest of the program sees. */

import type { Selectable } from 'kysely';
import type { Alert } from '../domain/alerts/alert.ts';
import type {
  AttemptRecord,
  CommandRecord,
  DecisionRecord,
  EquityRecord,
  FundingRecord,
  OperationRecord,
  TradeRecord,
  TransitionRecord,
} from './records.ts';
import type {
  AlertsTable,
  AttemptsTable,
  CommandsTable,
  DecisionsTable,
  EquityTable,
  FundingTable,
  OperationsTable,
  TradesTable,
  TransitionsTable,
} from './schema.ts';

export const commandOf = (row: Selectable<CommandsTable>): CommandRecord => ({
  commandId: row.command_id,
  engineId: row.engine_id,
  action: row.action,
  requestHash: row.request_hash,
  request: row.request,
  receivedAtMs: row.received_at_ms,
  operationId: row.operation_id,
  answer: row.answer,
  answeredAtMs: row.answered_at_ms,
});

export const attemptOf = (row: Selectable<AttemptsTable>): AttemptRecord => ({
  operationId: row.operation_id,
  number: row.number,
  signature: row.signature,
  wire: row.wire,
  lastValidBlockHeight: row.last_valid_block_height,
  slot: row.slot,
  intent: row.intent,
  stage: row.stage,
  outcome: row.outcome,
  error: row.error,
  signedAtMs: row.signed_at_ms,
  updatedAtMs: row.updated_at_ms,
});

export const operationOf = (row: Selectable<OperationsTable>, attempts: readonly AttemptRecord[]): OperationRecord => ({
  operationId: row.operation_id,
  engineId: row.engine_id,
  commandId: row.command_id,
  kind: row.kind,
  status: row.status,
  createdAtMs: row.created_at_ms,
  endedAtMs: row.ended_at_ms,
  intent: row.intent,
  attempts,
  error: row.error,
  answer: row.answer,
});

export const transitionOf = (row: Selectable<TransitionsTable>): TransitionRecord => ({
  operationId: row.operation_id,
  sequence: row.sequence,
  atMs: row.at_ms,
  stage: row.stage,
  attempt: row.attempt,
  signature: row.signature,
  outcome: row.outcome,
  detail: row.detail,
});

export const tradeOf = (row: Selectable<TradesTable>): TradeRecord => ({
  engineId: row.engine_id,
  operationId: row.operation_id,
  market: row.market,
  side: row.side,
  size: row.size,
  price: row.price,
  fee: row.fee,
  signature: row.signature,
  index: row.fill_index,
  tsMs: row.ts_ms,
});

export const fundingOf = (row: Selectable<FundingTable>): FundingRecord => ({
  engineId: row.engine_id,
  market: row.market,
  periodTsMs: row.period_ts_ms,
  rate: row.rate,
  position: row.position,
  amount: row.amount,
  tsMs: row.ts_ms,
});

export const equityOf = (row: Selectable<EquityTable>): EquityRecord => ({
  engineId: row.engine_id,
  tsMs: row.ts_ms,
  marketTimeMs: row.market_time_ms,
  equity: row.equity,
  baseline: row.baseline,
  price: row.price,
  basis: row.basis,
  slippage: row.slippage,
  funding: row.funding,
  interest: row.interest,
  fees: row.fees,
  gas: row.gas,
  transfers: row.transfers,
  external: row.external,
  unexplained: row.unexplained,
  ...(row.quote_price === null ? {} : { quotePrice: row.quote_price }),
});

export const alertOf = (row: Selectable<AlertsTable>): Alert => ({
  id: row.id,
  engineId: row.engine_id,
  kind: row.kind,
  severity: row.severity,
  code: row.code,
  message: row.message,
  action: row.action,
  operationId: row.operation_id,
  details: row.details,
  tsMs: row.ts_ms,
});

export const decisionOf = (row: Selectable<DecisionsTable>): DecisionRecord => ({
  engineId: row.engine_id,
  tsMs: row.ts_ms,
  marketTimeMs: row.market_time_ms,
  action: row.action,
  size: row.size,
  reasons: row.reasons,
  gates: row.gates,
});
