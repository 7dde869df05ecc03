/** Operations, their transactions and what came of them. */
import * as z from '../lib/codec.ts';
import { ErrorInfo } from './error.ts';
import {
  asset,
  fraction,
  lamports,
  market,
  microUsd,
  operationKind,
  quote,
  quoteAsset,
  quoteUnits,
  sol,
  time,
  usd,
  webUrl,
} from './units.ts';

const side = z.enum(['buy', 'sell']);

/** What is to be done: of an operation what was asked, of an attempt what was sent. */
export const IntentInfo = z.object({
  kind: z
    .string()
    .about(
      'What was asked: deposit, withdraw, open, rebalance, correct, guard, enter, leave, close, flatten or settle. What was sent: deposit, withdraw, order, cancel_orders or settle.',
    ),
  market: z.string().optional(),
  asset: asset.optional(),
  amount: z.number().optional().about('With deposit and withdraw, in units of the asset.'),
  amount_base: z.string().optional(),
  size: sol.optional().about('Of a trade. Negative: sell.'),
  size_base: lamports.optional(),
  reduce_only: z.boolean().optional(),
  price_limit: usd.optional().about('The worst price that is accepted.'),
  price_limit_base: microUsd.optional(),
  confirmed_price_limit: usd.optional(),
  confirmed_price_limit_base: microUsd.optional(),
  max_ts_ms: z.number().optional().unit('ms since 1970').about('The order is void after it, by the time of the chain.'),
  cancel_open_orders: z.boolean().optional(),
});
export type IntentInfo = z.output<typeof IntentInfo>;

export const AttemptInfo = z.object({
  signature: z.string(),
  stage: z.string().about('signed, submitted, confirmed, finalized, failed or expired.'),
  outcome: z.enum(['confirmed', 'failed', 'expired', 'unknown']).nullable().about('Null: not known yet.'),
  number: z.number().about('From 1.'),
  slot: z.number().about('The slot that it was made at.'),
  last_valid_block_height: z.number().about('It cannot land after this block.'),
  intent: IntentInfo,
  signed_at: time,
  updated_at: time,
  explorer_url: webUrl.nullable(),
  error: ErrorInfo.optional(),
});

/** What an operation came to, in figures. Absent or null: it has none, or it is unknown. */
export const OperationResult = z.object({
  message: z.string().about('What happened, for a person.'),
  requested_size: sol.nullable().optional(),
  filled_size: sol.nullable().optional(),
  average_price: usd.nullable().optional(),
  fee: quote.nullable().optional(),
  settled_pnl: quote.nullable().optional(),
  amount: z.number().nullable().optional().about('What was moved, in units of the asset.'),
});
export type OperationResult = z.output<typeof OperationResult>;

export const OperationInfo = z.object({
  operation_id: z.string(),
  command_id: z.string().nullable().about('Null: the engine decided it.'),
  kind: operationKind,
  status: z
    .enum(['running', 'confirmed', 'unresolved', 'resolved_by_human', 'done', 'rejected', 'failed', 'expired'])
    .about('unresolved: the outcome of its transaction is unknown.'),
  created_at: time,
  ended_at: time.nullable().about('Null: it is not over.'),
  intent: IntentInfo,
  attempts: z.array(AttemptInfo).about('Its transactions, oldest first.'),
  error: ErrorInfo.optional(),
  result: OperationResult.optional().about('Once it is over.'),
  temporal_url: webUrl.nullable(),
});
export type OperationInfo = z.output<typeof OperationInfo>;

export const TransactionUpdate = z.object({
  operation_id: z.string(),
  command_id: z.string().nullable().about('Null: the engine decided it.'),
  attempt: z.number().nullable().about('From 1. Null: nothing is signed yet.'),
  stage: z.string(),
  signature: z.string().nullable(),
  outcome: z.string().nullable().about('confirmed, failed, expired or unknown. Null: not known yet.'),
  explorer_url: webUrl.nullable(),
  temporal_url: webUrl.nullable(),
  sequence: z.number().about('From 0, without gaps within an operation.'),
  ts: time,
  detail: z.json().about('More on this step.'),
});
export type TransactionUpdate = z.output<typeof TransactionUpdate>;

export const Steps = z.object({ items: z.array(TransactionUpdate).about('Oldest first, as in TRANSACTION_UPDATE.') });

export const Trade = z.object({
  operation_id: z.string().nullable().about('Null: not a trade of this engine.'),
  market,
  side,
  size: sol,
  price: usd,
  fee: quote.about('Positive: paid.'),
  signature: z.string(),
  ts: time,
  size_base: lamports,
  price_base: microUsd,
  fee_base: quoteUnits,
  index: z.number().about('Which fill of its signature it is, from 0.'),
  quote_asset: quoteAsset.nullable().about('What the fee was paid in.'),
});
export type Trade = z.output<typeof Trade>;

export const FundingPayment = z.object({
  market,
  period_ts: time.about('End of the period, in market time.'),
  rate: fraction.about('Of the oracle price, for this period. Positive when longs pay.'),
  position: sol.about('What was held at the end of the period. A short is negative.'),
  amount: quote.about('Positive: received.'),
  ts: time,
  rate_base: z.integerText<bigint>().unit('1e-9'),
  position_base: lamports,
  amount_base: quoteUnits,
  quote_asset: quoteAsset.nullable().about('What it was paid in.'),
});
export type FundingPayment = z.output<typeof FundingPayment>;
