/** What a command came to. */
import * as z from '../lib/codec.ts';
import { CorrectionFigures } from './engine.ts';
import { ErrorInfo, GateResult } from './error.ts';
import { CarryBeside } from './preview.ts';
import { State } from './state.ts';
import { asset, lamports, microUsd, mode, percent, quote, quoteAsset, quoteUnits, sol, time, usd } from './units.ts';

/** A number, a word, or null for unknown. */
const figureAfter = z.union([z.number(), z.string()]).nullable();

const AutoCarryPreview = z.object({
  market: z.string(),
  policy_hash: z.string(),
  limits: z.object({
    mode,
    max_hedge_sol: sol.nullable().about('MAX_HEDGE_SOL'),
    max_auto_trade_usd: usd.about('MAX_AUTO_TRADE_USD'),
    max_trades_per_day: z.number().nullable().about('MAX_TRADES_PER_DAY'),
    auto_exit: z.boolean().about('CARRY_AUTO_EXIT'),
    window_hours: z.number().unit('h').about('CARRY_WINDOW_HOURS'),
    z: z.number().about('CARRY_Z'),
    hedge_fraction: z.number().about('CARRY_HEDGE_FRACTION'),
    alternative_yield_apr: percent.about('ALTERNATIVE_YIELD_APR'),
    horizon_hours: z.number().unit('h').about('HOLDING_HORIZON_HOURS'),
    cooldown_seconds: z.number().unit('s').about('COOLDOWN_SECONDS'),
  }),
  verdict: z.json().about('The figures of /api/carry at that moment.'),
  backtest: z.object({
    known: z.boolean(),
    why: z.string().optional().about('What is missing.'),
    from: time.optional(),
    to: time.optional(),
    hours: z.number().optional(),
    net_apr_pct: percent.optional().about('A year, beyond doing nothing.'),
    interval_90_apr_pct: z.array(z.number()).optional().about('Its lower end must be above zero.'),
    trades: z.number().optional(),
    time_in_market_pct: percent.optional(),
    own_size_apr_pct: percent
      .nullable()
      .optional()
      .about('What this size costs of the rate. Null: size moves no rate there.'),
  }),
});

export const Preview = z.object({
  kind: z.string().about('deposit, withdraw, trade, settle, adopt, auto_carry or restored.'),
  reasons: z
    .array(z.string())
    .about(
      'Why it is asked: CONFIRM_ABOVE_USD, DELTA_EXPOSED; of adopt LONG_POSITION, SHORT_BEYOND_SPOT; of auto_carry AUTO_CARRY.',
    ),
  size: sol.optional().about('Of a trade. Negative: sell. Of adopt: the correction that would follow; 0: none.'),
  size_base: lamports.optional(),
  asset: asset.optional(),
  amount: z.number().optional().about('Of a deposit or withdrawal, in units of the asset.'),
  amount_base: z.string().optional(),
  opening_cost: sol.optional().about('What opening the account costs.'),
  opening_cost_base: lamports.optional(),
  position: sol.optional().about('Of adopt: what is taken over. Negative: short.'),
  position_base: lamports.optional(),
  hedge_target: z.number().optional().about('Of adopt: what it becomes.'),
  price_limit: usd.nullable().about('The worst price that will be accepted.'),
  price_limit_base: microUsd.nullable(),
  mark_price: usd.nullable().optional().about('Of a trade: the price that the venue fills at now.'),
  oracle_price: usd.nullable().optional().about('Of a trade: the oracle price.'),
  value_usd: usd.nullable(),
  costs: z.object({
    fees_usd: usd.nullable().optional(),
    slippage_at_most_usd: usd.nullable().optional(),
    network_sol: sol,
    network_sol_base: lamports,
  }),
  leverage_after: figureAfter,
  health_after: figureAfter,
  margin_after: z
    .object({ total_collateral: usd, free_collateral: usd, initial_margin: usd, maintenance_margin: usd })
    .nullable(),
  liquidation_price_after: z.union([usd, z.literal('none')]).nullable(),
  liquidation_distance_after_pct: figureAfter,
  delta_after: figureAfter,
  gates: z.array(GateResult),
  carry: CarryBeside.optional().about('Of a trade that adds to the hedge: what the confidence rule says.'),
  auto_carry: AutoCarryPreview.optional().about('Of ENABLE_AUTO_CARRY: what is consented to.'),
});
export type Preview = z.output<typeof Preview>;

const STATUSES = ['done', 'pending', 'confirmation_required', 'rejected', 'failed', 'unknown'] as const;
export type ResultStatus = (typeof STATUSES)[number];

const every = {
  status: z
    .enum(STATUSES)
    .about(
      'pending: a second COMMAND_RESULT follows. rejected: nothing was sent. failed: on chain. unknown: it may have been accepted.',
    ),
  engine_id: z.string(),
  mode,
  operation_id: z.string().optional().about('The operation that the command started.'),
  tx_signature: z.string().optional(),
  changed: z.boolean().optional().about('False: everything was as asked already.'),
  waits_for: z
    .array(z.string())
    .optional()
    .about('Of a pending exit: unresolved operations that must be unable to have an effect before it starts.'),
  latest_end: time.nullable().optional().about('By when that is expected, if a node answers. Null: not known.'),
  commitment: z.enum(['confirmed', 'finalized']).optional().about('How sure the outcome is.'),
};

const confirmation = {
  preview: Preview.optional().about('With confirmation_required: what would happen.'),
  confirmation_token: z.string().optional().about('Send the same command again with it.'),
  expires_at: time.optional().about('The token is void after it.'),
};

const capital = {
  asset: asset.optional().about('With DRIFT_DEPOSIT and DRIFT_WITHDRAW.'),
  amount: z.number().optional().about('What was moved, in units of the asset.'),
  amount_base: z.string().optional(),
  requested_amount: z.number().optional().about('What was asked for, where less was moved.'),
  requested_amount_base: z.string().optional(),
};

const trade = {
  market: z.string().optional(),
  direction: z.string().optional().about('With DRIFT_OPEN_POSITION: long or short.'),
  requested_size: sol.nullable().optional().about('Null: the account could not be read.'),
  requested_size_base: lamports.nullable().optional(),
  filled_size: sol.nullable().optional().about('Null: the order is over, and no node tells how much of it filled.'),
  filled_size_base: lamports.nullable().optional(),
  average_price: usd.nullable().optional().about('Null: nothing was filled, or how much is unknown.'),
  average_price_base: microUsd.nullable().optional(),
  fee: usd.nullable().optional().about('Null: unknown.'),
  fee_base: microUsd.nullable().optional(),
  closed_by: z.enum(['us', 'other', 'both']).optional().about('With DRIFT_CLOSE_POSITION and FLATTEN.'),
  remaining_size: sol.nullable().optional().about('What is left open. Null: unknown.'),
  remaining_size_base: lamports.nullable().optional(),
};

const settlement = {
  quote_asset: quoteAsset.optional().about('With SETTLE_PNL: what the PnL was settled in.'),
  settled_pnl: quote.optional(),
  settled_pnl_base: quoteUnits.optional(),
  unsettled_pnl: quote.optional().about('What the venue could not pay yet.'),
  unsettled_pnl_base: quoteUnits.optional(),
  reason: z.string().optional().about('Why the venue settled nothing.'),
};

const verdict = {
  verdict: z.enum(['landed', 'failed', 'retry']).optional().about('With RESOLVE_TRANSACTION.'),
  resolved_by: z.literal('human').optional().about('A person said how the transaction ended; there is no proof yet.'),
  operator: z.string().optional(),
  note: z.string().optional(),
};

const control = {
  state: z.enum(['running', 'stopping', 'stopped']).optional().about('With START_ENGINE and the like.'),
  trading_state: z.enum(['active', 'reducing', 'halted']).optional(),
  running: z
    .object({ operation_id: z.string(), goes_on: z.boolean() })
    .optional()
    .about(
      'With STOP_ENGINE: the operation that ran. `goes_on` false: no further attempt, and its order is cancelled.',
    ),
  position_open: z.boolean().optional().about('With STOP_ENGINE: a position stays open.'),
  wallet: z
    .object({
      sol: z.string().unit('SOL'),
      quote: z.string().about('In units of the quote asset.'),
      quote_asset: quoteAsset.nullable(),
      account: z.boolean(),
    })
    .nullable()
    .optional()
    .about('With START_ENGINE in live mode. Null: the wallet could not be read.'),
  cleared: z.array(z.string()).optional().about('With RESUME: codes of the holds that are cleared.'),
  holds: z
    .array(z.object({ code: z.string(), reason: z.string(), cleared_by: z.enum(['itself', 'person']) }))
    .optional()
    .about('With RESUME: the holds that stay.'),
};

export const ResultData = z.object({
  ...every,
  ...confirmation,
  ...capital,
  ...trade,
  ...settlement,
  ...verdict,
  ...control,
  ...CorrectionFigures.shape,
});

const result = <Action extends z.Codec<string | null, string | null>, Data extends z.Codec<unknown, unknown>>(
  action: Action,
  data: Data,
) =>
  z.object({
    type: z.literal('COMMAND_RESULT'),
    action,
    command_id: z.string().nullable().about('As sent, or made by the bridge. Null: what was sent cannot be repeated.'),
    success: z.boolean().about('True only for done and pending.'),
    message: z.string().about('What happened, for a person.'),
    data,
    error: ErrorInfo.optional(),
  });

export const CommandResult = result(
  z.string().nullable().about('As sent. Null: what was sent cannot be repeated here.'),
  ResultData,
);
export type CommandResult = z.output<typeof CommandResult>;

/** GET_STATE that was answered: the state under `data`, beside what every result has. */
export const StateResult = result(z.literal('GET_STATE'), State.extend({ ...every }));
