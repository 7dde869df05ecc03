/** `/api/carry`: whether hedging pays now, and what the carry policy does about it. */
import * as z from '../lib/codec.ts';
import { lamports, market, milliseconds, percent, sol, time, usd } from './units.ts';

const apr = percent.nullable();

const AutoCarryInfo = z.object({
  policy: z.enum(['manual', 'auto']).about('CARRY_POLICY.'),
  enabled: z
    .boolean()
    .nullable()
    .about(
      'A person has consented to this very policy (ENABLE_AUTO_CARRY), and the engine enters and leaves by itself.',
    ),
  policy_hash: z
    .string()
    .nullable()
    .about(
      'Names the engine, the policy and every limit in force: what ENABLE_AUTO_CARRY must carry. Another setting is another hash.',
    ),
  enabled_at: time.nullable(),
  entries_today: z
    .number()
    .nullable()
    .about('Entries of this day (UTC, market time), which MAX_TRADES_PER_DAY limits.'),
  ended: z.string().nullable().about('Why the last consent ended, in words. Null: none did.'),
});

const Advice = z.object({
  where: z.enum(['deposited', 'wallet']).nullable().about('Where the SOL should sit. Null: not known.'),
  text: z.string(),
  liquidation_distance_pct: percent.nullable().about('Null: no position, no such price, or unknown.'),
  lend_apr: apr.about('What deposited SOL earns a year.'),
});

export const CarryAnswer = z.object({
  as_of: time.nullable().about('When the account was read. Null: not yet.'),
  age_ms: milliseconds.nullable(),
  market,
  holding: z
    .boolean()
    .nullable()
    .about('A short is open: the figures and the verdict are about keeping it. False: about entering.'),
  sentence: z.string().about('The verdict in words, with figures.'),
  pays: z
    .boolean()
    .nullable()
    .about(
      'The confidence rule: flat, whether to enter; with a short open, whether to keep it. Null: unknown, which never enters.',
    ),
  apr_now: apr.about('What the last settled period paid a short, a year.'),
  apr_mean: apr.about('The mean of the window. Null: less than nine tenths of it is known.'),
  apr_error: apr.about("The mean's standard error."),
  apr_lower: apr.about('apr_mean less CARRY_Z times apr_error: what must pay.'),
  apr_after_our_size: apr.about(
    'What each period pays once a hedge of this size has moved the rate. Null: size moves no rate here, or unknown.',
  ),
  apr_expected: apr.about('The lower of apr_mean and apr_after_our_size.'),
  apr_costs: apr.about('The round trip spread over the horizon, and apr_given_up.'),
  apr_net: apr.about('apr_expected less apr_costs; with a short open less apr_given_up alone.'),
  apr_given_up: apr.about('ALTERNATIVE_YIELD_APR beyond the lend rate here.'),
  per_day: usd.nullable().about('What the hedge should earn a day at apr_expected.'),
  break_even_days: z.number().nullable().unit('days').about('Until the round trip is earned. Null: never, or unknown.'),
  size: sol.nullable().about('The hedge that this is about: the open short, or what would be opened.'),
  size_base: lamports.nullable(),
  notional: usd.nullable(),
  round_trip: usd.nullable().about('Fees, slippage and gas of opening and closing.'),
  round_trip_pct: percent.nullable().about('The same as a part of the notional.'),
  horizon_hours: z.number().nullable().unit('h').about('HOLDING_HORIZON_HOURS'),
  window_hours: z.number().nullable().unit('h').about('CARRY_WINDOW_HOURS'),
  known_periods: z.number().nullable().about('Of the periods in the window, those whose rate is known.'),
  wanted_periods: z.number().nullable(),
  z: z.number().nullable().about('CARRY_Z'),
  missing: z.array(z.string()).about('What is not known, or not there, in words.'),
  advice: Advice.nullable().about('Where the SOL should sit. Advice alone: the engine moves none.'),
  auto: AutoCarryInfo,
});
