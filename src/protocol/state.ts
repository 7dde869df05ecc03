/** All that is known of the engine and its account: SYSTEM_STATS, GET_STATE and /api/state. */
import * as z from '../lib/codec.ts';
import { AccountInfo, DriftState } from './account.ts';
import { Engine } from './engine.ts';
import { Market } from './market.ts';
import { PolicyInForce } from './policy.ts';
import { milliseconds, time, webUrl } from './units.ts';

export const State = z.object({
  drift_state: DriftState,
  engine: Engine,
  as_of: time.nullable().about('When the account was read. Null: never.'),
  age_ms: milliseconds.nullable().about('How long ago that was.'),
  account: AccountInfo.nullable().about('Null: the account was never read.'),
  market: Market.nullable().about('Null: the market was never read.'),
  policy: PolicyInForce,
  links: z.object({ temporal_url: webUrl.nullable().about('The engine in the Temporal UI.') }),
});
export type State = z.output<typeof State>;
