/**
 * Where the fields of Velocity's accounts stand, in the build whose sha256 is `VELOCITY_BUILD_SHA256`. Offsets count from
 * the start of the account, its 8 bytes of discriminator included. A field that is missing here is one that we do not read.
 * Later builds grow accounts at their end, where no known field moves. A `User` is the exception: see `user.ts`.
 *
 * Prices, weights of quote and quote amounts are at 1e6, base at 1e9, funding rates quote per base at 1e9, scaled balances
 * at 1e9, interest indexes at 1e10, asset and liability weights and margin ratios at 1e4.
 */
import type { AccountLayout, DecodedAccount } from '../../solana-perps/account-layout.ts';

export const VELOCITY_PROGRAM_ID = 'vELoC1audYbSYVRXn1vPaV8Axoa9oU6BYmNGZZBDZ1P';
/** Of the compiled program that these tables were proven on. */
export const VELOCITY_BUILD_SHA256 = 'd42a0a596acdef41375fb92f004d64be885e09231b4e2ea4599b8222cd0255e7';

/** The same build as a chain shows it: without the zeros at its end. */
export const VELOCITY_CODE_SHA256 = '90b9ba1116b0262106eb5ad36cf61fec87f33fef1233d5fe703016885d73a876';

export const DIRECTION = ['long', 'short'] as const;
export const BALANCE = ['deposit', 'borrow'] as const;
const MARKET_STATUS = ['initialized', 'active', 'reduceOnly', 'settlement', 'delisted'] as const;
export const ORDER_STATUS = ['init', 'open', 'filled', 'canceled'] as const;
export const ORDER_TYPE = ['market', 'limit', 'triggerMarket', 'triggerLimit', 'oracle'] as const;
export const MARKET_TYPE = ['spot', 'perp'] as const;

/** An order's 104 bytes: in a `User`, and in the event of its placement. */
export const ORDER_FIELDS = {
  slot: [0, 'u64'],
  price: [8, 'u64'],
  base: [16, 'u64'],
  filledBase: [24, 'u64'],
  filledQuote: [32, 'u64'],
  triggerPrice: [40, 'u64'],
  auctionStartPrice: [48, 'i64'],
  auctionEndPrice: [56, 'i64'],
  maxTs: [64, 'i64'],
  oraclePriceOffset: [72, 'i64'],
  orderId: [80, 'u32'],
  marketIndex: [84, 'u16'],
  status: [86, ORDER_STATUS],
  orderType: [87, ORDER_TYPE],
  marketType: [88, MARKET_TYPE],
  userOrderId: [89, 'u8'],
  direction: [91, DIRECTION],
  reduceOnly: [92, 'bool'],
  auctionSlots: [96, 'u8'],
} as const;
export const ORDER_BYTES = 104;

export const USER_STATS = {
  name: 'UserStats',
  bytes: 240,
  grows: true,
  fields: {
    authority: [8, 'address'],
    totalFeePaid: [72, 'u64'],
    makerVolume30d: [104, 'u64'],
    takerVolume30d: [112, 'u64'],
    makerVolumeTs: [128, 'i64'],
    takerVolumeTs: [136, 'i64'],
    /** Of the wallet, deleted ones too: the next one has this number. */
    subAccountsCreated: [162, 'u16'],
    pausedOperations: [166, 'u8'],
    equityBreaker: [177, 'u8'],
  },
  lists: {},
} as const satisfies AccountLayout;

export const PERP_MARKET = {
  name: 'PerpMarket',
  bytes: 1304,
  grows: true,
  fields: {
    address: [8, 'address'],
    baseLong: [40, 'i128'],
    baseShort: [56, 'i128'],
    /** Of all users. */
    quote: [72, 'i128'],
    maxOpenInterest: [152, 'u128'],
    cumulativeFundingLong: [184, 'i128'],
    cumulativeFundingShort: [200, 'i128'],
    oracle: [312, 'address'],
    pnlPoolScaled: [344, 'u128'],
    name: [424, 'text32'],
    lastFundingRate: [496, 'i64'],
    lastFundingRateLong: [504, 'i64'],
    lastFundingRateShort: [512, 'i64'],
    lastFundingTs: [520, 'i64'],
    unsettledFunding: [528, 'i64'],
    fundingDeadZoneBps: [536, 'u32'],
    fundingRampSlope: [540, 'u32'],
    stepSize: [544, 'u64'],
    tickSize: [552, 'u64'],
    maxPnlImbalance: [560, 'u64'],
    expiryTs: [568, 'i64'],
    expiryPrice: [576, 'i64'],
    imfFactor: [600, 'u32'],
    gainImfFactor: [604, 'u32'],
    liquidatorFee: [608, 'u32'],
    marginRatioInitial: [616, 'u32'],
    marginRatioMaintenance: [620, 'u32'],
    gainWeightInitial: [624, 'u32'],
    gainWeightMaintenance: [628, 'u32'],
    marketIndex: [640, 'u16'],
    status: [642, MARKET_STATUS],
    tier: [644, 'u8'],
    pausedOperations: [645, 'u8'],
    quoteMarketIndex: [646, 'u16'],
    feeAdjustment: [648, 'i16'],
    /** Bit 1: the depth of the AMM never changes by itself. */
    marketConfig: [672, 'u8'],
    oracleSource: [673, 'u8'],
    /** Slots, instead of State's: for a fill that skips the auction, and for every fill of the AMM. */
    oracleDelayOverride: [674, 'i8'],
    oracleLowRiskDelayOverride: [675, 'i8'],
    markTwap: [680, 'u64'],
    markTwap5min: [688, 'u64'],
    markTwapTs: [696, 'i64'],
    bidTwap: [704, 'u64'],
    askTwap: [712, 'u64'],
    markStd: [720, 'u64'],
    oracleStd: [728, 'u64'],
    /** At 1e6 of the price. */
    oracleConfidencePpm: [736, 'u64'],
    volume24h: [744, 'u64'],
    longIntensity: [752, 'u64'],
    shortIntensity: [760, 'u64'],
    lastTradeTs: [768, 'i64'],
    fundingRate24h: [776, 'i64'],
    fundingPeriod: [784, 'i64'],
    minOrderSize: [792, 'u64'],
    marketMakerOraclePrice: [800, 'i64'],
    marketMakerOracleSlot: [808, 'u64'],
    marketMakerOracleSequence: [816, 'u64'],
    normalizedOraclePrice: [824, 'i64'],
    lastReferenceOffset: [832, 'i32'],
    lastOracleValid: [836, 'bool'],
    lastFundingOracleTwap: [840, 'i64'],
    oraclePrice: [848, 'i64'],
    oracleTwap: [872, 'i64'],
    oracleTwap5min: [880, 'i64'],
    oracleTwapTs: [888, 'i64'],
    ammFeePoolScaled: [904, 'u128'],
    ammBaseReserve: [936, 'u128'],
    ammQuoteReserve: [952, 'u128'],
    ammConcentration: [968, 'u128'],
    ammMinBaseReserve: [984, 'u128'],
    ammMaxBaseReserve: [1000, 'u128'],
    ammSqrtK: [1016, 'u128'],
    ammPeg: [1032, 'u128'],
    /** The quote reserve if all users closed. */
    ammTerminalQuoteReserve: [1048, 'u128'],
    /** Net of all users: positive when they are long. */
    netUserBase: [1064, 'i128'],
    /** What the AMM may spend, on funding among other things: its fees less what it has distributed. */
    ammFeeReserve: [1112, 'i128'],
    ammAskBaseReserve: [1144, 'u128'],
    ammAskQuoteReserve: [1160, 'u128'],
    ammBidBaseReserve: [1176, 'u128'],
    ammBidQuoteReserve: [1192, 'u128'],
    ammUpdateSlot: [1208, 'u64'],
    ammRevenueSinceFunding: [1216, 'i64'],
    oracleReserveGapPpm: [1240, 'i64'],
    spreadUpdateSlot: [1248, 'u64'],
    /** At 1e6 of the price, as all spreads. */
    baseSpread: [1256, 'u32'],
    maxSpread: [1260, 'u32'],
    longSpread: [1264, 'u32'],
    shortSpread: [1268, 'u32'],
    /** By which both quotes are shifted. */
    referenceOffset: [1272, 'i32'],
    /** One fill takes at most this part of the base reserve. */
    maxFillReserveFraction: [1276, 'u16'],
    curveUpdateIntensity: [1280, 'u8'],
    /** Per cent, signed. */
    spreadAdjustment: [1282, 'i8'],
    inventorySpreadAdjustment: [1283, 'i8'],
    referenceDeadbandPct: [1284, 'u8'],
  },
  lists: {},
} as const satisfies AccountLayout;

export const SPOT_MARKET = {
  name: 'SpotMarket',
  bytes: 808,
  grows: true,
  fields: {
    address: [8, 'address'],
    oracle: [40, 'address'],
    mint: [72, 'address'],
    vault: [104, 'address'],
    name: [136, 'text32'],
    revenueSettleTs: [256, 'i64'],
    insuranceFeeFactor: [272, 'u32'],
    depositsScaled: [296, 'u128'],
    borrowsScaled: [312, 'u128'],
    depositIndex: [328, 'u128'],
    borrowIndex: [344, 'u128'],
    oraclePrice: [456, 'i64'],
    oracleTwap: [480, 'i64'],
    oracleTwap5min: [488, 'i64'],
    oracleTwapTs: [496, 'i64'],
    withdrawGuard: [544, 'u64'],
    maxDeposits: [552, 'u64'],
    depositTwap: [560, 'u64'],
    borrowTwap: [568, 'u64'],
    utilizationTwap: [576, 'u64'],
    lastInterestTs: [584, 'i64'],
    lastTwapTs: [592, 'i64'],
    expiryTs: [600, 'i64'],
    assetWeightInitial: [656, 'u32'],
    assetWeightMaintenance: [660, 'u32'],
    debtWeightInitial: [664, 'u32'],
    debtWeightMaintenance: [668, 'u32'],
    imfFactor: [672, 'u32'],
    optimalUtilization: [684, 'u32'],
    optimalBorrowRate: [688, 'u32'],
    maxBorrowRate: [692, 'u32'],
    decimals: [696, 'u32'],
    marketIndex: [700, 'u16'],
    oracleSource: [703, 'u8'],
    status: [704, MARKET_STATUS],
    tier: [705, 'u8'],
    pausedOperations: [706, 'u8'],
    maxBorrowFraction: [710, 'u16'],
    scaleInitialWeightStart: [736, 'u64'],
    minBorrowRate: [744, 'u8'],
    /** Part of the day's mean that may leave in a day, at 1e4; 0: a quarter. */
    dailyWithdrawPart: [748, 'u16'],
    /** Part of the day's mean by which deposits may grow in a day, at 1e4; 0: no such limit. */
    dailyDepositPart: [750, 'u16'],
    /** Deposits up to this have no daily limit. */
    depositGuard: [752, 'u64'],
    protocolFeeFactor: [796, 'u32'],
  },
  lists: {},
} as const satisfies AccountLayout;

export const STATE = {
  name: 'State',
  bytes: 1752,
  grows: true,
  fields: {
    coldAdmin: [8, 'address'],
    warmAdmin: [40, 'address'],
    pauseAdmin: [72, 'address'],
    signer: [488, 'address'],
    fillerFee: [904, 'u64'],
    slotsBeforeStaleForAmm: [1304, 'i64'],
    slotsBeforeStaleForMargin: [1312, 'i64'],
    maxConfidence: [1320, 'u64'],
    tooVolatileRatio: [1328, 'i64'],
    subAccounts: [1344, 'u64'],
    liquidationBuffer: [1352, 'u32'],
    perpMarkets: [1358, 'u16'],
    spotMarkets: [1360, 'u16'],
    minAuctionSlots: [1363, 'u8'],
    exchangeStatus: [1366, 'u8'],
    maxSubAccounts: [1370, 'u16'],
    maxOpeningFee: [1372, 'u16'],
  },
  lists: {
    perpFeeTiers: {
      at: 552,
      count: 10,
      bytes: 32,
      fields: { takerNumerator: [0, 'u32'], takerDenominator: [4, 'u32'] },
    },
  },
} as const satisfies AccountLayout;

export type UserStatsState = DecodedAccount<typeof USER_STATS>;
export type PerpMarketState = DecodedAccount<typeof PERP_MARKET>;
export type SpotMarketState = DecodedAccount<typeof SPOT_MARKET>;
export type ExchangeState = DecodedAccount<typeof STATE>;
