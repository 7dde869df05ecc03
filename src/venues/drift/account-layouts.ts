/**
 * Where the fields of Drift's accounts stand. Offsets count from the start of the account, its 8 bytes of discriminator
 * included. A field that is missing here is one that we do not read. Tests hold every row to the SDK's decoder.
 *
 * Prices and quote amounts are at 1e6, base at 1e9, funding rates quote per base at 1e9, scaled balances at 1e9, interest
 * indexes at 1e10, asset and liability weights and margin ratios at 1e4.
 */
import type { AccountLayout, DecodedAccount } from '../solana-perps/account-layout.ts';

const DIRECTION = ['long', 'short'] as const;
const BALANCE = ['deposit', 'borrow'] as const;
const MARKET_TYPE = ['spot', 'perp'] as const;
const CONTRACT = ['perpetual', 'future', 'prediction'] as const;
const MARGIN_MODE = ['default', 'highLeverage', 'highLeverageMaintenance'] as const;
const MARKET_STATUS = [
  'initialized',
  'active',
  'fundingPaused',
  'ammPaused',
  'fillPaused',
  'withdrawPaused',
  'reduceOnly',
  'settlement',
  'delisted',
] as const;
/** An order's status byte while it is open. */
const OPEN_ORDER = 1;

export const USER = {
  name: 'User',
  bytes: 4376,
  fields: {
    authority: [8, 'address'],
    delegate: [40, 'address'],
    /** Quote value at the moment of each, over the account's life. */
    totalDeposits: [4272, 'u64'],
    totalWithdraws: [4280, 'u64'],
    settledPerpPnl: [4296, 'i64'],
    maxMarginRatio: [4340, 'u32'],
    subAccount: [4346, 'u16'],
    status: [4348, 'u8'],
    tradesOnMargin: [4349, 'bool'],
    openOrders: [4351, 'u8'],
    marginMode: [4355, MARGIN_MODE],
    poolId: [4356, 'u8'],
  },
  lists: {
    spotPositions: {
      at: 104,
      count: 8,
      bytes: 40,
      fields: {
        scaledBalance: [0, 'u64'],
        openBids: [8, 'i64'],
        openAsks: [16, 'i64'],
        marketIndex: [32, 'u16'],
        balanceType: [34, BALANCE],
        openOrders: [35, 'u8'],
      },
    },
    perpPositions: {
      at: 424,
      count: 8,
      bytes: 96,
      fields: {
        lastCumulativeFunding: [0, 'i64'],
        base: [8, 'i64'],
        quote: [16, 'i64'],
        quoteBreakEven: [24, 'i64'],
        quoteEntry: [32, 'i64'],
        openBids: [40, 'i64'],
        openAsks: [48, 'i64'],
        settledPnl: [56, 'i64'],
        maxMarginRatio: [90, 'u16'],
        marketIndex: [92, 'u16'],
        openOrders: [94, 'u8'],
      },
    },
    /** Only those that are open. */
    orders: {
      at: 1192,
      count: 32,
      bytes: 96,
      only: { at: 82, byte: OPEN_ORDER },
      fields: {
        price: [8, 'u64'],
        base: [16, 'u64'],
        filledBase: [24, 'u64'],
        auctionStartPrice: [48, 'i64'],
        auctionEndPrice: [56, 'i64'],
        maxTs: [64, 'i64'],
        orderId: [76, 'u32'],
        marketIndex: [80, 'u16'],
        marketType: [84, MARKET_TYPE],
        userOrderId: [85, 'u8'],
        direction: [87, DIRECTION],
        reduceOnly: [88, 'bool'],
        auctionSlots: [92, 'u8'],
      },
    },
  },
} as const satisfies AccountLayout;

export const USER_STATS = {
  name: 'UserStats',
  bytes: 240,
  fields: {
    makerVolume30d: [128, 'u64'],
    takerVolume30d: [136, 'u64'],
    makerVolumeTs: [152, 'i64'],
    takerVolumeTs: [160, 'i64'],
    /** Of the wallet, deleted ones too: the next one has this number. */
    subAccountsCreated: [186, 'u16'],
  },
  lists: {},
} as const satisfies AccountLayout;

export const PERP_MARKET = {
  name: 'PerpMarket',
  bytes: 1216,
  fields: {
    oracle: [40, 'address'],
    /** The oracle's price as the AMM last took it up. */
    oraclePrice: [72, 'i64'],
    oracleTwap: [96, 'i64'],
    oracleTwap5min: [104, 'i64'],
    oracleTwapTs: [112, 'i64'],
    ammBaseReserve: [176, 'u128'],
    ammQuoteReserve: [192, 'u128'],
    ammMinBaseReserve: [224, 'u128'],
    ammMaxBaseReserve: [240, 'u128'],
    ammSqrtK: [256, 'u128'],
    ammPeg: [272, 'u128'],
    /** The quote reserve if all users closed. */
    ammTerminalQuoteReserve: [288, 'u128'],
    /** Net of all users against the AMM: positive when they are long. */
    netUserBase: [336, 'i128'],
    unsettledLpBase: [352, 'i128'],
    /** Of all users. */
    quote: [384, 'i128'],
    lastFundingRateShort: [496, 'i64'],
    fundingRate24h: [504, 'i64'],
    ammExchangeFees: [544, 'u128'],
    /** Its fees less what it has distributed. */
    ammFeeReserve: [560, 'i128'],
    cumulativeFundingLong: [608, 'i128'],
    cumulativeFundingShort: [624, 'i128'],
    ammAskBaseReserve: [656, 'u128'],
    ammAskQuoteReserve: [672, 'u128'],
    ammBidBaseReserve: [688, 'u128'],
    ammBidQuoteReserve: [704, 'u128'],
    markTwap: [752, 'u64'],
    markTwap5min: [760, 'u64'],
    ammUpdateSlot: [768, 'u64'],
    /** At 1e6 of the price. */
    oracleConfidencePpm: [776, 'u64'],
    ammRevenueSinceFunding: [784, 'i64'],
    lastFundingTs: [792, 'i64'],
    fundingPeriod: [800, 'i64'],
    stepSize: [808, 'u64'],
    tickSize: [816, 'u64'],
    minOrderSize: [824, 'u64'],
    marketMakerOracleSlot: [832, 'u64'],
    volume24h: [840, 'u64'],
    longIntensity: [848, 'u64'],
    shortIntensity: [856, 'u64'],
    markStd: [872, 'u64'],
    oracleStd: [880, 'u64'],
    /** At 1e6 of the price, as all spreads. */
    baseSpread: [896, 'u32'],
    maxSpread: [900, 'u32'],
    marketMakerOraclePrice: [912, 'i64'],
    curveUpdateIntensity: [924, 'u8'],
    oracleSource: [926, 'u8'],
    /** Slots, instead of State's, for fills at the AMM. */
    oracleLowRiskDelayOverride: [933, 'i8'],
    /** Per cent, signed. */
    spreadAdjustment: [934, 'i8'],
    marketMakerOracleSequence: [936, 'u64'],
    unsettledFunding: [944, 'i64'],
    unsettledLpQuote: [952, 'i64'],
    /** By which both quotes are shifted. */
    referenceOffset: [960, 'i32'],
    inventorySpreadAdjustment: [964, 'i8'],
    referenceDeadbandPct: [965, 'u8'],
    lastFundingOracleTwap: [968, 'i64'],
    name: [1000, 'text32'],
    maxPnlImbalance: [1072, 'u64'],
    expiryPrice: [1088, 'i64'],
    imfFactor: [1120, 'u32'],
    gainImfFactor: [1124, 'u32'],
    liquidatorFee: [1128, 'u32'],
    marginRatioInitial: [1136, 'u32'],
    marginRatioMaintenance: [1140, 'u32'],
    gainWeightInitial: [1144, 'u32'],
    gainWeightMaintenance: [1148, 'u32'],
    marketIndex: [1160, 'u16'],
    status: [1162, MARKET_STATUS],
    contractType: [1163, CONTRACT],
    tier: [1164, 'u8'],
    pausedOperations: [1165, 'u8'],
    quoteMarketIndex: [1166, 'u16'],
    feeAdjustment: [1168, 'i16'],
    highLeverageRatioInitial: [1174, 'u16'],
    highLeverageRatioMaintenance: [1176, 'u16'],
  },
  lists: {},
} as const satisfies AccountLayout;

export const SPOT_MARKET = {
  name: 'SpotMarket',
  bytes: 776,
  fields: {
    oracle: [40, 'address'],
    mint: [72, 'address'],
    name: [136, 'text32'],
    oracleTwap: [192, 'i64'],
    oracleTwap5min: [200, 'i64'],
    insuranceFeeFactor: [408, 'u32'],
    depositsScaled: [432, 'u128'],
    borrowsScaled: [448, 'u128'],
    depositIndex: [464, 'u128'],
    borrowIndex: [480, 'u128'],
    withdrawGuard: [528, 'u64'],
    depositTwap: [544, 'u64'],
    utilizationTwap: [560, 'u64'],
    lastTwapTs: [576, 'u64'],
    assetWeightInitial: [640, 'u32'],
    assetWeightMaintenance: [644, 'u32'],
    debtWeightInitial: [648, 'u32'],
    debtWeightMaintenance: [652, 'u32'],
    imfFactor: [656, 'u32'],
    optimalUtilization: [668, 'u32'],
    optimalBorrowRate: [672, 'u32'],
    maxBorrowRate: [676, 'u32'],
    decimals: [680, 'u32'],
    marketIndex: [684, 'u16'],
    oracleSource: [687, 'u8'],
    status: [688, MARKET_STATUS],
    tier: [689, 'u8'],
    pausedOperations: [690, 'u8'],
    scaleInitialWeightStart: [720, 'u64'],
    minBorrowRate: [728, 'u8'],
    tokenProgramFlag: [734, 'u8'],
  },
  lists: {},
} as const satisfies AccountLayout;

export const STATE = {
  name: 'State',
  bytes: 992,
  fields: {
    oracleTwap5minDivergence: [896, 'u64'],
    slotsBeforeStaleForAmm: [904, 'i64'],
    slotsBeforeStaleForMargin: [912, 'i64'],
    maxConfidence: [920, 'u64'],
    tooVolatileRatio: [928, 'i64'],
    subAccounts: [944, 'u64'],
    perpMarkets: [966, 'u16'],
    spotMarkets: [968, 'u16'],
    minAuctionSlots: [971, 'u8'],
    exchangeStatus: [974, 'u8'],
    maxSubAccounts: [978, 'u16'],
    maxOpeningFee: [980, 'u16'],
  },
  lists: {
    perpFeeTiers: {
      at: 168,
      count: 10,
      bytes: 32,
      fields: { takerNumerator: [0, 'u32'], takerDenominator: [4, 'u32'] },
    },
  },
} as const satisfies AccountLayout;

export type DriftUser = DecodedAccount<typeof USER>;
export type DriftUserStats = DecodedAccount<typeof USER_STATS>;
export type DriftPerpMarket = DecodedAccount<typeof PERP_MARKET>;
export type DriftSpotMarket = DecodedAccount<typeof SPOT_MARKET>;
export type DriftExchange = DecodedAccount<typeof STATE>;
