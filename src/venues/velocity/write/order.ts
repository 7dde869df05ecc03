/**
 * An order is placed and taken in one instruction, without a condition of success. Where the oracle was posted in the slot
 * of the landing it fills at once against the AMM, and no keeper is needed. Otherwise, and with what one fill cannot take,
 * it stays open as an auction that any keeper may fill, until `maxTs` or until we cancel it.
 */
import { abs, max, min } from '../../../domain/money/units.ts';
import { type OrderIntent, orderPriceLimit, orderSize, type Side, sideOf } from '../../../domain/order/intent.ts';
import { plainOrder, type VelocityOrderParams } from '../program/instructions.ts';
import type { VelocityRead } from './read.ts';

/** The program lengthens an auction that is too short for its distance: 100 slots for 1 %. */
const SHORTEST_AUCTION_SLOTS = 10;

/** Onto the market's tick, never to a worse price than the limit. */
function onTick(limit: bigint, side: Side, tick: bigint): bigint {
  const over = tick > 0n ? limit % tick : 0n;
  return side === 'sell' && over > 0n ? limit - over + tick : limit - over;
}

/** Where the AMM fills now; null: unknown, because the oracle cannot be read. */
function ammPrice({ market, markets }: Pick<VelocityRead, 'market' | 'markets'>, side: Side): bigint | null {
  const known = markets.perps.find(({ marketIndex }) => marketIndex === market.market.marketIndex);
  if (known === undefined) return null;
  return (side === 'buy' ? known.askPrice : known.bidPrice) ?? known.markPrice;
}

/**
 * The auction begins where the AMM fills, so a keeper may fill the order in the next slot, and ends at the limit. It must
 * not run backwards (6054): where the AMM is beyond the limit, it stands at the limit from its beginning.
 */
export function orderParams(intent: OrderIntent, read: VelocityRead): VelocityOrderParams {
  const { market } = read.market;
  const size = orderSize(intent);
  const side = sideOf(size);
  const limit = onTick(orderPriceLimit(intent), side, market.tickSize);
  const from = ammPrice(read, side) ?? limit;
  return plainOrder({
    direction: side === 'buy' ? 'long' : 'short',
    base: abs(size),
    price: limit,
    marketIndex: market.marketIndex,
    reduceOnly: intent.reduceOnly,
    maxTs: BigInt(Math.floor(intent.maxTsMs / 1000)),
    auctionSlots: Math.max(SHORTEST_AUCTION_SLOTS, read.state.minAuctionSlots),
    auctionStartPrice: side === 'buy' ? min(from, limit) : max(from, limit),
    auctionEndPrice: limit,
  });
}
