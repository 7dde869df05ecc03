/** Which of a venue's spot markets has which role, by the markets' own data instead of their numbers. */
import { SOL_DECIMALS, USD_DECIMALS } from '../money/amounts.ts';
import { type Asset, BASE_ASSET, type Markets, SOL_PERP, type SpotMarket } from './account.ts';

const byName = (markets: Markets, asset: string): SpotMarket | null =>
  markets.spot.find((spot) => spot.asset === asset) ?? null;

/**
 * The asset in which the perp settles. A market set without the perp does not say which that is: then it is the only
 * asset beside the base, and unknown where there are several.
 */
export function quoteMarket(markets: Markets, perpName: string = SOL_PERP): SpotMarket | null {
  const perp = markets.perps.find((each) => each.market === perpName);
  if (perp !== undefined) return markets.spot.find((spot) => spot.marketIndex === perp.quoteSpotMarketIndex) ?? null;
  const others = markets.spot.filter((spot) => spot.asset !== BASE_ASSET);
  return others.length === 1 ? (others[0] ?? null) : null;
}

/** The symbol of the account's quote asset, such as USDC; null: the venue's markets do not say. */
export const quoteAsset = (markets: Markets): Asset | null => quoteMarket(markets)?.asset ?? null;

/** The asset that the perp hedges. */
export function baseMarket(markets: Markets, perpName: string = SOL_PERP): SpotMarket | null {
  const perp = markets.perps.find((each) => each.market === perpName);
  return byName(markets, perp?.baseAsset ?? BASE_ASSET);
}

/** The market of an asset that may be deposited: SOL, or the account's quote asset. Null: any other, and never a guess. */
export function marketOfAsset(markets: Markets, asset: Asset): SpotMarket | null {
  if (asset === BASE_ASSET) return baseMarket(markets);
  const quote = quoteMarket(markets);
  return quote?.asset === asset ? quote : null;
}

/** What a command may name as its asset, in words: `"SOL" or "USDC"`. @param quote null: not known */
export const assetChoices = (quote: Asset | null): string =>
  `"${BASE_ASSET}" or ${quote === null ? "the symbol of the account's quote asset" : `"${quote}"`}`;

/** Whether a command may name it. Where the quote asset is not known nothing is refused for its name alone. */
export const isAssetOf = (quote: Asset | null, asset: Asset): boolean =>
  asset === BASE_ASSET || quote === null || asset === quote;

/** Whether any perp settles in it; margin treats such an asset differently. */
export const settlesPerps = (markets: Markets, { marketIndex }: SpotMarket): boolean =>
  markets.perps.length === 0
    ? quoteMarket(markets)?.marketIndex === marketIndex
    : markets.perps.some((perp) => perp.quoteSpotMarketIndex === marketIndex);

/** Places of the asset's base unit. */
export const assetDecimals = (asset: Asset): number => (asset === BASE_ASSET ? SOL_DECIMALS : USD_DECIMALS);
