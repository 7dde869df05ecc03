/** Converts Drift's decoded accounts to our plain types. Only files of this folder know the SDK's types. */
import type {
  PerpPosition as DriftPerpPosition,
  SpotPosition as DriftSpotPosition,
  Order,
  PerpMarketAccount,
  StateAccount,
  UserAccount,
} from '@drift-labs/sdk';
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
import { depositTokens } from '../../domain/margin/margin-weights.ts';
import { lamports, microUsd, price } from '../../domain/money/units.ts';
import type { PerpMarketRead, SpotMarketRead } from '../solana-perps/program-accounts.ts';
import { addressText } from '../solana-perps/read/address-text.ts';
import { ammQuote } from './amm.ts';
import type { DriftAccountTypes } from './drift-accounts.ts';
import { big, text, variant } from './integers.ts';
import { lendRates, withdrawLimit } from './lending.ts';
import {
  decodeOracle,
  oracleMultiple,
  ownOrExchangeOracle,
  perpOracleMarket,
  type ReadAt,
  spotOracleMarket,
} from './oracle.ts';

const BEING_LIQUIDATED = 1;
const BANKRUPT = 2;
const BASE_ONE = 1_000_000_000n;
const PRICE_ONE = 1_000_000n;
const PERCENT = 100n;
/** Of the AMM's fee pool, a fifth counts as able to pay PnL. */
const FEE_POOL_DIVISOR = 5n;

/** Everything is of one slot. */
interface MarketsRead {
  readonly state: StateAccount;
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

const decodeBalance = (position: DriftSpotPosition): SpotBalance => ({
  marketIndex: position.marketIndex,
  scaledBalance: big(position.scaledBalance),
  kind: variant(position.balanceType) === 'borrow' ? 'borrow' : 'deposit',
  openOrders: position.openOrders,
  openBids: big(position.openBids),
  openAsks: big(position.openAsks),
});

const decodePosition = (position: DriftPerpPosition): PerpPosition => ({
  marketIndex: position.marketIndex,
  baseAmount: lamports(big(position.baseAssetAmount)),
  quoteAmount: microUsd(big(position.quoteAssetAmount)),
  quoteEntryAmount: microUsd(big(position.quoteEntryAmount)),
  quoteBreakEvenAmount: microUsd(big(position.quoteBreakEvenAmount)),
  lastCumulativeFundingRate: big(position.lastCumulativeFundingRate),
  openOrders: position.openOrders,
  openBids: lamports(big(position.openBids)),
  openAsks: lamports(big(position.openAsks)),
  settledPnl: microUsd(big(position.settledPnl)),
  maxMarginRatio: position.maxMarginRatio,
});

const isOpenPerpOrder = (order: Order): boolean =>
  variant(order.status) === 'open' && variant(order.marketType) === 'perp';

const decodeOrder = (order: Order): OpenOrder => ({
  orderId: order.orderId,
  marketIndex: order.marketIndex,
  side: variant(order.direction) === 'long' ? 'buy' : 'sell',
  size: lamports(big(order.baseAssetAmount)),
  filled: lamports(big(order.baseAssetAmountFilled)),
  reduceOnly: order.reduceOnly,
  maxTsMs: order.maxTs.isZero() ? null : order.maxTs.toNumber() * 1000,
});

/** The account without its empty slots: Drift keeps eight of each kind, and an empty one may name any market. */
export function decodeAccount(user: UserAccount): Account {
  const mode = variant(user.marginMode);
  return {
    subAccount: user.subAccountId,
    status: statusOf(user.status),
    maxMarginRatio: user.maxMarginRatio,
    highLeverageMode: mode === 'highLeverage',
    highLeverageMaintenance: mode === 'highLeverageMaintenance',
    netDeposits: microUsd(big(user.totalDeposits) - big(user.totalWithdraws)),
    settledPnl: microUsd(big(user.settledPerpPnl)),
    spot: user.spotPositions.map(decodeBalance).filter(isHeld),
    perps: user.perpPositions.map(decodePosition).filter(isActive),
    orders: user.orders.filter(isOpenPerpOrder).map(decodeOrder),
  };
}

function decodeSpotMarket({ market, oracle }: SpotMarketRead<DriftAccountTypes>, at: ReadAt): SpotMarket {
  const rates = lendRates(market);
  return {
    marketIndex: market.marketIndex,
    asset: text(market.name),
    decimals: market.decimals,
    oracle: decodeOracle(spotOracleMarket(market), oracle, at),
    oracleId: addressText(market.oracle),
    oracleMultiple: oracleMultiple(market.oracleSource),
    cumulativeDepositInterest: big(market.cumulativeDepositInterest),
    cumulativeBorrowInterest: big(market.cumulativeBorrowInterest),
    initialAssetWeight: market.initialAssetWeight,
    maintenanceAssetWeight: market.maintenanceAssetWeight,
    initialLiabilityWeight: market.initialLiabilityWeight,
    maintenanceLiabilityWeight: market.maintenanceLiabilityWeight,
    imfFactor: market.imfFactor,
    depositBalance: big(market.depositBalance),
    scaleInitialAssetWeightStart: microUsd(big(market.scaleInitialAssetWeightStart)),
    depositRate: rates.deposit,
    borrowRate: rates.borrow,
    withdrawLimit: withdrawLimit(market, BigInt(Math.floor(at.nowMs / 1000))),
    withdrawGuardThreshold: big(market.withdrawGuardThreshold),
  };
}

/** What the market owes its traders beyond what its pools can pay, micro-USD. */
function netUserPnlImbalance(market: PerpMarketAccount, quote: SpotMarket | undefined, at: bigint): bigint {
  const { amm } = market;
  const base = big(amm.baseAssetAmountWithAmm) + big(amm.baseAssetAmountWithUnsettledLp);
  const cost = big(amm.quoteAssetAmount) + big(amm.quoteAssetAmountWithUnsettledLp) + big(amm.netUnsettledFundingPnl);
  const pool = (scaled: bigint) => (quote === undefined ? 0n : depositTokens(scaled, quote));
  const payable = pool(big(market.pnlPool.scaledBalance)) + pool(big(amm.feePool.scaledBalance)) / FEE_POOL_DIVISOR;
  return (base * at) / BASE_ONE + cost - payable;
}

const PERP_STATUS: Readonly<Record<string, PerpMarket['status']>> = {
  initialized: 'initialized',
  active: 'active',
  reduceOnly: 'reduce_only',
  settlement: 'settlement',
  delisted: 'delisted',
};

/** An unknown status counts as a reason not to trade. */
const perpStatus = (status: object): PerpMarket['status'] => PERP_STATUS[variant(status)] ?? 'paused';

/** Taker fee at 1e6 of the account's tier, with the market's own discount or surcharge. */
function takerFee(market: PerpMarketAccount, state: StateAccount, feeTier: number): bigint {
  const tier = state.perpFeeStructure.feeTiers[feeTier];
  if (tier === undefined) throw new RangeError(`fee tier ${feeTier} does not exist`);
  const fee = (BigInt(tier.feeNumerator) * PRICE_ONE) / BigInt(tier.feeDenominator);
  return (fee * (PERCENT + BigInt(market.feeAdjustment))) / PERCENT;
}

function decodePerpMarket(
  { market, oracle }: PerpMarketRead<DriftAccountTypes>,
  spot: readonly SpotMarket[],
  read: MarketsRead,
): PerpMarket {
  const guardRails = read.state.oracleGuardRails;
  const name = text(market.name);
  const own = oracle === null ? null : ownOrExchangeOracle(market, oracle, guardRails);
  const valued = own === null ? null : price(own.price);
  const amm = ammQuote(market, own, read);
  const quote = spot.find((each) => each.marketIndex === market.quoteSpotMarketIndex);
  const status = perpStatus(market.status);
  return {
    marketIndex: market.marketIndex,
    market: name,
    baseAsset: name.replace(/-[A-Z]+$/, ''),
    oracle: decodeOracle(perpOracleMarket(market), oracle, { slot: read.slot, nowMs: read.nowMs, guardRails }),
    oracleId: addressText(market.amm.oracle),
    oracleMultiple: oracleMultiple(market.amm.oracleSource),
    ...(valued === null ? {} : { pnlPrice: valued }),
    markPrice: amm?.mark ?? null,
    ...(amm === null ? {} : { bidPrice: amm.bid, askPrice: amm.ask }),
    quoteSpotMarketIndex: market.quoteSpotMarketIndex,
    initialMarginRatio: market.marginRatioInitial,
    maintenanceMarginRatio: market.marginRatioMaintenance,
    highLeverageInitialMarginRatio: market.highLeverageMarginRatioInitial,
    highLeverageMaintenanceMarginRatio: market.highLeverageMarginRatioMaintenance,
    imfFactor: market.imfFactor,
    unrealizedPnlImfFactor: market.unrealizedPnlImfFactor,
    unrealizedPnlInitialAssetWeight: market.unrealizedPnlInitialAssetWeight,
    unrealizedPnlMaintenanceAssetWeight: market.unrealizedPnlMaintenanceAssetWeight,
    unrealizedPnlMaxImbalance: microUsd(big(market.unrealizedPnlMaxImbalance)),
    netUserPnlImbalance: microUsd(valued === null ? 0n : netUserPnlImbalance(market, quote, valued)),
    cumulativeFundingRateLong: big(market.amm.cumulativeFundingRateLong),
    cumulativeFundingRateShort: big(market.amm.cumulativeFundingRateShort),
    lastFundingRateTsMs: market.amm.lastFundingRateTs.toNumber() * 1000,
    fundingPeriodMs: market.amm.fundingPeriod.toNumber() * 1000,
    stepSize: lamports(big(market.amm.orderStepSize)),
    minimumSize: lamports(big(market.amm.minOrderSize)),
    tickSize: price(big(market.amm.orderTickSize)),
    takerFee: takerFee(market, read.state, read.feeTier),
    liquidatorFee: BigInt(market.liquidatorFee),
    status,
    expiryPrice: status === 'settlement' ? price(big(market.expiryPrice)) : null,
    prediction: variant(market.contractType) === 'prediction',
  };
}

export function decodeMarkets(read: MarketsRead): Markets {
  const at: ReadAt = { slot: read.slot, nowMs: read.nowMs, guardRails: read.state.oracleGuardRails };
  const spot = read.spot.map((each) => decodeSpotMarket(each, at));
  return { spot, perps: read.perps.map((each) => decodePerpMarket(each, spot, read)) };
}
