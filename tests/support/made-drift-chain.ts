/** A small Drift with every kind of market, made in code: what a fresh clone tests against. */
import type { OraclePriceData, PerpMarketAccount, SpotMarketAccount, StateAccount } from '@drift-labs/sdk';
import { blank, bn, type Chain, key, nameBytes, perpOracleKey, spotOracleKey, variantOf } from './drift-accounts.ts';

const NOW_SECONDS = 1_760_000_000;
const SLOT = 372_000_000;
const USD = 1_000_000;
const SOL_PRICE = 150 * USD;
const FULL_INTEREST = 10_000_000_000n;
const BASE = 1_000_000_000n;

const oracleAt = (price: number): OraclePriceData => ({
  price: bn(price),
  slot: bn(SLOT - 3),
  confidence: bn(Math.floor(price / 5_000)),
  hasSufficientNumberOfDataPoints: true,
});

function madeState(): StateAccount {
  const state = blank('State');
  state.oracleGuardRails.validity.slotsBeforeStaleForAmm = bn(10);
  state.oracleGuardRails.validity.slotsBeforeStaleForMargin = bn(120);
  state.oracleGuardRails.validity.confidenceIntervalMaxSize = bn(20_000);
  state.oracleGuardRails.validity.tooVolatileRatio = bn(5);
  state.oracleGuardRails.priceDivergence.markOraclePercentDivergence = bn(100_000);
  state.oracleGuardRails.priceDivergence.oracleTwap5MinPercentDivergence = bn(500_000);
  for (const tier of state.perpFeeStructure.feeTiers) {
    tier.feeNumerator = 100;
    tier.feeDenominator = 100_000;
  }
  return state;
}

interface MadeSpot {
  readonly index: number;
  readonly name: string;
  readonly decimals: number;
  readonly price: number;
  readonly oracleSeed: number;
  readonly source: string;
  /** Initial and maintenance, asset then liability. */
  readonly weights: readonly [number, number, number, number];
  readonly imf: number;
  readonly tier: string;
}

function madeSpotMarket(made: MadeSpot): SpotMarketAccount {
  const market = blank('SpotMarket');
  market.marketIndex = made.index;
  market.name = nameBytes(made.name);
  market.decimals = made.decimals;
  market.oracle = key(made.oracleSeed);
  market.oracleSource = variantOf(made.source);
  market.status = variantOf('active');
  market.assetTier = variantOf(made.tier);
  [
    market.initialAssetWeight,
    market.maintenanceAssetWeight,
    market.initialLiabilityWeight,
    market.maintenanceLiabilityWeight,
  ] = made.weights;
  market.imfFactor = made.imf;
  market.cumulativeDepositInterest = bn((FULL_INTEREST * 107n) / 100n);
  market.cumulativeBorrowInterest = bn((FULL_INTEREST * 119n) / 100n);
  market.depositBalance = bn(2_000_000n * BASE);
  market.borrowBalance = bn(900_000n * BASE);
  const tokens = 10n ** BigInt(made.decimals);
  market.depositTokenTwap = bn(2_100_000n * tokens);
  market.borrowTokenTwap = bn(1_050_000n * tokens);
  market.utilizationTwap = bn(500_000);
  market.withdrawGuardThreshold = bn(10_000n * tokens);
  market.optimalUtilization = 800_000;
  market.optimalBorrowRate = 120_000;
  market.maxBorrowRate = 1_500_000;
  market.insuranceFund.totalFactor = 100_000;
  market.lastTwapTs = bn(NOW_SECONDS - 600);
  market.historicalOracleData.lastOraclePrice = bn(made.price);
  market.historicalOracleData.lastOraclePriceTwap = bn(made.price);
  market.historicalOracleData.lastOraclePriceTwap5Min = bn(made.price);
  market.historicalOracleData.lastOraclePriceTwapTs = bn(NOW_SECONDS - 60);
  return market;
}

interface MadePerp {
  readonly index: number;
  readonly name: string;
  readonly price: number;
  readonly oracleSeed: number;
  readonly source: string;
  readonly contract: string;
  readonly ratios: readonly [number, number];
  readonly highLeverageRatios: readonly [number, number];
  readonly imf: number;
}

function madePerpMarket(made: MadePerp): PerpMarketAccount {
  const market = blank('PerpMarket');
  market.marketIndex = made.index;
  market.name = nameBytes(made.name);
  market.status = variantOf('active');
  market.contractType = variantOf(made.contract);
  market.contractTier = variantOf('a');
  [market.marginRatioInitial, market.marginRatioMaintenance] = made.ratios;
  [market.highLeverageMarginRatioInitial, market.highLeverageMarginRatioMaintenance] = made.highLeverageRatios;
  market.imfFactor = made.imf;
  market.unrealizedPnlImfFactor = 450;
  market.unrealizedPnlInitialAssetWeight = 10_000;
  market.unrealizedPnlMaintenanceAssetWeight = 10_000;
  market.unrealizedPnlMaxImbalance = bn(2_000_000n * BigInt(USD));
  market.liquidatorFee = 10_000;
  market.pnlPool.scaledBalance = bn(50_000n * BASE);
  market.feeAdjustment = -75;
  market.expiryPrice = bn(Math.floor(made.price * 0.9));
  const { amm } = market;
  amm.oracle = key(made.oracleSeed);
  amm.oracleSource = variantOf(made.source);
  amm.historicalOracleData.lastOraclePrice = bn(made.price);
  amm.historicalOracleData.lastOraclePriceTwap = bn(made.price);
  amm.historicalOracleData.lastOraclePriceTwap5Min = bn(made.price);
  amm.historicalOracleData.lastOraclePriceTwapTs = bn(NOW_SECONDS - 60);
  amm.cumulativeFundingRateLong = bn(41_000_000_000n);
  amm.cumulativeFundingRateShort = bn(39_000_000_000n);
  amm.lastFundingRateTs = bn(NOW_SECONDS - 1_200);
  amm.fundingPeriod = bn(3_600);
  amm.orderStepSize = bn(10_000_000);
  amm.minOrderSize = bn(10_000_000);
  amm.orderTickSize = bn(100);
  amm.baseAssetReserve = bn(1_000_000n * BASE);
  amm.quoteAssetReserve = bn(1_000_000n * BASE);
  amm.pegMultiplier = bn(made.price);
  amm.feePool.scaledBalance = bn(20_000n * BASE);
  amm.baseAssetAmountWithAmm = bn(-4_000n * BASE);
  amm.quoteAssetAmount = bn(650_000n * BigInt(USD));
  return market;
}

const SPOT: readonly MadeSpot[] = [
  {
    index: 0,
    name: 'USDC',
    decimals: 6,
    price: USD,
    oracleSeed: 20,
    source: 'pythStableCoinPull',
    weights: [10_000, 10_000, 10_000, 10_000],
    imf: 0,
    tier: 'collateral',
  },
  {
    index: 1,
    name: 'SOL',
    decimals: 9,
    price: SOL_PRICE,
    oracleSeed: 21,
    source: 'pythPull',
    weights: [8_000, 9_000, 12_000, 11_000],
    imf: 3_000,
    tier: 'collateral',
  },
  {
    index: 2,
    name: 'wBTC',
    decimals: 8,
    price: 61_000 * USD,
    oracleSeed: 22,
    source: 'pythPull',
    weights: [8_000, 9_000, 12_000, 11_000],
    imf: 9_000,
    tier: 'collateral',
  },
  {
    index: 3,
    name: 'BONK',
    decimals: 5,
    price: 25,
    oracleSeed: 23,
    source: 'pythPull',
    weights: [0, 5_000, 15_000, 13_000],
    imf: 0,
    tier: 'isolated',
  },
  {
    index: 4,
    name: 'DEEP',
    decimals: 12,
    price: 7 * USD,
    oracleSeed: 24,
    source: 'pythPull',
    weights: [6_000, 7_000, 14_000, 13_000],
    imf: 500,
    tier: 'cross',
  },
];

const PERPS: readonly MadePerp[] = [
  {
    index: 0,
    name: 'SOL-PERP',
    price: SOL_PRICE,
    oracleSeed: 21,
    source: 'pythPull',
    contract: 'perpetual',
    ratios: [500, 300],
    highLeverageRatios: [100, 66],
    imf: 200,
  },
  {
    index: 1,
    name: 'BTC-PERP',
    price: 60_500 * USD,
    oracleSeed: 30,
    source: 'pythPull',
    contract: 'perpetual',
    ratios: [1_000, 500],
    highLeverageRatios: [0, 0],
    imf: 0,
  },
  {
    index: 2,
    name: '1KBONK-PERP',
    price: 25_000,
    oracleSeed: 23,
    source: 'pyth1KPull',
    contract: 'perpetual',
    ratios: [2_000, 1_200],
    highLeverageRatios: [400, 200],
    imf: 5_000,
  },
  {
    index: 3,
    name: 'RAIN-BET',
    price: 430_000,
    oracleSeed: 31,
    source: 'pythPull',
    contract: 'prediction',
    ratios: [10_000, 10_000],
    highLeverageRatios: [0, 0],
    imf: 0,
  },
];

export function madeChain(): Chain {
  const spot = SPOT.map(madeSpotMarket);
  const perps = PERPS.map(madePerpMarket);
  const oracles = new Map<string, OraclePriceData>();
  for (const [i, market] of spot.entries()) oracles.set(spotOracleKey(market), oracleAt(SPOT[i]?.price ?? 0));
  for (const [i, market] of perps.entries()) oracles.set(perpOracleKey(market), oracleAt(PERPS[i]?.price ?? 0));
  return { state: madeState(), spot, perps, oracles, slot: SLOT, nowSeconds: NOW_SECONDS };
}

/** The recorded markets, and those of the made chain that the recording lacks, at the recording's time. */
export function completedWithMade(recorded: Chain): Chain {
  const made = madeChain();
  const shift = recorded.nowSeconds - made.nowSeconds;
  const spot = made.spot.filter((market) => !recorded.spot.some((each) => each.marketIndex === market.marketIndex));
  const perps = made.perps.filter((market) => !recorded.perps.some((each) => each.marketIndex === market.marketIndex));
  for (const market of spot) {
    market.lastTwapTs = market.lastTwapTs.add(bn(shift));
    market.historicalOracleData.lastOraclePriceTwapTs = market.historicalOracleData.lastOraclePriceTwapTs.add(
      bn(shift),
    );
  }
  for (const { amm } of perps) {
    amm.historicalOracleData.lastOraclePriceTwapTs = amm.historicalOracleData.lastOraclePriceTwapTs.add(bn(shift));
  }
  const oracles = new Map([...made.oracles, ...recorded.oracles]);
  for (const [name, oracle] of oracles) oracles.set(name, { ...oracle, slot: bn(recorded.slot - 3) });
  return {
    ...recorded,
    spot: [...recorded.spot, ...spot],
    perps: [...recorded.perps, ...perps],
    oracles,
  };
}
