/**
 * The auction of a market order: from the oracle's price to the limit. The program may only better it: it lengthens the
 * auction to what the distance asks for (1 slot per basis point in the safest markets), and begins and ends it nearer to
 * the oracle than we would where the market's averages allow. After it the order stands at its limit until `maxTs`.
 */

import { max, min, type Price, price } from '../../../domain/money/units.ts';
import type { Side } from '../../../domain/order/intent.ts';

/** The AMM takes part after this many slots at the earliest, whatever a market asks for. */
const SHORTEST_AUCTION_SLOTS = 10;

interface Auction {
  readonly durationSlots: number;
  readonly startPrice: Price;
  readonly endPrice: Price;
}

/** @param oracle null: it cannot be read; then the auction stands at the limit from its beginning */
export function auctionOf(side: Side, limit: Price, oracle: Price | null, shortestSlots: number): Auction {
  const from = oracle ?? limit;
  return {
    durationSlots: Math.max(SHORTEST_AUCTION_SLOTS, shortestSlots),
    // A limit that is better than the oracle (the mark was) must not be crossed, nor may the auction run backwards.
    startPrice: price(side === 'buy' ? min(from, limit) : max(from, limit)),
    endPrice: limit,
  };
}
