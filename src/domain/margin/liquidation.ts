/** The price at which a perp position would be liquidated if other prices stay the same. Formula: `User.liquidationPrice`. */
import type { Account, Markets, PerpMarket, SpotMarket } from '../account/account.ts';
import { LAMPORTS_PER_SOL, max, type Price, price } from '../money/units.ts';
import { type Holdings, isActive, type PerpHolding, resolveHoldings, tokenAmount } from './holdings.ts';
import { assetWeight, liabilityWeight, perpMarginRatio, WEIGHT_ONE } from './margin-weights.ts';
import { customRatio, hasHighLeverage, perpMargin, totalPnl } from './perp-margin.ts';
import { spotValues } from './spot-margin.ts';

const MICRO = 1_000_000n;

export type LiquidationPrice =
  | { readonly kind: 'price'; readonly price: Price }
  /** No position, or no price of this market alone liquidates it. */
  | { readonly kind: 'none' }
  /** A price that it depends on is missing. */
  | { readonly kind: 'unknown'; readonly missing: readonly string[] };

const NONE: LiquidationPrice = { kind: 'none' };
const MAINTENANCE_WITHOUT_ORDERS = { category: 'maintenance', strict: false, includeOrders: false } as const;

/** The spot market that moves with the perp: the one with the same oracle, or of the base asset if no oracle is named. */
function spotCounterpart(market: PerpMarket, markets: Markets): SpotMarket | undefined {
  return markets.spot.find((spot) =>
    market.oracleId === undefined ? spot.asset === market.baseAsset : spot.oracleId === market.oracleId,
  );
}

/**
 * Micro-USD of free collateral gained per 1 USD that the perp's price rises. PnL and margin are counted in the quote asset,
 * at its own price, as in the program; the SDK takes it for 1 USD here.
 */
function perpSlope(holdings: Holdings, { position, market, quoteOracle }: PerpHolding): bigint {
  // A prediction market's price moves PnL and margin by the same amount.
  if (market.prediction) return 0n;
  const base: bigint = position.baseAmount;
  const size = base < 0n ? -base : base;
  const custom = customRatio(holdings, position);
  const ratio = perpMarginRatio(market, size, 'maintenance', custom, hasHighLeverage(holdings, 'maintenance'));
  const margin = (ratio * MICRO) / WEIGHT_ONE;
  const inQuote = ((base > 0n ? MICRO - margin : -MICRO - margin) * size) / LAMPORTS_PER_SOL;
  return (inQuote * quoteOracle) / MICRO;
}

/** The same for a spot holding: an asset counts with its asset weight, a debt with its liability weight. */
function spotSlope(amount: bigint, market: SpotMarket): bigint {
  // Maintenance weights do not depend on a price.
  const weight =
    amount > 0n ? assetWeight(amount, 0n, market, 'maintenance') : liabilityWeight(amount, market, 'maintenance');
  return (((MICRO * weight) / WEIGHT_ONE) * amount) / 10n ** BigInt(market.decimals);
}

function counterpartSlope(account: Account, market: PerpMarket, markets: Markets): bigint {
  const spot = spotCounterpart(market, markets);
  if (spot === undefined) return 0n;
  const balance = account.spot.find((each) => each.marketIndex === spot.marketIndex);
  if (balance === undefined) return 0n;
  const slope = spotSlope(tokenAmount(balance, spot), spot);
  return (slope * (spot.oracleMultiple ?? 1n)) / (market.oracleMultiple ?? 1n);
}

/**
 * The oracle price of `market` at which maintenance margin uses up the collateral, open orders left out. A deposit of
 * the same asset moves with it: it pushes a short's price away. For an account already beyond it this is the current price.
 */
export function liquidationPrice(account: Account, markets: Markets, market: string): LiquidationPrice {
  const perp = markets.perps.find((each) => each.market === market);
  const position = account.perps.find((each) => each.marketIndex === perp?.marketIndex && isActive(each));
  if (perp === undefined || position === undefined || position.baseAmount === 0n) return NONE;
  const resolved = resolveHoldings(account, markets);
  if (resolved.kind === 'unknown') return resolved;
  const { holdings } = resolved;
  const holding = holdings.perps.find((each) => each.position === position);
  if (holding === undefined) return { kind: 'unknown', missing: [`price of ${market}`] };

  const spot = spotValues(holdings, MAINTENANCE_WITHOUT_ORDERS);
  const collateral = spot.assets + totalPnl(holdings, 'maintenance', false);
  const free = max(0n, collateral - perpMargin(holdings, MAINTENANCE_WITHOUT_ORDERS) - spot.liabilities);
  const slope = perpSlope(holdings, holding) + counterpartSlope(account, perp, markets);
  if (slope === 0n) return NONE;
  const at = holding.oracle - (free * MICRO) / slope;
  return at < 0n ? NONE : { kind: 'price', price: price(at) };
}
