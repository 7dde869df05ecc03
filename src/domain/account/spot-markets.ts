/** Which of a venue's spot markets has which role, by the markets' own data instead of their numbers. */
import { type Asset, type Markets, SOL_PERP, type SpotMarket } from './account.ts';

/** The default for a market set without the perp, which does not say what the perp would settle in. */
const byName = (markets: Markets, asset: string): SpotMarket | null =>
  markets.spot.find((spot) => spot.asset === asset) ?? null;

/** The asset in which the perp settles. */
export function quoteMarket(markets: Markets, perpName: string = SOL_PERP): SpotMarket | null {
  const perp = markets.perps.find((each) => each.market === perpName);
  if (perp === undefined) return byName(markets, 'USDC');
  return markets.spot.find((spot) => spot.marketIndex === perp.quoteSpotMarketIndex) ?? null;
}

/** The asset that the perp hedges. */
export function baseMarket(markets: Markets, perpName: string = SOL_PERP): SpotMarket | null {
  const perp = markets.perps.find((each) => each.market === perpName);
  return byName(markets, perp?.baseAsset ?? 'SOL');
}

/** Finds an asset by its name in commands: `USDC` is the asset in which the perp settles, whatever the venue calls it. */
export const marketOfAsset = (markets: Markets, asset: Asset): SpotMarket | null =>
  asset === 'SOL' ? baseMarket(markets) : quoteMarket(markets);

/** Whether any perp settles in it; margin treats such an asset differently. */
export const settlesPerps = ({ perps }: Markets, { marketIndex, asset }: SpotMarket): boolean =>
  perps.length === 0 ? asset === 'USDC' : perps.some((perp) => perp.quoteSpotMarketIndex === marketIndex);
