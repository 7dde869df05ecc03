/** Converts Velocity's decoded accounts to the types that every venue shares. */
import type {
  Account,
  Markets,
  OpenOrder,
  PerpMarket,
  PerpPosition,
  SpotBalance,
  SpotMarket,
} from '../../../domain/account/account.ts';
import { isActive, isHeld } from '../../../domain/margin/holdings.ts';
import { lamports, microUsd, price } from '../../../domain/money/units.ts';
import { type OracleReading, oracleMultiple } from '../../solana-perps/oracle-accounts.ts';
import { reservePrice } from '../maths/amm-curve.ts';
import { readyToFill } from '../maths/amm-refresh.ts';
import type { ExchangeState, PerpMarketState, SpotMarketState } from '../program/accounts.ts';
import { isIsolated, type UserState } from '../program/user.ts';
import { takerFeeRate } from './fee-tier.ts';
import { depositRoom, lendRates, withdrawLimit } from './lending.ts';
import { ammOracle, perpOracleQuote, type ReadMoment, spotOracleQuote } from './oracle.ts';

const BEING_LIQUIDATED = 1;
const BANKRUPT = 2;
const BASE_ONE = 1_000_000_000n;
/** Whatever a market's weights say. */
const INITIAL_PROFIT_LIMIT = microUsd(100_000_000n);

export interface SpotMarketReading {
  readonly market: SpotMarketState;
  /** Null: the oracle could not be read. */
  readonly oracle: OracleReading | null;
}
export interface PerpMarketReading {
  readonly market: PerpMarketState;
  readonly oracle: OracleReading | null;
}

/** Everything is of one slot. */
export interface MarketsReading {
  readonly state: ExchangeState;
  readonly spot: readonly SpotMarketReading[];
  readonly perps: readonly PerpMarketReading[];
  readonly slot: number;
  /** The chain's clock. */
  readonly nowMs: number;
  /** Index of the account's taker fee tier; 0 is the most expensive. */
  readonly feeTier: number;
}

type UserOrder = UserState['orders'][number];

function statusOf(status: number): Account['status'] {
  if ((status & BANKRUPT) !== 0) return 'bankrupt';
  return (status & BEING_LIQUIDATED) !== 0 ? 'being_liquidated' : 'active';
}

const balanceOf = (position: UserState['spotPositions'][number]): SpotBalance => ({
  marketIndex: position.marketIndex,
  scaledBalance: position.scaledBalance,
  kind: position.balanceType === 'borrow' ? 'borrow' : 'deposit',
  openOrders: position.openOrders,
  openBids: position.openBids,
  openAsks: position.openAsks,
});

const positionOf = (position: UserState['perpPositions'][number]): PerpPosition => ({
  marketIndex: position.marketIndex,
  baseAmount: lamports(position.base),
  quoteAmount: microUsd(position.quote),
  quoteEntryAmount: microUsd(position.quoteEntry),
  quoteBreakEvenAmount: microUsd(position.quoteBreakEven),
  lastCumulativeFundingRate: position.lastCumulativeFunding,
  openOrders: position.openOrders,
  openBids: lamports(position.openBids),
  openAsks: lamports(position.openAsks),
  settledPnl: microUsd(position.settledPnl),
  maxMarginRatio: position.maxMarginRatio,
  ...(isIsolated(position) ? { isolated: true } : {}),
});

export const isOpenPerpOrder = ({ status, marketType }: UserOrder): boolean =>
  status === 'open' && marketType === 'perp';

const orderOf = (order: UserOrder): OpenOrder => ({
  orderId: order.orderId,
  marketIndex: order.marketIndex,
  side: order.direction === 'long' ? 'buy' : 'sell',
  size: lamports(order.base),
  filled: lamports(order.filledBase),
  reduceOnly: order.reduceOnly,
  maxTsMs: order.maxTs === 0n ? null : Number(order.maxTs) * 1000,
});

/** The account without its empty slots: the program keeps eight of each kind, and an empty one may name any market. */
export const accountOf = (user: UserState): Account => ({
  subAccount: user.subAccount,
  status: statusOf(user.status),
  maxMarginRatio: user.maxMarginRatio,
  highLeverageMode: false,
  netDeposits: microUsd(user.totalDeposits - user.totalWithdraws),
  settledPnl: microUsd(user.settledPerpPnl),
  spot: user.spotPositions.map(balanceOf).filter(isHeld),
  perps: user.perpPositions.map(positionOf).filter(isActive),
  orders: user.orders.filter(isOpenPerpOrder).map(orderOf),
});

/** Whether `orders` holds every order that the positions count: later builds keep resting ones elsewhere. */
export function listsAllOrders(user: UserState): boolean {
  const counted = user.perpPositions.reduce((sum, { openOrders }) => sum + openOrders, 0);
  return counted === user.orders.filter(isOpenPerpOrder).length;
}

function spotMarketOf({ market, oracle }: SpotMarketReading, at: ReadMoment): SpotMarket {
  const rates = lendRates(market);
  const now = BigInt(Math.floor(at.nowMs / 1000));
  const room = depositRoom(market, now);
  return {
    marketIndex: market.marketIndex,
    asset: market.name,
    decimals: market.decimals,
    oracle: spotOracleQuote(market, oracle, at),
    oracleId: market.oracle,
    oracleMultiple: oracleMultiple(market.oracleSource),
    cumulativeDepositInterest: market.depositIndex,
    cumulativeBorrowInterest: market.borrowIndex,
    initialAssetWeight: market.assetWeightInitial,
    maintenanceAssetWeight: market.assetWeightMaintenance,
    initialLiabilityWeight: market.debtWeightInitial,
    maintenanceLiabilityWeight: market.debtWeightMaintenance,
    imfFactor: market.imfFactor,
    depositBalance: market.depositsScaled,
    scaleInitialAssetWeightStart: microUsd(market.scaleInitialWeightStart),
    depositRate: rates.deposit,
    borrowRate: rates.borrow,
    withdrawLimit: withdrawLimit(market, now),
    withdrawGuardThreshold: market.withdrawGuard,
    ...(room === null ? {} : { depositLimit: room }),
  };
}

/** What the market owes its traders at the price that it last took up, micro-USD. */
const owedToUsers = (market: PerpMarketState): bigint =>
  (market.netUserBase * market.oraclePrice) / BASE_ONE + market.quote + market.unsettledFunding;

const PERP_STATUS: Readonly<Record<PerpMarketState['status'], PerpMarket['status']>> = {
  initialized: 'initialized',
  active: 'active',
  reduceOnly: 'reduce_only',
  settlement: 'settlement',
  delisted: 'delisted',
  // An unknown status counts as a reason not to trade.
  unknown: 'paused',
};

/** The market as a fill in this slot finds it. */
export function ammOf(market: PerpMarketState, oracle: OracleReading | null, at: ReadMoment): PerpMarketState {
  const quotes = market.status === 'active' || market.status === 'reduceOnly';
  if (oracle === null || oracle.price <= 0n || !quotes || market.ammBaseReserve === 0n) return market;
  const now = BigInt(Math.floor(at.nowMs / 1000));
  return readyToFill(market, ammOracle(market, oracle, at), { slot: BigInt(at.slot), now });
}

const priceAt = (base: bigint, quote: bigint, peg: bigint): bigint | null =>
  base > 0n && quote > 0n ? (quote * peg) / base : null;

/** Where the AMM's middle is, and where a sell and a buy begin to fill. */
function ammPrices(amm: PerpMarketState): Pick<PerpMarket, 'markPrice' | 'bidPrice' | 'askPrice'> {
  const mark = reservePrice(amm);
  if (mark === 0n) return { markPrice: null };
  const bid = priceAt(amm.ammBidBaseReserve, amm.ammBidQuoteReserve, amm.ammPeg);
  const ask = priceAt(amm.ammAskBaseReserve, amm.ammAskQuoteReserve, amm.ammPeg);
  return {
    markPrice: price(mark),
    ...(bid === null || ask === null ? {} : { bidPrice: price(bid), askPrice: price(ask) }),
  };
}

function perpMarketOf({ market, oracle }: PerpMarketReading, reading: MarketsReading): PerpMarket {
  const at: ReadMoment = reading;
  const status = PERP_STATUS[market.status];
  const cap = market.maxOpenInterest;
  return {
    marketIndex: market.marketIndex,
    market: market.name,
    baseAsset: market.name.replace(/-[A-Z]+$/, ''),
    oracle: perpOracleQuote(market, oracle, at),
    oracleId: market.oracle,
    oracleMultiple: oracleMultiple(market.oracleSource),
    ...ammPrices(ammOf(market, oracle, at)),
    quoteSpotMarketIndex: market.quoteMarketIndex,
    initialMarginRatio: market.marginRatioInitial,
    maintenanceMarginRatio: market.marginRatioMaintenance,
    highLeverageInitialMarginRatio: 0,
    highLeverageMaintenanceMarginRatio: 0,
    imfFactor: market.imfFactor,
    unrealizedPnlImfFactor: market.gainImfFactor,
    unrealizedPnlInitialAssetWeight: market.gainWeightInitial,
    unrealizedPnlMaintenanceAssetWeight: market.gainWeightMaintenance,
    initialProfitLimit: INITIAL_PROFIT_LIMIT,
    unrealizedPnlMaxImbalance: microUsd(market.maxPnlImbalance),
    netUserPnlImbalance: microUsd(owedToUsers(market)),
    cumulativeFundingRateLong: market.cumulativeFundingLong,
    cumulativeFundingRateShort: market.cumulativeFundingShort,
    lastFundingRateTsMs: Number(market.lastFundingTs) * 1000,
    fundingPeriodMs: Number(market.fundingPeriod) * 1000,
    stepSize: lamports(market.stepSize),
    minimumSize: lamports(market.minOrderSize),
    tickSize: price(market.tickSize),
    takerFee: takerFeeRate(market, reading.state, reading.feeTier),
    liquidatorFee: BigInt(market.liquidatorFee),
    status,
    expiryPrice: status === 'settlement' ? price(market.expiryPrice) : null,
    ...(cap === 0n
      ? {}
      : { openInterest: { long: lamports(market.baseLong), short: lamports(-market.baseShort), cap: lamports(cap) } }),
  };
}

export const marketsOf = (reading: MarketsReading): Markets => ({
  spot: reading.spot.map((each) => spotMarketOf(each, reading)),
  perps: reading.perps.map((each) => perpMarketOf(each, reading)),
});
