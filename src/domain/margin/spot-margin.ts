/** Spot collateral and debts in micro-USD, with the worst case of open spot orders. */

import { max, min } from '../money/units.ts';
import type { Holdings, SpotHolding } from './holdings.ts';
import { assetWeight, liabilityWeight, type MarginCategory, tokenValue, WEIGHT_ONE } from './margin-weights.ts';

/** Drift requires this margin for each open order, so that orders are not free. */
export const OPEN_ORDER_MARGIN = 10_000n;

interface SpotValues {
  readonly assets: bigint;
  readonly liabilities: bigint;
}

/** `strict` uses the worse of the price and its TWAP: assets at the lower, debts at the higher. */
export interface Valuation {
  readonly category: MarginCategory;
  readonly strict: boolean;
  readonly includeOrders: boolean;
}

const lowPrice = (holding: SpotHolding, strict: boolean) =>
  strict ? min(holding.oracle, holding.twap) : holding.oracle;
const highPrice = (holding: SpotHolding, strict: boolean) =>
  strict ? max(holding.oracle, holding.twap) : holding.oracle;

const strictValue = (holding: SpotHolding, amount: bigint, strict: boolean): bigint =>
  tokenValue(amount, amount >= 0n ? lowPrice(holding, strict) : highPrice(holding, strict), holding.market.decimals);

/** A person's own leverage limit lowers the initial weight of non-quote assets and raises that of such debts. */
function customAssetWeight(holding: SpotHolding, weight: bigint, customRatio: number, category: MarginCategory) {
  if (category !== 'initial' || holding.isQuote) return weight;
  return min(weight, max(0n, WEIGHT_ONE - BigInt(customRatio)));
}
function customLiabilityWeight(holding: SpotHolding, weight: bigint, customRatio: number, category: MarginCategory) {
  if (category !== 'initial' || holding.isQuote) return weight;
  return max(weight, WEIGHT_ONE + BigInt(customRatio));
}

function weightedAsset(holding: SpotHolding, amount: bigint, how: Valuation, customRatio: number): bigint {
  const value = strictValue(holding, amount, how.strict);
  if (how.category === 'unweighted') return value;
  const weight = assetWeight(amount, holding.oracle, holding.market, how.category);
  return (value * customAssetWeight(holding, weight, customRatio, how.category)) / WEIGHT_ONE;
}

/** Positive. */
function weightedLiability(holding: SpotHolding, amount: bigint, how: Valuation, customRatio: number): bigint {
  const value = -strictValue(holding, amount, how.strict);
  if (how.category === 'unweighted') return value;
  const weight = liabilityWeight(amount, holding.market, how.category);
  return (value * customLiabilityWeight(holding, weight, customRatio, how.category)) / WEIGHT_ONE;
}

interface AfterOrders {
  /** Tokens once the orders are filled. */
  readonly amount: bigint;
  /** What the fills earn (positive) or cost (negative) in the quote asset, micro-USD. */
  readonly quote: bigint;
  readonly contribution: bigint;
}

function afterFill(holding: SpotHolding, orders: bigint, how: Valuation, customRatio: number): AfterOrders {
  const amount = holding.amount + orders;
  const quote = tokenValue(-orders, highPrice(holding, how.strict), holding.market.decimals);
  const value = strictValue(holding, holding.amount, how.strict) - quote;
  const weight =
    value >= 0n
      ? customAssetWeight(
          holding,
          assetWeight(amount, holding.oracle, holding.market, how.category),
          customRatio,
          how.category,
        )
      : customLiabilityWeight(
          holding,
          liabilityWeight(amount, holding.market, how.category),
          customRatio,
          how.category,
        );
  return { amount, quote, contribution: (value * weight) / WEIGHT_ONE + quote };
}

/** Whichever of "all bids fill" and "all asks fill" leaves less free collateral; equal: the bids. */
function worstCase(holding: SpotHolding, how: Valuation, customRatio: number): { amount: bigint; quote: bigint } {
  const { openBids, openAsks } = holding.balance;
  if (!how.includeOrders || (openBids === 0n && openAsks === 0n)) return { amount: holding.amount, quote: 0n };
  const bids = afterFill(holding, openBids, how, customRatio);
  const asks = afterFill(holding, openAsks, how, customRatio);
  return asks.contribution < bids.contribution ? asks : bids;
}

/**
 * Sums over the account. The effect of orders on the quote asset is netted with the quote balance first. That asset counts in
 * full: the programs apply none of its market's weights.
 */
export function spotValues({ account, spot }: Holdings, how: Valuation): SpotValues {
  const customRatio = account.maxMarginRatio;
  let assets = 0n;
  let liabilities = 0n;
  let netQuote = 0n;
  for (const holding of spot) {
    if (holding.isQuote) {
      netQuote += strictValue(holding, holding.amount, how.strict);
      continue;
    }
    const { amount, quote } = worstCase(holding, how, customRatio);
    if (amount > 0n) assets += weightedAsset(holding, amount, how, customRatio);
    if (amount < 0n) liabilities += weightedLiability(holding, amount, how, customRatio);
    if (quote > 0n) netQuote += quote;
    if (quote < 0n) {
      const weight = how.category === 'initial' ? max(WEIGHT_ONE, BigInt(customRatio)) : WEIGHT_ONE;
      netQuote -= (-quote * weight) / WEIGHT_ONE;
    }
    if (how.includeOrders) liabilities += BigInt(holding.balance.openOrders) * OPEN_ORDER_MARGIN;
  }
  return netQuote > 0n ? { assets: assets + netQuote, liabilities } : { assets, liabilities: liabilities - netQuote };
}
