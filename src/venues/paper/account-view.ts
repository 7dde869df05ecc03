/** The paper account and its markets in the shapes that margin maths and snapshots read. */
import {
  type Account,
  type Markets,
  type OracleQuote,
  SOL_PERP,
  SOL_PERP_INDEX,
} from '../../domain/account/account.ts';
import { isActive } from '../../domain/margin/margin.ts';
import { lamports, microUsd, price } from '../../domain/money/units.ts';
import type { LendRates, Quote } from '../../market-data/feed.ts';
import { type PaperParameters, QUOTE_ASSET, QUOTE_PRICE } from './parameters.ts';
import type { PaperState } from './state.ts';

/** Paper's own numbers of its markets. */
const USDC_INDEX = 0;
const SOL_INDEX = 1;
/** Drift's interest precision: the index at which a scaled balance is its tokens. */
const INTEREST_ONE = 10_000_000_000n;
/** Scaled balances have 9 decimals, whatever the token has. */
const SCALED_PER_USDC = 1_000n;
const NO_IMF = 0;
const FULL_WEIGHT = 10_000;

export function accountOf(state: PaperState): Account {
  const borrow = state.usdc < 0n;
  const noOrders = { openOrders: 0, openBids: 0n, openAsks: 0n };
  return {
    subAccount: 0,
    status: state.status,
    maxMarginRatio: 0,
    highLeverageMode: false,
    spot: [
      {
        marketIndex: USDC_INDEX,
        scaledBalance: (borrow ? -state.usdc : state.usdc) * SCALED_PER_USDC,
        kind: borrow ? 'borrow' : 'deposit',
        ...noOrders,
      },
      { marketIndex: SOL_INDEX, scaledBalance: state.sol, kind: 'deposit', ...noOrders },
    ],
    settledPnl: state.perp.settledPnl,
    perps: isActive(state.perp) ? [state.perp] : [],
    orders: state.orders.map(({ signature: _, dueSlot: __, fillPpm: ___, priceLimit: ____, ...order }) => order),
  };
}

export interface PaperMarketView {
  readonly parameters: PaperParameters;
  readonly quote: Quote;
  /** Why the quote is not valid, when it is not. */
  readonly invalidReason: string | null;
  readonly rates: LendRates | null;
  readonly periodMs: number;
  readonly slot: number;
}

export function marketsOf(state: PaperState, view: PaperMarketView): Markets {
  const { parameters, quote, rates, slot } = view;
  const solOracle: OracleQuote = {
    price: quote.oracle,
    twap5Min: quote.oracleTwap,
    confidence: price(0n),
    slot,
    valid: quote.valid,
    invalidReason: view.invalidReason,
  };
  const usdcOracle: OracleQuote = {
    ...solOracle,
    price: QUOTE_PRICE,
    twap5Min: QUOTE_PRICE,
    valid: true,
    invalidReason: null,
  };
  const interest = {
    cumulativeDepositInterest: INTEREST_ONE,
    cumulativeBorrowInterest: INTEREST_ONE,
    imfFactor: NO_IMF,
    depositBalance: 0n,
    scaleInitialAssetWeightStart: microUsd(0n),
  };
  return {
    spot: [
      {
        marketIndex: USDC_INDEX,
        asset: QUOTE_ASSET,
        decimals: 6,
        oracle: usdcOracle,
        ...interest,
        initialAssetWeight: FULL_WEIGHT,
        maintenanceAssetWeight: FULL_WEIGHT,
        initialLiabilityWeight: FULL_WEIGHT,
        maintenanceLiabilityWeight: FULL_WEIGHT,
        depositRate: rates?.usdcDeposit ?? null,
        borrowRate: rates?.usdcBorrow ?? null,
      },
      {
        marketIndex: SOL_INDEX,
        asset: 'SOL',
        decimals: 9,
        oracle: solOracle,
        ...interest,
        initialAssetWeight: parameters.solInitialAssetWeight,
        maintenanceAssetWeight: parameters.solMaintenanceAssetWeight,
        initialLiabilityWeight: parameters.solInitialLiabilityWeight,
        maintenanceLiabilityWeight: parameters.solMaintenanceLiabilityWeight,
        depositRate: rates?.solDeposit ?? null,
        borrowRate: rates?.solBorrow ?? null,
      },
    ],
    perps: [
      {
        marketIndex: SOL_PERP_INDEX,
        market: SOL_PERP,
        baseAsset: 'SOL',
        oracle: solOracle,
        markPrice: quote.mark,
        quoteSpotMarketIndex: USDC_INDEX,
        initialMarginRatio: parameters.initialMarginRatio,
        maintenanceMarginRatio: parameters.maintenanceMarginRatio,
        highLeverageInitialMarginRatio: 0,
        highLeverageMaintenanceMarginRatio: 0,
        imfFactor: NO_IMF,
        unrealizedPnlImfFactor: NO_IMF,
        unrealizedPnlInitialAssetWeight: FULL_WEIGHT,
        unrealizedPnlMaintenanceAssetWeight: FULL_WEIGHT,
        unrealizedPnlMaxImbalance: microUsd(0n),
        netUserPnlImbalance: microUsd(0n),
        cumulativeFundingRateLong: state.cumulativeFundingRate,
        cumulativeFundingRateShort: state.cumulativeFundingRate,
        lastFundingRateTsMs: state.lastFundingTsMs ?? state.market.anchorMarketMs,
        fundingPeriodMs: view.periodMs,
        stepSize: parameters.stepSize,
        minimumSize: parameters.minimumSize,
        tickSize: parameters.tickSize,
        takerFee: parameters.takerFee,
        liquidatorFee: parameters.perpLiquidatorFee,
        ...(parameters.slippagePpm === undefined ? {} : { slippagePpm: parameters.slippagePpm }),
        status: 'active',
        expiryPrice: null,
      },
    ],
  };
}

/** The position's own view of open orders, as Drift keeps it beside them. */
export function withOrders(state: PaperState, orders: PaperState['orders']): PaperState {
  const open = (side: 'buy' | 'sell'): bigint =>
    orders.filter((order) => order.side === side).reduce((sum, order) => sum + order.size - order.filled, 0n);
  return {
    ...state,
    orders,
    perp: {
      ...state.perp,
      openOrders: orders.length,
      openBids: lamports(open('buy')),
      openAsks: lamports(-open('sell')),
    },
  };
}
