/** What the AMM pays or takes for an order, once it has been brought up to date in the slot of the fill. */
import type { DecodedAccount } from '../../solana-perps/account-layout.ts';
import type { PERP_MARKET } from '../program/accounts.ts';

/** Reserves are at 1e9, the peg at 1e6. */
const RESERVE_ONE = 1_000_000_000n;

type AmmReserves = Pick<
  DecodedAccount<typeof PERP_MARKET>,
  'ammSqrtK' | 'ammPeg' | 'ammBidBaseReserve' | 'ammBidQuoteReserve' | 'ammAskBaseReserve' | 'ammAskQuoteReserve'
>;

/** Quote at 1e6 for selling that much base (at 1e9) to the AMM, before the fee. */
export function quoteForShort(amm: AmmReserves, base: bigint): bigint {
  const after = amm.ammSqrtK ** 2n / (amm.ammBidBaseReserve + base);
  return ((amm.ammBidQuoteReserve - after) * amm.ammPeg) / RESERVE_ONE;
}

/** Quote at 1e6 for buying that much base (at 1e9) from the AMM, before the fee. @throws RangeError when it has not so much */
export function quoteForLong(amm: AmmReserves, base: bigint): bigint {
  if (base >= amm.ammAskBaseReserve) throw new RangeError('the AMM has not so much base');
  const after = amm.ammSqrtK ** 2n / (amm.ammAskBaseReserve - base);
  // The program adds a unit to the reserve's change, and one to the quote.
  return ((after - amm.ammAskQuoteReserve + 1n) * amm.ammPeg) / RESERVE_ONE + 1n;
}

type AmmBounds = Pick<DecodedAccount<typeof PERP_MARKET>, 'ammBaseReserve' | 'ammMinBaseReserve' | 'ammMaxBaseReserve'>;

/** Base at 1e9 that one fill takes at most: half of what lies between the AMM's reserve and its bound on that side. */
export function largestFill(amm: AmmBounds, direction: 'long' | 'short'): bigint {
  const room =
    direction === 'short' ? amm.ammMaxBaseReserve - amm.ammBaseReserve : amm.ammBaseReserve - amm.ammMinBaseReserve;
  return room > 0n ? room / 2n : 0n;
}
