/**
 * The auction of a market order runs from the oracle's price to the limit. The program can only improve it: it lengthens
 * the auction to fit the distance (1 slot per basis point in the safest markets), and begins and ends it nearer to the
 * oracle if the market's averages allow. After the auction the order rests at its limit until `maxTs`.
 */

import { max, min, type Price, price } from '../../../domain/money/units.ts';
import type { Side } from '../../../domain/order/intent.ts';

/** The AMM takes part after at least this many slots, whatever a market's setting. */
const SHORTEST_AUCTION_SLOTS = 10;

interface Auction {
  readonly durationSlots: number;
  readonly startPrice: Price;
  readonly endPrice: Price;
}

/** @param oracle null: it cannot be read; then the auction is at the limit from its beginning */
export function auctionOf(side: Side, limit: Price, oracle: Price | null, shortestSlots: number): Auction {
  const from = oracle ?? limit;
  return {
    durationSlots: Math.max(SHORTEST_AUCTION_SLOTS, shortestSlots),
    // The auction must not cross a limit that is better than the oracle (because the mark was), nor run backwards.
    startPrice: price(side === 'buy' ? min(from, limit) : max(from, limit)),
    endPrice: limit,
  };
}
