/** Converts Drift's decoded accounts to the types that every venue shares. */
import type {
  Account,
  Markets,
  OpenOrder,
  PerpMarket,
  PerpPosition,
  SpotBalance,
  SpotMarket,
} from '../../domain/account/account.ts';
import { isActive, isHeld } from '../../domain/margin/holdings.ts';
import { lamports, microUsd, price } from '../../domain/money/units.ts';
import { oracleMultiple } from '../solana-perps/oracle-accounts.ts';
import type { PerpMarketRead, SpotMarketRead } from '../solana-perps/program-accounts.ts';
import type { DriftExchange, DriftPerpMarket, DriftUser } from './account-layouts.ts';
import { ammQuote } from './amm.ts';
import type { DriftAccountTypes } from './drift-accounts.ts';
import { lendRates, withdrawLimit } from './lending.ts';
import { decodeOracle, ownOrExchangeOracle, perpOracleMarket, type ReadAt, spotOracleMarket } from './oracle.ts';

const BEING_LIQUIDATED = 1;
const BANKRUPT = 2;
const BASE_ONE = 1_000_000_000n;
const PRICE_ONE = 1_000_000n;
const PERCENT = 100n;
/** The most that a position's profit counts in initial margin, whatever its market's weights say. */
const INITIAL_PROFIT_LIMIT = microUsd(100_000_000n);

/** Everything is of one slot. */
interface MarketsRead {
  readonly state: DriftExchange;
  readonly spot: readonly SpotMarketRead<DriftAccountTypes>[];
  readonly perps: readonly PerpMarketRead<DriftAccountTypes>[];
  readonly slot: number;
  /** The chain's clock. */
  readonly nowMs: number;
  /** Index of the account's taker fee tier; 0 is the most expensive. */
  readonly feeTier: number;
}

function statusOf(status: number): Account['status'] {
  if ((status & BANKRUPT) !== 0) return 'bankrupt';
  return (status & BEING_LIQUIDATED) !== 0 ? 'being_liquidated' : 'active';
}

const decodeBalance = (position: DriftUser['spotPositions'][number]): SpotBalance => ({
  marketIndex: position.marketIndex,
  scaledBalance: position.scaledBalance,
  kind: position.balanceType === 'borrow' ? 'borrow' : 'deposit',
  openOrders: position.openOrders,
  openBids: position.openBids,
  openAsks: position.openAsks,
});

const decodePosition = (position: DriftUser['perpPositions'][number]): PerpPosition => ({
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
});

const isPerpOrder = ({ marketType }: DriftUser['orders'][number]): boolean => marketType === 'perp';

const decodeOrder = (order: DriftUser['orders'][number]): OpenOrder => ({
  orderId: order.orderId,
  marketIndex: order.marketIndex,
  side: order.direction === 'long' ? 'buy' : 'sell',
  size: lamports(order.base),
  filled: lamports(order.filledBase),
  reduceOnly: order.reduceOnly,
  maxTsMs: order.maxTs === 0n ? null : Number(order.maxTs) * 1000,
});

/** The account without its empty slots: Drift keeps eight of each kind, and an empty one may name any market. */
export function decodeAccount(user: DriftUser): Account {
  const mode = user.marginMode;
  return {
    subAccount: user.subAccount,
    status: statusOf(user.status),
    maxMarginRatio: user.maxMarginRatio,
    highLeverageMode: mode === 'highLeverage',
    highLeverageMaintenance: mode === 'highLeverageMaintenance',
    netDeposits: microUsd(user.totalDeposits - user.totalWithdraws),
    settledPnl: microUsd(user.settledPerpPnl),
    spot: user.spotPositions.map(decodeBalance).filter(isHeld),
    perps: user.perpPositions.map(decodePosition).filter(isActive),
    orders: user.orders.filter(isPerpOrder).map(decodeOrder),
  };
}

function decodeSpotMarket({ market, oracle }: SpotMarketRead<DriftAccountTypes>, at: ReadAt): SpotMarket {
  const rates = lendRates(market);
  return {
    marketIndex: market.marketIndex,
    asset: market.name,
    decimals: market.decimals,
    oracle: decodeOracle(spotOracleMarket(market), oracle, at),
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
    withdrawLimit: withdrawLimit(market, BigInt(Math.floor(at.nowMs / 1000))),
    withdrawGuardThreshold: market.withdrawGuard,
  };
}

/** What the market owes its traders at the price that it last took up, whatever its pools can pay, micro-USD. */
function owedToUsers(market: DriftPerpMarket): bigint {
  const base = market.netUserBase + market.unsettledLpBase;
  const cost = market.quote + market.unsettledLpQuote + market.unsettledFunding;
  return (base * market.oraclePrice) / BASE_ONE + cost;
}

const PERP_STATUS: Readonly<Record<string, PerpMarket['status']>> = {
  initialized: 'initialized',
  active: 'active',
  reduceOnly: 'reduce_only',
  settlement: 'settlement',
  delisted: 'delisted',
};

/** An unknown status counts as a reason not to trade. */
const perpStatus = (status: DriftPerpMarket['status']): PerpMarket['status'] => PERP_STATUS[status] ?? 'paused';

/** Taker fee at 1e6 of the account's tier, with the market's own discount or surcharge. */
function takerFee(market: DriftPerpMarket, state: DriftExchange, feeTier: number): bigint {
  const tier = state.perpFeeTiers[feeTier];
  if (tier === undefined) throw new RangeError(`fee tier ${feeTier} does not exist`);
  const fee = (BigInt(tier.takerNumerator) * PRICE_ONE) / BigInt(tier.takerDenominator);
  return (fee * (PERCENT + BigInt(market.feeAdjustment))) / PERCENT;
}

function decodePerpMarket({ market, oracle }: PerpMarketRead<DriftAccountTypes>, read: MarketsRead): PerpMarket {
  const name = market.name;
  const own = oracle === null ? null : ownOrExchangeOracle(market, oracle, read.state);
  const amm = ammQuote(market, own, read);
  const status = perpStatus(market.status);
  return {
    marketIndex: market.marketIndex,
    market: name,
    baseAsset: name.replace(/-[A-Z]+$/, ''),
    oracle: decodeOracle(perpOracleMarket(market), oracle, read),
    oracleId: market.oracle,
    oracleMultiple: oracleMultiple(market.oracleSource),
    markPrice: amm?.mark ?? null,
    ...(amm === null ? {} : { bidPrice: amm.bid, askPrice: amm.ask }),
    quoteSpotMarketIndex: market.quoteMarketIndex,
    initialMarginRatio: market.marginRatioInitial,
    maintenanceMarginRatio: market.marginRatioMaintenance,
    highLeverageInitialMarginRatio: market.highLeverageRatioInitial,
    highLeverageMaintenanceMarginRatio: market.highLeverageRatioMaintenance,
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
    takerFee: takerFee(market, read.state, read.feeTier),
    liquidatorFee: BigInt(market.liquidatorFee),
    status,
    expiryPrice: status === 'settlement' ? price(market.expiryPrice) : null,
    prediction: market.contractType === 'prediction',
  };
}

export function decodeMarkets(read: MarketsRead): Markets {
  const at: ReadAt = { slot: read.slot, nowMs: read.nowMs, state: read.state };
  return {
    spot: read.spot.map((each) => decodeSpotMarket(each, at)),
    perps: read.perps.map((each) => decodePerpMarket(each, read)),
  };
}
