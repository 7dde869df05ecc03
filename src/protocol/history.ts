/** Lists beside the journal's books: balances, decisions, commands, engines; and what the account has earned. */
import * as z from '../lib/codec.ts';
import { ErrorInfo, GateResult } from './error.ts';
import { fraction, lamports, microUsd, mode, percent, quote, quoteUnits, sol, time, usd, webUrl } from './units.ts';

export const AccountIdentity = z.object({
  venue: z.string().about('paper, drift or velocity.'),
  authority: z.string().nullable().about('The wallet that owns the account. Null: paper.'),
  address: z.string().nullable().about('The margin account on the chain. Null: paper.'),
  sub_account: z.number(),
  explorer_url: webUrl.nullable().about("The account's page on the explorer. Null: there is none."),
});
export type AccountIdentity = z.output<typeof AccountIdentity>;

const units = z.integerText<bigint>().unit('base units of the asset').nullable();
const tokens = z.number().unit('asset').nullable();

export const BalanceInfo = z.object({
  asset: z.string().about('Its symbol.'),
  deposited: tokens,
  borrowed: tokens.about('Positive: owed.'),
  wallet: tokens.about('In the wallet, not deposited. Null: unknown, as every null here.'),
  usd: usd.nullable().about('Deposits and wallet less what is borrowed.'),
  weight: fraction.nullable().about('By which maintenance margin counts the deposit or the debt.'),
  apr: percent.nullable().about('A year of interest at the current rate. A debt pays: negative.'),
  deposited_base: units,
  borrowed_base: units,
  wallet_base: units,
  usd_base: microUsd.nullable(),
});
export type BalanceInfo = z.output<typeof BalanceInfo>;

export const PastDecision = z.object({
  ts: time.about('When it was decided. It stands until the next one.'),
  market_ts: time.about('The same in market time, which may be replayed.'),
  action: z.string().about('none, correct, guard, enter or leave.'),
  size: sol.nullable().about('What it trades. Negative: sell. Null: nothing.'),
  size_base: lamports.nullable(),
  reasons: z.array(
    z.object({
      code: z.string().about('Such as WITHIN_TOLERANCE, COOLDOWN or GATE_BLOCKED.'),
      text: z.string().about('The same as a sentence.'),
      figures: z.record(z.json()).about('The figures that it follows from, by name.'),
    }),
  ),
  gates: z.array(GateResult).about('Every gate that was asked. Empty: none was.'),
});
export type PastDecision = z.output<typeof PastDecision>;

export const CommandInfo = z.object({
  command_id: z.string(),
  action: z.string(),
  status: z
    .enum(['done', 'rejected', 'failed', 'unknown', 'open'])
    .about('open: it has no final answer yet. rejected: nothing was sent.'),
  message: z.string().nullable().about('The answer, for a person. Null: none yet.'),
  error: ErrorInfo.optional(),
  operation_id: z
    .string()
    .nullable()
    .about('The operation that it starts unless it is rejected. Null: it starts none.'),
  received_at: time,
  answered_at: time.nullable(),
  request: z
    .record(z.json())
    .about('What was asked: as the intent of an operation has it, or the data of another command.'),
});
export type CommandInfo = z.output<typeof CommandInfo>;

export const EngineInfo = z.object({
  engine_id: z.string(),
  name: z.string().nullable().about('As ENGINES_FILE of this process calls it. Null: it is not in it.'),
  current: z.boolean().about('The engine whose page and API were asked.'),
  served: z.boolean().about('This process shows and commands it, at /engines/<engine_id>.'),
  mode,
  venue: z.string(),
  authority: z.string().nullable().about('Null: paper.'),
  sub_account: z.number(),
  feed: z.string(),
  state: z.string().about('running, stopping or stopped, as last written.'),
  trading_state: z.string().about('active, reducing or halted.'),
  reason: z.string(),
  hedge_target: fraction,
  holds: z.array(z.string()).about('The codes of what restricts trading.'),
  unresolved: z.array(z.string()).about('Operations with a transaction whose outcome is unknown.'),
  as_of: time.nullable().about('When the account was last read. Null: never; then the figures are null too.'),
  equity: usd.nullable().about("All that the account and its wallet are worth, at the quote asset's price."),
  equity_base: microUsd.nullable(),
  wallet_base: microUsd
    .nullable()
    .optional()
    .about('Of equity, the wallet: sub-accounts of one wallet share it, and totals count it once. Null: unknown.'),
  health: z.number().nullable(),
  perp_sol: sol.nullable(),
  perp_sol_base: lamports.nullable(),
  net_delta: sol.nullable(),
  updated_at: time.about('When the engine last wrote its record.'),
});
export type EngineInfo = z.output<typeof EngineInfo>;

export const EngineTotal = z.object({
  mode,
  engines: z.number().about('How many there are.'),
  equity: usd.nullable().about('Of those whose equity is known. Null: of none.'),
  equity_base: microUsd.nullable(),
  equity_unknown: z.number().about('How many are missing in that sum.'),
  waiting: z.number().about('How many ask for something: a restriction, or a transaction without an outcome.'),
});

export const EarningsSpan = z.object({
  from: time.about('The earliest of the span for which there is a record.'),
  to: time,
  hours: z.number().unit('h'),
  net_apr_pct: percent.nullable().about('net over capital, for a year. Null: less than an hour, or no capital.'),
  gross_apr_pct: percent.nullable().about('funding over capital, for a year.'),
  caution: z
    .string()
    .nullable()
    .about(
      'What to mind about the yearly figures of less than a week, as a sentence. Null: nothing, or there are none.',
    ),
  net: quote.about('funding + basis + costs: what the hedge added. Price and interest are not in it.'),
  funding: quote.about('Received less paid.'),
  basis: quote.about('From trading away from the oracle price, at the mark.'),
  costs: quote.about('slippage + fees + gas. Negative: paid.'),
  interest: quote.about('Lend interest, which the deposit earns with or without a hedge.'),
  capital: quote.nullable().about('Mean equity of the span, weighted by time.'),
  hedged_hours: z.number().unit('h').about('Funding periods that a position lived through.'),
  hedged_pct: percent.nullable().about('Of the periods with a record.'),
  net_base: quoteUnits,
  funding_base: quoteUnits,
  basis_base: quoteUnits,
  costs_base: quoteUnits,
  interest_base: quoteUnits,
});
export type EarningsSpan = z.output<typeof EarningsSpan>;

export const Statistics = z.object({
  as_of: time.nullable().about('Of the newest record, in market time like all of it. Null: there is none.'),
  spans: z
    .object({ today: EarningsSpan, week: EarningsSpan, month: EarningsSpan, all: EarningsSpan })
    .nullable()
    .about('today: since midnight UTC. week and month: the last 7 and 30 days. all: since the records began.'),
  worst_day: z
    .object({ day: z.string().about('UTC, such as 2026-01-15.'), net: quote, net_base: quoteUnits })
    .nullable()
    .about('The day with the smallest net, and what it was. Null: there is no day with a record.'),
});
export type Statistics = z.output<typeof Statistics>;
