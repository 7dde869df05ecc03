/** The engine: what it is doing, and what stands in its way. */
import * as z from '../lib/codec.ts';
import { fraction, milliseconds, mode, operationKind, time } from './units.ts';

const engineState = z.enum(['running', 'stopping', 'stopped']);
const tradingState = z
  .enum(['active', 'reducing', 'halted'])
  .about('active: everything. reducing: only what reduces. halted: only CLOSE, FLATTEN and their kin.');

export const HoldInfo = z.object({
  code: z.string().about('What it is, such as unresolved or foreign_trade.'),
  key: z.string().optional().about('What it is about, when there can be several of a code: an operation, a market.'),
  since: time,
  permits: z.enum(['reducing', 'nothing']).about('What may start in spite of it, besides CLOSE and FLATTEN.'),
  cleared_by: z.enum(['itself', 'person']).about('person: RESUME clears it, once its cause is gone.'),
  reason: z.string().about('In words, with what to do.'),
  details: z.record(z.json().optional()).optional(),
});
export type HoldInfo = z.output<typeof HoldInfo>;

/** Figures of a decision; each kind of decision has its own. */
const DecisionFigures = {
  drift_pct: z.number().optional().unit('%').about('Distance from the hedge target.'),
  hedge_target: fraction.optional(),
  spot: z.string().optional().unit('SOL'),
  perp: z.string().optional().unit('SOL'),
  off_target: z.string().optional().unit('SOL').about('What is missing to the target, before the market’s step.'),
  correction: z.string().optional().unit('SOL').about('What a correction would trade. Negative: sell.'),
  minimum: z.string().nullable().optional().unit('SOL').about('The smallest correction that may be sent.'),
  direction: z.string().nullable().optional().about('What the correction does to the short. Null: nothing to correct.'),
};
export const CorrectionFigures = z.object(DecisionFigures);

export const DecisionInfo = z.object({
  code: z.string().about('Why, such as WITHIN_TOLERANCE or COOLDOWN.'),
  message: z.string().about('The same as a sentence.'),
  ...DecisionFigures,
  remaining_ms: milliseconds.optional().about('With COOLDOWN: what is left of it, in market time.'),
  holds: z.array(z.string()).optional().about('With HELD: the codes of the holds.'),
  health: z.number().nullable().optional(),
  liquidation_distance_pct: z.union([z.number(), z.string()]).nullable().optional(),
  delta: z.string().optional().unit('SOL').about('With GUARD: what it trades.'),
  health_after: z.number().nullable().optional(),
  carry: z.json().optional().about('Of a decision of the carry policy: the figures of /api/carry that it was made by.'),
});

export const RunningOperation = z.object({
  operation_id: z.string(),
  kind: operationKind,
  stage: z.string(),
});

export const Engine = z.object({
  engine_id: z.string(),
  mode,
  state: engineState.nullable().about('Null: unknown, like every null here.'),
  trading_state: tradingState.nullable(),
  reason: z.string().nullable().about('Why the trading state is what it is.'),
  feed: z.string().nullable(),
  hedge_target: fraction
    .nullable()
    .about('Part of spot that is to be hedged, 0 to 1. Null: unknown, or the account is only watched.'),
  cooldown_until: time.nullable().about('Market time until which nothing is corrected. Null: no cooldown.'),
  cooldown_remaining_ms: milliseconds.nullable().about('What is left of it by the wall clock.'),
  operation: RunningOperation.nullable().about('The operation that runs now.'),
  unresolved: z.array(z.string()).nullable().about('Operations with a transaction whose outcome is unknown.'),
  holds: z.array(HoldInfo).nullable().about('What restricts trading. Empty: nothing.'),
  decision: DecisionInfo.nullable().about('What the engine would decide now, and why.'),
  updated_at: time.nullable(),
});
export type Engine = z.output<typeof Engine>;

export const EngineStatus = z.object({
  engine_id: z.string(),
  mode,
  state: engineState,
  trading_state: tradingState,
  reason: z.string().about('Why the trading state is what it is. Empty: nothing restricts trading.'),
});
export type EngineStatus = z.output<typeof EngineStatus>;
