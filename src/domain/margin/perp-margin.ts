/** PnL, funding and margin of perp positions. Formulas: Drift v2, `math/position.rs` and `math/margin.rs`. */
import type { PerpMarket, PerpPosition } from '../account/account.ts';
import { LAMPORTS_PER_SOL, type MicroUsd, max, microUsd, min, type Price, price } from '../money/units.ts';
import type { Holdings, PerpHolding } from './holdings.ts';
import { type MarginCategory, perpMarginRatio, sizeDiscountWeight, WEIGHT_ONE } from './margin-weights.ts';
import { OPEN_ORDER_MARGIN, type Valuation } from './spot-margin.ts';

const BASE_ONE = LAMPORTS_PER_SOL;
const PRICE_ONE = 1_000_000n;
/** Sizes count at 1e9, profits at 1e6. */
const QUOTE_TO_SIZE = 1_000n;
/** Cumulative funding rates are quote per base at 1e9; times base at 1e9, over this, is micro-USD. */
const FUNDING_TO_MICRO_USD = 1_000_000_000_000n;
/** base (1e9) x price (1e6) / quote (1e6). */
const ENTRY_PRICE_SCALE = BASE_ONE;
/** A prediction market's price ends at most at 1 USD. */
const PREDICTION_MAX_PRICE = PRICE_ONE;

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);

/** Funding of the position since it was last settled, positive when received; rounded toward zero. */
export function unsettledFunding(position: PerpPosition, market: PerpMarket): MicroUsd {
  if (position.baseAmount === 0n) return microUsd(0n);
  const cumulative = position.baseAmount > 0n ? market.cumulativeFundingRateLong : market.cumulativeFundingRateShort;
  return microUsd(-(((cumulative - position.lastCumulativeFundingRate) * position.baseAmount) / FUNDING_TO_MICRO_USD));
}

function pnlAt(position: PerpPosition, at: bigint): bigint {
  const value = (magnitude(position.baseAmount) * at) / BASE_ONE;
  return (position.baseAmount < 0n ? -value : value) + position.quoteAmount;
}

/**
 * PnL not yet settled to the quote balance, in the quote asset, without unsettled funding: value at the oracle plus
 * `quoteAmount` (entry, fees and settled funding). Null when the price is unknown and there is a position to value.
 */
export function unrealizedPnl(position: PerpPosition, market: PerpMarket): MicroUsd | null {
  if (position.baseAmount === 0n) return position.quoteAmount;
  const { price: oracle, valid } = market.oracle;
  if (oracle === null || !valid) return null;
  if (market.status === 'settlement') {
    return market.expiryPrice === null ? null : microUsd(pnlAt(position, market.expiryPrice));
  }
  return microUsd(pnlAt(position, oracle));
}

/** Average entry price, from `quoteEntryAmount`, since settled funding moves `quoteAmount`. Null without a position. */
export function entryPrice(position: PerpPosition): Price | null {
  if (position.baseAmount === 0n) return null;
  return price(magnitude((position.quoteEntryAmount * ENTRY_PRICE_SCALE) / position.baseAmount));
}

/**
 * Where a market owes its traders much, profit counts less: it may not be payable. @param pnl in the quote asset, before that
 * asset is priced
 */
function pnlWeight(market: PerpMarket, pnl: bigint, category: 'initial' | 'maintenance'): bigint {
  if (category === 'maintenance') return BigInt(market.unrealizedPnlMaintenanceAssetWeight);
  let weight = BigInt(market.unrealizedPnlInitialAssetWeight);
  const limit: bigint = market.unrealizedPnlMaxImbalance;
  const imbalance: bigint = market.netUserPnlImbalance;
  if (limit > 0n && imbalance > limit) weight = (weight * limit) / imbalance;
  return sizeDiscountWeight(pnl * QUOTE_TO_SIZE, market.unrealizedPnlImfFactor, weight);
}

/** PnL of one position in micro-USD: in the quote asset, at that asset's price, weighted when it is a profit. */
function weightedPnl(holding: PerpHolding, category: MarginCategory, strict: boolean, withFunding: boolean): bigint {
  const { position, market, quoteOracle, quoteTwap } = holding;
  const pnl: bigint =
    position.baseAmount === 0n
      ? position.quoteAmount
      : pnlAt(position, holding.valuation) + (withFunding ? unsettledFunding(position, market) : 0n);
  let quote = quoteOracle;
  if (strict) quote = pnl > 0n ? min(quoteOracle, quoteTwap) : max(quoteOracle, quoteTwap);
  const inUsd = (amount: bigint): bigint => (amount * quote) / PRICE_ONE;
  if (category === 'unweighted' || pnl <= 0n) return inUsd(pnl);
  const weighted = inUsd((pnl * pnlWeight(market, pnl, category)) / WEIGHT_ONE);
  return category === 'initial' && market.initialProfitLimit !== undefined
    ? min<bigint>(weighted, market.initialProfitLimit)
    : weighted;
}

/** Sum over the account of PnL with (or without) unsettled funding, micro-USD. */
export const totalPnl = ({ perps }: Holdings, category: MarginCategory, strict: boolean, withFunding = true): bigint =>
  perps.reduce((sum, holding) => sum + weightedPnl(holding, category, strict, withFunding), 0n);

function liabilityAt(base: bigint, at: bigint, prediction: boolean): bigint {
  const perBase = prediction && base <= 0n ? PREDICTION_MAX_PRICE - at : at;
  return (magnitude(base) * perBase) / BASE_ONE;
}

/** The base amount, with or without the worst case of its open orders, and its liability at the valuation price. */
function exposure(holding: PerpHolding, includeOrders: boolean): { base: bigint; liability: bigint } {
  const { position, market, valuation } = holding;
  const prediction = market.prediction ?? false;
  const owes = (base: bigint) => ({ base, liability: liabilityAt(base, valuation, prediction) });
  if (!includeOrders) return owes(position.baseAmount);
  const bids = owes(position.baseAmount + position.openBids);
  const asks = owes(position.baseAmount + position.openAsks);
  return asks.liability >= bids.liability ? asks : bids;
}

export const hasHighLeverage = ({ account }: Holdings, category: 'initial' | 'maintenance'): boolean =>
  account.highLeverageMode || (category === 'maintenance' && (account.highLeverageMaintenance ?? false));

/** The person's own ratio for a position: the higher of the account's and the position's. */
export const customRatio = ({ account }: Holdings, position: Pick<PerpPosition, 'maxMarginRatio'>): number =>
  Math.max(account.maxMarginRatio, position.maxMarginRatio);

function marginOf(holdings: Holdings, holding: PerpHolding, how: Valuation): bigint {
  const { market, position, quoteOracle, quoteTwap } = holding;
  const { base, liability } = exposure(holding, how.includeOrders);
  if (how.category === 'unweighted') return liability;
  const ratio =
    market.status === 'settlement'
      ? 0n
      : perpMarginRatio(
          market,
          magnitude(base),
          how.category,
          customRatio(holdings, position),
          hasHighLeverage(holdings, how.category),
        );
  const quote = how.strict ? max(quoteOracle, quoteTwap) : quoteOracle;
  const margin = (((liability * quote) / PRICE_ONE) * ratio) / WEIGHT_ONE;
  return how.includeOrders ? margin + BigInt(position.openOrders) * OPEN_ORDER_MARGIN : margin;
}

/** The margin that the account's perps require, micro-USD; `unweighted`: their liability. */
export const perpMargin = (holdings: Holdings, how: Valuation): bigint =>
  holdings.perps.reduce((sum, holding) => sum + marginOf(holdings, holding, how), 0n);
