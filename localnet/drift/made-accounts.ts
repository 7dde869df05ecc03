/**
 * A Drift made by us: State, SOL-PERP, USDC and SOL, with mainnet's parameters of September 2024 (margins, weights, fees,
 * steps, guard rails) and pools large enough that neither fills nor funding run dry. Nobody holds a position in it.
 */

import type { PerpMarketAccount, SpotMarketAccount, StateAccount } from '@drift-labs/sdk';
import { PublicKey } from '@solana/web3.js';
import { type ChainAccount, RENT_EXEMPT_EPOCH, rentOf } from '../account.ts';
import { SOL_MINT } from '../perps/token-addresses.ts';
import { mintAccount, tokenAccount } from '../perps/tokens.ts';
import {
  insuranceVaultAddress,
  perpMarketAddress,
  signerAddress,
  spotMarketAddress,
  stateAddress,
  USDC_MINT,
  vaultAddress,
} from './addresses.ts';
import { blank, bn, encode, nameBytes, variant } from './coder.ts';
import { DRIFT_PROGRAM_ID } from './program.ts';

/** Of the mainnet markets. */
export const SOL_ORACLE = 'BAtFj4kQttZRVep3UZS2aZRDixkGYgWsbqTBVDbnSsPF';
export const USDC_ORACLE = 'En8hkHLkRe9d9DraYmBTrus518BvmVH448YcvmrFM6Ce';

const USDC_ONE = 1_000_000n;
const SOL_ONE = 1_000_000_000n;
/** Of reserves, and of balances before interest. */
const AMM_ONE = 1_000_000_000n;
const FULL_INTEREST = 10_000_000_000n;
const PERCENT_ONE = 1_000_000n;
/** How far the AMM's reserves may go from their middle: 1.008284. */
const CONCENTRATION = 1_008_284n;

/** In base of the perp market: $150 move it by 0.26 basis points per SOL. */
const AMM_RESERVE = 7_800_000n * AMM_ONE;
/** The AMM's earnings, which it may spend on following the oracle and on funding. */
const AMM_BUDGET = 5_000_000n * USDC_ONE;
const PNL_POOL = 1_000_000n * USDC_ONE;
const USDC_DEPOSITS = 80_000_000n * USDC_ONE;
const USDC_BORROWS = 36_000_000n * USDC_ONE;
const SOL_DEPOSITS = 400_000n * SOL_ONE;
const SOL_BORROWS = 130_000n * SOL_ONE;

export interface MadeAt {
  /** USD at 1e6. */
  readonly solPrice: bigint;
  readonly slot: number;
  /** Unix seconds. */
  readonly time: number;
  readonly admin: string;
  readonly mintAuthority: string;
  /** Share of the price per hour that its last day of funding had; null: what such a market makes of itself. */
  readonly fundingHourly: number | null;
}

export type AccountMap = Map<string, ChainAccount>;

const key = (address: string): PublicKey => new PublicKey(address);

const driftAccount = (data: Uint8Array): ChainAccount => ({
  lamports: rentOf(data.length),
  data,
  owner: DRIFT_PROGRAM_ID,
  executable: false,
  rentEpoch: RENT_EXEMPT_EPOCH,
});

const TAKER_FEES = [100, 90, 80, 70, 60, 30];

function madeState({ admin }: MadeAt): StateAccount {
  const state = blank('State');
  const [signer, nonce] = signerAddress();
  state.admin = key(admin);
  state.signer = key(signer);
  state.signerNonce = nonce;
  for (const structure of [state.perpFeeStructure, state.spotFeeStructure]) {
    structure.fillerRewardStructure.rewardNumerator = 10;
    structure.fillerRewardStructure.rewardDenominator = 100;
    structure.fillerRewardStructure.timeBasedRewardLowerBound = bn(10_000);
    structure.flatFillerFee = bn(3_000);
    structure.referrerRewardEpochUpperBound = bn(4_000_000_000);
    for (const tier of structure.feeTiers) {
      tier.feeDenominator = 100_000;
      tier.makerRebateDenominator = 100_000;
      tier.referrerRewardDenominator = 100;
      tier.refereeFeeDenominator = 100;
    }
  }
  for (const [i, fee] of TAKER_FEES.entries()) {
    const tier = state.perpFeeStructure.feeTiers[i];
    if (tier === undefined) continue;
    tier.feeNumerator = fee;
    tier.makerRebateNumerator = 10;
    tier.referrerRewardNumerator = 15;
    tier.refereeFeeNumerator = 5;
  }
  const spotTier = state.spotFeeStructure.feeTiers[0];
  if (spotTier !== undefined) {
    spotTier.feeNumerator = 50;
    spotTier.makerRebateNumerator = 20;
  }
  const { priceDivergence, validity } = state.oracleGuardRails;
  priceDivergence.markOraclePercentDivergence = bn(100_000);
  priceDivergence.oracleTwap5MinPercentDivergence = bn(10);
  validity.slotsBeforeStaleForAmm = bn(10);
  validity.slotsBeforeStaleForMargin = bn(400);
  validity.confidenceIntervalMaxSize = bn(20_000);
  validity.tooVolatileRatio = bn(5);
  state.lpCooldownTime = bn(30);
  state.liquidationMarginBufferRatio = 100;
  state.numberOfMarkets = 1;
  state.numberOfSpotMarkets = 2;
  state.minPerpAuctionDuration = 10;
  state.defaultMarketOrderTimeInForce = 60;
  state.defaultSpotAuctionDuration = 10;
  state.liquidationDuration = 25;
  state.initialPctToLiquidate = 2_000;
  state.maxNumberOfSubAccounts = 2_100;
  return state;
}

/** In the unit in which balances are kept, before interest. */
const scaled = (amount: bigint, decimals: number): bigint => amount * 10n ** BigInt(9 - decimals);

interface SpotParameters {
  readonly index: number;
  readonly name: string;
  readonly mint: string;
  readonly decimals: number;
  readonly oracle: string;
  readonly oracleSource: string;
  readonly price: bigint;
  /** Initial and maintenance weight of assets, then of liabilities. */
  readonly weights: readonly [number, number, number, number];
  readonly imfFactor: number;
  readonly liquidatorFee: number;
  readonly ifLiquidationFee: number;
  /** Best utilization, rate there, rate at full use: at 1e6. */
  readonly rates: readonly [number, number, number];
  readonly insuranceFactor: number;
  readonly deposits: bigint;
  readonly borrows: bigint;
  readonly withdrawGuard: bigint;
  readonly step: bigint;
}

function madeSpotMarket(of: SpotParameters, { time }: MadeAt): SpotMarketAccount {
  const market = blank('SpotMarket');
  market.pubkey = key(spotMarketAddress(of.index));
  market.oracle = key(of.oracle);
  market.mint = key(of.mint);
  market.vault = key(vaultAddress(of.index));
  market.name = nameBytes(of.name);
  market.marketIndex = of.index;
  market.decimals = of.decimals;
  market.oracleSource = variant(of.oracleSource);
  market.status = variant('active');
  market.assetTier = variant('collateral');
  const { historicalOracleData: oracle, historicalIndexData: index, insuranceFund } = market;
  oracle.lastOraclePrice = bn(of.price);
  oracle.lastOraclePriceTwap = bn(of.price);
  oracle.lastOraclePriceTwap5Min = bn(of.price);
  oracle.lastOraclePriceTwapTs = bn(time);
  index.lastIndexBidPrice = bn(of.price);
  index.lastIndexAskPrice = bn(of.price);
  index.lastIndexPriceTwap = bn(of.price);
  index.lastIndexPriceTwap5Min = bn(of.price);
  index.lastIndexPriceTwapTs = bn(time);
  insuranceFund.vault = key(insuranceVaultAddress(of.index));
  insuranceFund.unstakingPeriod = bn(1_123_200);
  insuranceFund.revenueSettlePeriod = bn(3_600);
  insuranceFund.lastRevenueSettleTs = bn(time);
  insuranceFund.totalFactor = of.insuranceFactor;
  insuranceFund.userFactor = Math.floor(of.insuranceFactor / 2);
  market.revenuePool.marketIndex = of.index;
  market.spotFeePool.marketIndex = 0;
  market.depositBalance = bn(scaled(of.deposits, of.decimals));
  market.borrowBalance = bn(scaled(of.borrows, of.decimals));
  market.cumulativeDepositInterest = bn(FULL_INTEREST);
  market.cumulativeBorrowInterest = bn(FULL_INTEREST);
  market.depositTokenTwap = bn(of.deposits);
  market.borrowTokenTwap = bn(of.borrows);
  market.utilizationTwap = bn((of.borrows * PERCENT_ONE) / of.deposits);
  market.lastInterestTs = bn(time);
  market.lastTwapTs = bn(time);
  market.withdrawGuardThreshold = bn(of.withdrawGuard);
  market.maxTokenDeposits = bn(of.deposits * 3n);
  market.scaleInitialAssetWeightStart = bn(150_000_000n * USDC_ONE);
  market.orderStepSize = bn(of.step);
  market.orderTickSize = bn(100);
  market.minOrderSize = bn(of.step);
  market.nextFillRecordId = bn(1);
  market.nextDepositRecordId = bn(1);
  [
    market.initialAssetWeight,
    market.maintenanceAssetWeight,
    market.initialLiabilityWeight,
    market.maintenanceLiabilityWeight,
  ] = of.weights;
  market.imfFactor = of.imfFactor;
  market.liquidatorFee = of.liquidatorFee;
  market.ifLiquidationFee = of.ifLiquidationFee;
  [market.optimalUtilization, market.optimalBorrowRate, market.maxBorrowRate] = of.rates;
  return market;
}

const usdcOf = (): SpotParameters => ({
  index: 0,
  name: 'USDC',
  mint: USDC_MINT,
  decimals: 6,
  oracle: USDC_ORACLE,
  oracleSource: 'pythStableCoinPull',
  price: USDC_ONE,
  weights: [10_000, 10_000, 10_000, 10_000],
  imfFactor: 0,
  liquidatorFee: 0,
  ifLiquidationFee: 5_000,
  rates: [700_000, 150_000, 2_000_000],
  insuranceFactor: 10_000,
  deposits: USDC_DEPOSITS,
  borrows: USDC_BORROWS,
  withdrawGuard: 1_000_000n * USDC_ONE,
  step: USDC_ONE,
});

const solOf = ({ solPrice }: MadeAt): SpotParameters => ({
  index: 1,
  name: 'SOL',
  mint: SOL_MINT,
  decimals: 9,
  oracle: SOL_ORACLE,
  oracleSource: 'pythPull',
  price: solPrice,
  weights: [8_000, 9_000, 12_000, 11_000],
  imfFactor: 1_250,
  liquidatorFee: 7_500,
  ifLiquidationFee: 22_500,
  rates: [800_000, 140_000, 1_200_000],
  insuranceFactor: 200_000,
  deposits: SOL_DEPOSITS,
  borrows: SOL_BORROWS,
  withdrawGuard: 50_000n * SOL_ONE,
  step: SOL_ONE / 10n,
});

/** The daily offset in v2.84's rate, a share of the oracle's TWAP: the funding of a market whose mark is its oracle. */
const OWN_FUNDING_HOURLY = 1 / 5_000 / 24;
/** The program clamps the gap of a day to a 33rd of the oracle's TWAP. */
const MOST_FUNDING_HOURLY = 1 / 33 / 24;

/**
 * As if the last period and the day before it had been paid at this rate: an average of nothing would be a rate of zero
 * to whoever judges by it. Rates are USD per SOL at 1e9.
 */
export function withFundingHistory({ amm }: PerpMarketAccount, { solPrice, fundingHourly }: MadeAt): void {
  const wanted = fundingHourly ?? OWN_FUNDING_HOURLY;
  const hourly = Math.max(-MOST_FUNDING_HOURLY, Math.min(MOST_FUNDING_HOURLY, wanted));
  const rate = bn(Math.round(Number(solPrice) * 1_000 * hourly));
  for (const name of [
    'lastFundingRate',
    'lastFundingRateLong',
    'lastFundingRateShort',
    'last24HAvgFundingRate',
  ] as const)
    amm[name] = rate;
}

function madePerpMarket(at: MadeAt): PerpMarketAccount {
  const { solPrice, slot, time } = at;
  const market = blank('PerpMarket');
  market.pubkey = key(perpMarketAddress(0));
  market.name = nameBytes('SOL-PERP');
  market.status = variant('active');
  market.contractType = variant('perpetual');
  market.contractTier = variant('b');
  market.marginRatioInitial = 500;
  market.marginRatioMaintenance = 300;
  market.imfFactor = 200;
  market.liquidatorFee = 7_500;
  market.ifLiquidationFee = 12_500;
  market.unrealizedPnlInitialAssetWeight = 0;
  market.unrealizedPnlMaintenanceAssetWeight = 10_000;
  market.unrealizedPnlMaxImbalance = bn(100n * USDC_ONE);
  market.feeAdjustment = -75;
  market.nextFillRecordId = bn(1);
  market.nextFundingRateRecordId = bn(1);
  market.nextCurveRecordId = bn(1);
  market.pnlPool.scaledBalance = bn(scaled(PNL_POOL, 6));
  market.insuranceClaim.quoteMaxInsurance = bn(1_000_000n * USDC_ONE);
  market.insuranceClaim.maxRevenueWithdrawPerPeriod = bn(500n * USDC_ONE);
  market.insuranceClaim.lastRevenueWithdrawTs = bn(time);
  const { amm } = market;
  amm.oracle = key(SOL_ORACLE);
  amm.oracleSource = variant('pythPull');
  const { historicalOracleData: oracle } = amm;
  oracle.lastOraclePrice = bn(solPrice);
  oracle.lastOraclePriceTwap = bn(solPrice);
  oracle.lastOraclePriceTwap5Min = bn(solPrice);
  oracle.lastOraclePriceTwapTs = bn(time);
  amm.feePool.scaledBalance = bn(scaled(AMM_BUDGET, 6));
  amm.baseAssetReserve = bn(AMM_RESERVE);
  amm.quoteAssetReserve = bn(AMM_RESERVE);
  amm.sqrtK = bn(AMM_RESERVE);
  amm.concentrationCoef = bn(CONCENTRATION);
  amm.minBaseAssetReserve = bn((AMM_RESERVE * PERCENT_ONE) / CONCENTRATION);
  amm.maxBaseAssetReserve = bn((AMM_RESERVE * CONCENTRATION) / PERCENT_ONE);
  amm.pegMultiplier = bn(solPrice);
  amm.terminalQuoteAssetReserve = bn(AMM_RESERVE);
  amm.askBaseAssetReserve = bn(AMM_RESERVE);
  amm.askQuoteAssetReserve = bn(AMM_RESERVE);
  amm.bidBaseAssetReserve = bn(AMM_RESERVE);
  amm.bidQuoteAssetReserve = bn(AMM_RESERVE);
  amm.maxOpenInterest = bn(850_000n * AMM_ONE);
  amm.totalFee = bn(AMM_BUDGET);
  amm.totalMmFee = bn(AMM_BUDGET / 4n);
  amm.totalExchangeFee = bn((AMM_BUDGET * 3n) / 4n);
  amm.totalFeeMinusDistributions = bn(AMM_BUDGET);
  amm.lastOracleNormalisedPrice = bn(solPrice);
  amm.lastBidPriceTwap = bn(solPrice);
  amm.lastAskPriceTwap = bn(solPrice);
  amm.lastMarkPriceTwap = bn(solPrice);
  amm.lastMarkPriceTwap5Min = bn(solPrice);
  amm.lastMarkPriceTwapTs = bn(time);
  amm.lastUpdateSlot = bn(slot);
  amm.lastOracleValid = true;
  amm.lastTradeTs = bn(time);
  amm.fundingPeriod = bn(3_600);
  amm.lastFundingRateTs = bn(time - (time % 3_600));
  withFundingHistory(market, at);
  amm.orderStepSize = bn(AMM_ONE / 10n);
  amm.minOrderSize = bn(AMM_ONE / 10n);
  amm.orderTickSize = bn(100);
  amm.baseSpread = 750;
  amm.maxSpread = 11_500;
  amm.longSpread = 375;
  amm.shortSpread = 375;
  amm.maxFillReserveFraction = 25_000;
  amm.maxSlippageRatio = 50;
  amm.curveUpdateIntensity = 100;
  amm.ammJitIntensity = 0;
  return market;
}

/** All of it by address, with mints, vaults and insurance vaults. */
export async function madeAccounts(at: MadeAt): Promise<AccountMap> {
  const [signer] = signerAddress();
  const accounts: AccountMap = new Map();
  accounts.set(stateAddress(), driftAccount(await encode('State', madeState(at))));
  accounts.set(perpMarketAddress(0), driftAccount(await encode('PerpMarket', madePerpMarket(at))));
  for (const spot of [usdcOf(), solOf(at)]) {
    accounts.set(spotMarketAddress(spot.index), driftAccount(await encode('SpotMarket', madeSpotMarket(spot, at))));
    const inPools = spot.index === 0 ? AMM_BUDGET + PNL_POOL : 0n;
    accounts.set(vaultAddress(spot.index), tokenAccount(spot.mint, signer, spot.deposits - spot.borrows + inPools));
    accounts.set(insuranceVaultAddress(spot.index), tokenAccount(spot.mint, signer, 0n));
  }
  accounts.set(USDC_MINT, mintAccount(6, 1_000_000_000n * USDC_ONE, at.mintAuthority));
  accounts.set(SOL_MINT, mintAccount(9, 0n, null));
  return accounts;
}
