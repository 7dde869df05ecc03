/** The market, and where its prices come from. */
import * as z from '../lib/codec.ts';
import { fraction, lamports, market, milliseconds, time, usd } from './units.ts';

export const Market = z.object({
  market,
  feed: z.string().about('Where the prices come from, such as synthetic:7, replay:<file> or live.'),
  synthetic: z.boolean().about('True: these prices are made up.'),
  speed: z.union([z.number(), z.literal('max')]).about('Market seconds per second.'),
  ended: z.boolean().about('The data has ended: there are no more prices.'),
  row: z.number().nullable().about('How far a replay has come.'),
  rows: z.number().nullable().about('How many rows the replay has.'),
  warnings: z.array(z.string()).about('What the feed says against its own data.'),
  market_time: time.about('The time of the market data, which may run faster than the wall clock.'),
  oracle_price: usd.nullable(),
  oracle_valid: z.boolean().about('False: nothing that enlarges is sent at this price.'),
  oracle_invalid_reason: z.string().nullable(),
  mark_price: usd.nullable(),
  step_size_base: lamports.nullable().about('Sizes are multiples of it.'),
  minimum_size_base: lamports.nullable().about('The smallest order.'),
  funding: z.object({
    period_ms: milliseconds.about('Length of a funding period, in market time.'),
    last_rate: fraction.nullable().about('Of the oracle price, per period. Positive when longs pay.'),
    trailing_mean_rate: fraction.nullable().about('Mean of the last 168 hours, or of what is known of them.'),
    known_hours: z.number().unit('h').about('How much of those 168 hours is known.'),
    next_rate: fraction
      .nullable()
      .about("The venue's own formula for the running period, if nobody trades until it ends. Null: not estimated."),
    settled_rate: fraction
      .nullable()
      .about('What each period pays while all positions and the price stay as they are. Null: not estimated.'),
    next_period_ts: time.nullable().about('When the running period ends, in market time.'),
    next_period_in_ms: milliseconds.nullable().about('The same as a wait by the wall clock.'),
  }),
  pauses: z
    .object({
      forbids: z.array(z.string()).about('What the venue refuses now, in words. Empty: nothing.'),
      detail: z.string().nullable().about('The same as a sentence.'),
    })
    .about('What the venue has paused.'),
});
export type Market = z.output<typeof Market>;

export const FundingUpdate = z.object({
  market,
  period_ts: time.about('End of the period, in market time.'),
  rate: fraction.about('Of the oracle price, for this period. Positive when longs pay.'),
  amount: usd.about('−position × oracle TWAP × rate. Positive: received.'),
  total: usd.about('All funding so far, this payment included.'),
});
export type FundingUpdate = z.output<typeof FundingUpdate>;
