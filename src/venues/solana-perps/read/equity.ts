/** What the account and its wallet are worth, exact in 1e-15 USD: the sub-account at oracle, wallet SOL and quote tokens. */
import { isActive, tokenAmount } from '../../../domain/margin/margin.ts';
import type { PerpsRead } from './perps-read.ts';

/** 1e-15 USD = tokens x price (1e-6 USD) x 10^(9 - decimals). */
const FEMTO_DECIMALS = 9;
const PRICE_ONE = 1_000_000n;

/** Token decimals beyond the ninth are cut, because 1e-15 USD cannot express them. */
const femtoOf = (tokens: bigint, decimals: number, price: bigint): bigint =>
  decimals <= FEMTO_DECIMALS
    ? tokens * price * 10n ** BigInt(FEMTO_DECIMALS - decimals)
    : (tokens * price) / 10n ** BigInt(decimals - FEMTO_DECIMALS);

/**
 * Null when a price of something held is unknown, or the account has an isolated position. Funding that is due but not settled into a position is not included;
 * it is `accruedFunding`.
 */
export function equityOf({ account, markets, wallet, hedge }: PerpsRead): bigint | null {
  const spotOf = (index: number) => markets.spot.find((market) => market.marketIndex === index);
  let equity = 0n;
  for (const [held, market] of [
    [wallet.sol, hedge.base],
    [wallet.quote, hedge.quote],
  ] as const) {
    if (held === 0n) continue;
    if (market.oracle.price === null) return null;
    equity += femtoOf(held, market.decimals, market.oracle.price);
  }
  for (const balance of account?.spot ?? []) {
    const market = spotOf(balance.marketIndex);
    if (market === undefined || market.oracle.price === null) return null;
    equity += femtoOf(tokenAmount(balance, market), market.decimals, market.oracle.price);
  }
  for (const position of account?.perps.filter(isActive) ?? []) {
    const market = markets.perps.find((each) => each.marketIndex === position.marketIndex);
    // The collateral of an isolated position is nowhere else.
    if (position.isolated === true) return null;
    const settledIn = market === undefined ? undefined : spotOf(market.quoteSpotMarketIndex);
    if (market === undefined || market.oracle.price === null || settledIn?.oracle.price == null) return null;
    const quoteFemto = position.baseAmount * market.oracle.price + position.quoteAmount * 1_000_000_000n;
    equity += (quoteFemto * settledIn.oracle.price) / PRICE_ONE;
  }
  return equity;
}
