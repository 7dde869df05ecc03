/** What the account and its wallet are worth, in units of the quote asset. Table: docs/architecture/books.md. */
import { isActive, tokenAmount } from '../../../domain/margin/margin.ts';
import { divFloor, FEMTO_PER_MICRO_USD } from '../../../domain/money/units.ts';
import type { PerpsRead } from './perps-read.ts';

/** 1e-15 USD = tokens x price (1e-6 USD) x 10^(9 - decimals). */
const FEMTO_DECIMALS = 9;
const PRICE_ONE = 1_000_000n;

/** Token decimals beyond the ninth are cut, because 1e-15 USD cannot express them. */
const femtoOf = (tokens: bigint, decimals: number, price: bigint): bigint =>
  decimals <= FEMTO_DECIMALS
    ? tokens * price * 10n ** BigInt(FEMTO_DECIMALS - decimals)
    : (tokens * price) / 10n ** BigInt(decimals - FEMTO_DECIMALS);

/** Two parts, because only one of them depends on the quote asset's price. */
export interface Worth {
  /** Of the quote asset, 1e-15. */
  readonly inQuote: bigint;
  /** 1e-15 USD. */
  readonly inUsd: bigint;
}

/** 1e-15 of the quote asset. Null: its price (1e-6 USD) is needed and unknown. */
export function quoteWorth({ inQuote, inUsd }: Worth, quotePrice: bigint | null): bigint | null {
  if (inUsd === 0n) return inQuote;
  if (quotePrice === null || quotePrice <= 0n) return null;
  return inQuote + divFloor(inUsd * PRICE_ONE, quotePrice);
}

/**
 * Null when a price of something held is unknown, or the account has an isolated position. Funding that is due but not settled into a position is not included;
 * it is `accruedFunding`.
 */
export function equityOf(read: PerpsRead): bigint | null {
  const worth = worthOfRead(read);
  return worth === null ? null : quoteWorth(worth, read.hedge.quote.oracle.price);
}

/** Of the configured market and its quote asset everything is `inQuote`, all else is `inUsd`. */
export function worthOfRead({ account, markets, wallet, hedge }: PerpsRead): Worth | null {
  const spotOf = (index: number) => markets.spot.find((market) => market.marketIndex === index);
  let inQuote = wallet.quote * FEMTO_PER_MICRO_USD;
  let inUsd = 0n;
  const deposits = (account?.spot ?? []).map((balance) => {
    const market = spotOf(balance.marketIndex);
    return { market, tokens: market === undefined ? null : tokenAmount(balance, market) };
  });
  for (const { market, tokens } of [{ market: hedge.base, tokens: wallet.sol }, ...deposits]) {
    if (tokens === 0n) continue;
    if (market === undefined || tokens === null) return null;
    if (market.marketIndex === hedge.quote.marketIndex) inQuote += tokens * FEMTO_PER_MICRO_USD;
    else if (market.oracle.price === null) return null;
    else inUsd += femtoOf(tokens, market.decimals, market.oracle.price);
  }
  for (const position of account?.perps.filter(isActive) ?? []) {
    const market = markets.perps.find((each) => each.marketIndex === position.marketIndex);
    // The collateral of an isolated position is nowhere else.
    if (position.isolated === true || market === undefined || market.oracle.price === null) return null;
    const quoteFemto = position.baseAmount * market.oracle.price + position.quoteAmount * FEMTO_PER_MICRO_USD;
    if (position.marketIndex === hedge.perp.marketIndex) {
      inQuote += quoteFemto;
      continue;
    }
    const settledIn = spotOf(market.quoteSpotMarketIndex);
    if (settledIn?.oracle.price == null) return null;
    inUsd += divFloor(quoteFemto * settledIn.oracle.price, PRICE_ONE);
  }
  return { inQuote, inUsd };
}
