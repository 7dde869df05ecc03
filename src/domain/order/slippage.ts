/** The price effect of size: for the paper venue's fills, the estimate of the profit gate, and the price limit of an order. */

import type { PerpMarket } from '../account/account.ts';
import { abs, BPS, divCeil, divFloor, type Lamports, lamports, max, min, type Price, price } from '../money/units.ts';
import type { Side } from './intent.ts';

const PPM = 1_000_000n;
/** 0.1 % up to the small size, growing linearly to 0.3 % at the large one, and constant beyond. */
export const MIN_SLIPPAGE_PPM = 1_000n;
export const MAX_SLIPPAGE_PPM = 3_000n;
export const SMALL_TRADE: Lamports = lamports(10_000_000_000n);
export const LARGE_TRADE: Lamports = lamports(1_000_000_000_000n);

/** Slippage of a market order against the mark, parts per million, for the size's magnitude. */
export function slippagePpm(size: Lamports): bigint {
  const beyond = max(abs(size) - SMALL_TRADE, 0n);
  const grown = MIN_SLIPPAGE_PPM + ((MAX_SLIPPAGE_PPM - MIN_SLIPPAGE_PPM) * beyond) / (LARGE_TRADE - SMALL_TRADE);
  return min(grown, MAX_SLIPPAGE_PPM);
}

/**
 * The price at which paper fills `size` at once, always worse for the taker. Rounded against the taker unless that would
 * leave the range of 0.1 to 0.3 %.
 */
export function paperFillPrice(mark: Price, size: Lamports, side: Side): Price {
  const filled = fillPriceAt(mark, slippagePpm(size), side);
  return side === 'buy'
    ? min(filled, price(divFloor(mark * (PPM + MAX_SLIPPAGE_PPM), PPM)))
    : max(filled, price(divCeil(mark * (PPM - MAX_SLIPPAGE_PPM), PPM)));
}

/** The same at a slippage that is given, parts per million: rounded against the taker. */
export function fillPriceAt(mark: Price, ppm: bigint, side: Side): Price {
  return price(side === 'buy' ? divCeil(mark * (PPM + ppm), PPM) : divFloor(mark * (PPM - ppm), PPM));
}

/** The worst acceptable price: `bps` worse than `reference`, rounded to the tick toward `reference`. */
export function priceLimit(reference: Price, bps: number, side: Side, tick: Price): Price {
  const step = max(tick, price(1n));
  if (side === 'buy') return price(((reference * (BPS + BigInt(bps))) / BPS / step) * step);
  return price(divCeil(divCeil(reference * (BPS - BigInt(bps)), BPS), step) * step);
}

type Prices = Pick<PerpMarket, 'askPrice' | 'bidPrice' | 'markPrice' | 'oracle'>;

/** The base of a price limit: where this side begins to fill, otherwise the mark, otherwise the oracle; null if there is none. */
export const limitReference = (market: Prices, side: Side): Price | null =>
  (side === 'buy' ? market.askPrice : market.bidPrice) ?? market.markPrice ?? market.oracle.price;

/** The price that values a size: the oracle, otherwise the mark; null if neither is known. */
export const valuationPrice = (market: Prices): Price | null => market.oracle.price ?? market.markPrice;
