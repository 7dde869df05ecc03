/** How far the quote asset is from 1 USD: orders, funding and books count a unit of it as one, its oracle may not. */
import type { Price } from '../money/units.ts';
import { type Asset, type Markets, SOL_PERP } from './account.ts';
import { quoteMarket } from './spot-markets.ts';

const PEG = 1_000_000;

export interface QuotePeg {
  /** Null: the venue's markets do not say. */
  readonly asset: Asset | null;
  /** By its oracle, where that is valid; null: unknown. */
  readonly price: Price | null;
  /** Per cent above or below the peg, never negative; null: unknown. */
  readonly offPct: number | null;
}

export function quotePeg(markets: Markets, perpName: string = SOL_PERP): QuotePeg {
  const market = quoteMarket(markets, perpName);
  const asset = market?.asset ?? null;
  const price = market?.oracle.valid === true ? market.oracle.price : null;
  if (price === null || price <= 0n) return { asset, price: null, offPct: null };
  return { asset, price, offPct: (Math.abs(Number(price) - PEG) / PEG) * 100 };
}
