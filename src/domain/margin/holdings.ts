/** An account's holdings joined with their markets and usable prices, or the names of the prices that are missing. */
import type {
  Account,
  Markets,
  OracleQuote,
  PerpMarket,
  PerpPosition,
  SpotBalance,
  SpotMarket,
} from '../account/account.ts';
import { settlesPerps } from '../account/spot-markets.ts';
import { borrowTokens, depositTokens } from './margin-weights.ts';

export interface SpotHolding {
  readonly balance: SpotBalance;
  readonly market: SpotMarket;
  /** The asset in which perps settle. */
  readonly isQuote: boolean;
  /** Signed tokens, a borrow negative. */
  readonly amount: bigint;
  readonly oracle: bigint;
  readonly twap: bigint;
}

export interface PerpHolding {
  readonly position: PerpPosition;
  readonly market: PerpMarket;
  /** The position's value per base unit: the oracle's price, or the expiry price of a market in settlement. */
  readonly valuation: bigint;
  readonly oracle: bigint;
  readonly quoteOracle: bigint;
  readonly quoteTwap: bigint;
}

export interface Holdings {
  readonly account: Account;
  readonly spot: readonly SpotHolding[];
  readonly perps: readonly PerpHolding[];
}

export type Unknown = { readonly kind: 'unknown'; readonly missing: readonly string[] };
type ResolvedHoldings = { readonly kind: 'known'; readonly holdings: Holdings } | Unknown;

/**
 * Signed token amount in base units of the asset: a deposit positive and rounded down, a borrow negative and rounded
 * away from zero, as Drift does.
 */
export const tokenAmount = (balance: SpotBalance, market: SpotMarket): bigint =>
  balance.kind === 'deposit'
    ? depositTokens(balance.scaledBalance, market)
    : -borrowTokens(balance.scaledBalance, market);

export const isHeld = (balance: SpotBalance): boolean => balance.scaledBalance !== 0n || balance.openOrders !== 0;

export const isActive = (position: PerpPosition): boolean =>
  position.baseAmount !== 0n || position.quoteAmount !== 0n || position.openOrders !== 0 || position.isolated === true;

interface UsablePrice {
  readonly price: bigint;
  readonly twap: bigint;
}

/** A usable price is present, positive and valid for margin. Otherwise the reason goes to `missing`. */
function usable(quote: OracleQuote, name: string, missing: Set<string>): UsablePrice | null {
  if (quote.price === null) missing.add(`price of ${name}`);
  else if (!quote.valid) missing.add(`valid price of ${name}${quote.invalidReason ? ` (${quote.invalidReason})` : ''}`);
  else if (quote.price <= 0n) missing.add(`positive price of ${name}`);
  else if (quote.twap5Min === null) missing.add(`5 min TWAP of ${name}`);
  else return { price: quote.price, twap: quote.twap5Min };
  return null;
}

function resolveSpot(balance: SpotBalance, markets: Markets, missing: Set<string>): SpotHolding | null {
  const market = markets.spot.find((each) => each.marketIndex === balance.marketIndex);
  if (market === undefined) {
    missing.add(`spot market ${balance.marketIndex}`);
    return null;
  }
  const quote = usable(market.oracle, market.asset, missing);
  if (quote === null) return null;
  return {
    ...{ balance, market, isQuote: settlesPerps(markets, market) },
    ...{ amount: tokenAmount(balance, market), oracle: quote.price, twap: quote.twap },
  };
}

function resolvePerp(position: PerpPosition, markets: Markets, missing: Set<string>): PerpHolding | null {
  const market = markets.perps.find((each) => each.marketIndex === position.marketIndex);
  if (market === undefined) {
    missing.add(`perp market ${position.marketIndex}`);
    return null;
  }
  if (position.isolated === true) missing.add(`margin of the isolated position in ${market.market}`);
  const quoteMarket = markets.spot.find((each) => each.marketIndex === market.quoteSpotMarketIndex);
  if (quoteMarket === undefined) missing.add(`spot market ${market.quoteSpotMarketIndex}`);
  const quoteAsset = quoteMarket === undefined ? null : usable(quoteMarket.oracle, quoteMarket.asset, missing);
  const base = usable(market.oracle, market.market, missing);
  const settled = market.status === 'settlement';
  if (settled && market.expiryPrice === null) missing.add(`expiry price of ${market.market}`);
  if (base === null || quoteAsset === null) return null;
  const expiry = settled ? market.expiryPrice : null;
  return {
    position,
    market,
    valuation: expiry ?? base.price,
    oracle: base.price,
    quoteOracle: quoteAsset.price,
    quoteTwap: quoteAsset.twap,
  };
}

const isPresent = <T>(value: T | null): value is T => value !== null;

/** Joins the account's holdings with their markets; empty balances and positions need no price. */
export function resolveHoldings(account: Account, markets: Markets): ResolvedHoldings {
  const missing = new Set<string>();
  const spot = account.spot.filter(isHeld).map((balance) => resolveSpot(balance, markets, missing));
  const perps = account.perps.filter(isActive).map((position) => resolvePerp(position, markets, missing));
  if (missing.size > 0) return { kind: 'unknown', missing: [...missing].sort() };
  return { kind: 'known', holdings: { account, spot: spot.filter(isPresent), perps: perps.filter(isPresent) } };
}
