/** What a command would come to, before it is sent: POST /api/preview. Null is unknown, never zero. */
import * as z from '../lib/codec.ts';
import { ErrorInfo, GateResult } from './error.ts';
import { fraction, lamports, percent, quote, sol, time, usd } from './units.ts';

export const StandingInfo = z.object({
  spot_sol: sol.nullable().about('SOL that counts for the hedge. A borrow is negative.'),
  perp_sol: sol.nullable().about('A short is negative.'),
  net_delta_sol: sol.nullable().about('Spot and perp together.'),
  hedged_pct: percent.nullable().about('The part of spot that the short covers. Null without spot.'),
  hedge_target: fraction.nullable().about('Part of spot that is to be hedged.'),
  leverage: z.number().nullable().unit('×'),
  health: z.number().nullable().about('0 to 100, whole.'),
  free_collateral_usd: usd.nullable(),
  liquidation_kind: z.enum(['price', 'none', 'unknown']).about('none: no price of SOL liquidates the account.'),
  liquidation_price_usd: usd.nullable(),
  liquidation_distance_pct: percent.nullable().about('How far the oracle price is from it.'),
  wallet_sol: sol.nullable(),
  wallet_quote: quote.nullable(),
});
export type StandingInfo = z.output<typeof StandingInfo>;

export const CostsInfo = z.object({
  worst_price_usd: usd.nullable().about('Of a trade: the worst price that is accepted.'),
  mark_price_usd: usd.nullable().about('Of a trade: the price that the venue fills at now.'),
  value_usd: usd.nullable().about('Of a trade: its size at the worst price.'),
  fees_usd: usd.nullable(),
  slippage_at_most_usd: usd.nullable(),
  network_sol: sol.nullable().about('What one transaction costs.'),
  opening_sol: sol.nullable().about('What the first deposit pays to open the account.'),
  expected_funding_usd: usd
    .nullable()
    .about('Of a trade that adds risk: funding less interest over the horizon. Funding received counts half.'),
  horizon_hours: z.number().nullable().unit('h'),
  break_even_days: z
    .number()
    .nullable()
    .unit('days')
    .about('Null: never at this rate, or not a trade that could earn.'),
});
export type CostsInfo = z.output<typeof CostsInfo>;

/** The verdict of the confidence rule (docs/architecture/carry.md), beside the profit gate. */
export const CarryBeside = z.object({ pays: z.boolean().nullable().about('Null: unknown.'), sentence: z.string() });

export const CommandPreview = z.object({
  action: z.string(),
  as_of: time.nullable().about('When the account was read. Null: never.'),
  refusal: ErrorInfo.nullable().about('What the engine would refuse the command for now. Null: nothing known.'),
  confirmation: z.array(z.string()).about('Why a person would be asked first. Empty: the command would start.'),
  message: z.string().nullable().about('What else there is to say, such as that there is nothing to do.'),
  size_sol: sol.nullable().about('Of a trade. Negative: sell.'),
  size_base: lamports.nullable(),
  before: StandingInfo,
  after: StandingInfo.about('At the worst price.'),
  costs: CostsInfo,
  gates: z.array(GateResult).about('Every gate that would be asked. Empty: none is, or nothing is known.'),
  carry: CarryBeside.nullable().about(
    'Of a trade that adds to the hedge: what the confidence rule says. Null: of others, or nothing is known.',
  ),
});
export type CommandPreview = z.output<typeof CommandPreview>;
