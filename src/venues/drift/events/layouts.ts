/**
 * The layout of each event, by its name: programs/drift/src/state/events.rs of protocol-v2 at v2.84.0. Versions up to
 * 2.163 only append fields and enum variants to these, which `trailing` and `unknown` take.
 */
import type { BorshReader } from '../../solana-perps/borsh-reader.ts';
import type { OrderSide, PerpsEvent } from '../../solana-perps/perps-event.ts';

const DIRECTION = ['long', 'short'] as const;
const MARKET_KIND = ['spot', 'perp'] as const;
const ORDER_TYPE = ['market', 'limit', 'trigger_market', 'trigger_limit', 'oracle'] as const;
const ACTION = ['place', 'cancel', 'fill', 'trigger', 'expire'] as const;
const EXPLANATION = [
  'none',
  'insufficient_free_collateral',
  'oracle_price_breached_limit_price',
  'market_order_filled_to_limit_price',
  'order_expired',
  'liquidation',
  'order_filled_with_amm',
  'order_filled_with_amm_jit',
  'order_filled_with_match',
  'order_filled_with_match_jit',
  'market_expired',
  'risking_increasing_order',
  'reduce_only_order_increased_position',
  'order_fill_with_serum',
  'no_borrow_liquidity',
  'order_fill_with_phoenix',
  'order_filled_with_amm_jit_lp_split',
  'order_filled_with_lp_jit',
  'derisk_lp',
  'order_filled_with_openbook_v2',
  'transfer_perp_position',
] as const;
const LIQUIDATION = [
  'perp',
  'spot',
  'borrow_for_perp_pnl',
  'perp_pnl_for_deposit',
  'perp_bankruptcy',
  'spot_bankruptcy',
] as const;
const NAME_BYTES = 32;

type Layout = (reader: BorshReader) => PerpsEvent;

function orderSide(reader: BorshReader): OrderSide | null {
  const user = reader.optional(reader.address);
  const orderId = reader.optional(reader.u32);
  const direction = reader.optional(() => reader.variant(DIRECTION));
  const size = reader.optional(reader.u64);
  const filledBase = reader.optional(reader.u64);
  const filledQuote = reader.optional(reader.u64);
  if (user === null || orderId === null || direction === null) return null;
  return { user, orderId, direction, size: size ?? 0n, filledBase: filledBase ?? 0n, filledQuote: filledQuote ?? 0n };
}

function orderAction(reader: BorshReader): PerpsEvent {
  const tsMs = reader.seconds();
  const action = reader.variant(ACTION);
  const explanation = reader.variant(EXPLANATION);
  const marketIndex = reader.u16();
  const marketKind = reader.variant(MARKET_KIND);
  const filler = reader.optional(reader.address);
  const fillerReward = reader.optional(reader.u64);
  const fillRecordId = reader.optional(reader.u64);
  const base = reader.optional(reader.u64);
  const quote = reader.optional(reader.u64);
  const takerFee = reader.optional(reader.u64);
  const makerFee = reader.optional(reader.i64);
  reader.optional(reader.u32); // referrerReward: out of the taker's fee
  reader.optional(reader.i64); // quoteAssetAmountSurplus: the AMM's
  reader.optional(reader.u64); // spotFulfillmentMethodFee: within the taker's fee
  const taker = orderSide(reader);
  const maker = orderSide(reader);
  const oraclePrice = reader.i64();
  const acted = { tsMs, explanation, marketIndex, marketKind, filler, fillerReward, taker, maker, oraclePrice };
  if (action !== 'fill') return { kind: 'order_action', action, ...acted };
  return { kind: 'fill', ...acted, fillRecordId, base: base ?? 0n, quote: quote ?? 0n, takerFee, makerFee };
}

function orderPlaced(reader: BorshReader): PerpsEvent {
  const tsMs = reader.seconds();
  const user = reader.address();
  const slot = Number(reader.u64());
  const price = reader.u64();
  const size = reader.u64();
  reader.bytes(3 * 8); // filled base and quote, which are zero at placement; triggerPrice
  const auctionStartPrice = reader.i64();
  const auctionEndPrice = reader.i64();
  const maxTsMs = reader.seconds();
  reader.i32(); // oraclePriceOffset
  const orderId = reader.u32();
  const marketIndex = reader.u16();
  reader.u8(); // status: open
  const orderType = reader.variant(ORDER_TYPE);
  const marketKind = reader.variant(MARKET_KIND);
  const userOrderId = reader.u8();
  reader.u8(); // existingPositionDirection
  const direction = reader.variant(DIRECTION);
  const reduceOnly = reader.bool();
  reader.bytes(3); // postOnly, immediateOrCancel, triggerCondition
  const auctionDurationSlots = reader.u8();
  return {
    kind: 'order_placed',
    tsMs,
    user,
    orderId,
    userOrderId,
    marketIndex,
    marketKind,
    orderType,
    direction,
    slot,
    price,
    size,
    reduceOnly,
    maxTsMs: maxTsMs === 0 ? null : maxTsMs,
    auctionStartPrice,
    auctionEndPrice,
    auctionDurationSlots,
  };
}

const funding: Layout = (reader) => {
  const tsMs = reader.seconds();
  reader.address(); // authority
  return {
    kind: 'funding',
    tsMs,
    user: reader.address(),
    marketIndex: reader.u16(),
    payment: reader.i64(),
    baseAmount: reader.i64(),
    lastCumulativeRate: reader.i64(),
    cumulativeRateLong: reader.i128(),
    cumulativeRateShort: reader.i128(),
  };
};

const fundingRate: Layout = (reader) => ({
  kind: 'funding_rate',
  tsMs: reader.seconds(),
  recordId: reader.u64(),
  marketIndex: reader.u16(),
  rate: reader.i64(),
  rateLong: reader.i128(),
  rateShort: reader.i128(),
  cumulativeRateLong: reader.i128(),
  cumulativeRateShort: reader.i128(),
  oraclePriceTwap: reader.i64(),
  markPriceTwap: reader.u64(),
});

const settle: Layout = (reader) => ({
  kind: 'settle',
  tsMs: reader.seconds(),
  user: reader.address(),
  marketIndex: reader.u16(),
  pnl: reader.i128(),
  baseAmount: reader.i64(),
  quoteAmountAfter: reader.i64(),
  quoteEntryAmount: reader.i64(),
  settlePrice: reader.i64(),
  explanation: reader.variant(['none', 'expired_position']),
});

function deposit(reader: BorshReader): PerpsEvent {
  const tsMs = reader.seconds();
  const authority = reader.address();
  const user = reader.address();
  const direction = reader.u8();
  const recordId = reader.u64();
  const amount = reader.u64();
  const marketIndex = reader.u16();
  const oraclePrice = reader.i64();
  reader.bytes(2 * 16); // the market's total balances
  const cumulativeDepositInterest = reader.u128();
  const cumulativeBorrowInterest = reader.u128();
  reader.bytes(2 * 8); // totals of the account's life
  const explanation = reader.variant(['none', 'transfer', 'borrow', 'repay_borrow', 'reward']);
  const transferUser = reader.optional(reader.address);
  const signer = reader.trailing(() => reader.optional(reader.address));
  return {
    kind: direction === 0 ? 'deposit' : 'withdraw',
    tsMs,
    authority,
    user,
    recordId,
    amount,
    marketIndex,
    oraclePrice,
    cumulativeDepositInterest,
    cumulativeBorrowInterest,
    explanation,
    transferUser,
    signer,
  };
}

function liquidation(reader: BorshReader): PerpsEvent {
  const tsMs = reader.seconds();
  const liquidationType = reader.variant(LIQUIDATION);
  const user = reader.address();
  const liquidator = reader.address();
  const marginRequirement = reader.u128();
  const totalCollateral = reader.i128();
  reader.u64(); // marginFreed
  const liquidationId = reader.u16();
  const bankrupt = reader.bool();
  const cancelledOrderIds = reader.list(reader.u32);
  const marketIndex = reader.u16();
  const oraclePrice = reader.i64();
  const base = reader.i64();
  const quote = reader.i64();
  reader.u64(); // lpShares
  const fillRecordId = reader.u64();
  reader.u32(); // userOrderId
  reader.u32(); // liquidatorOrderId
  const liquidatorFee = reader.u64();
  const insuranceFee = reader.u64();
  return {
    kind: 'liquidation',
    tsMs,
    liquidationType,
    user,
    liquidator,
    marginRequirement,
    totalCollateral,
    liquidationId,
    bankrupt,
    cancelledOrderIds,
    perp: { marketIndex, oraclePrice, base, quote, fillRecordId, liquidatorFee, insuranceFee },
  };
}

function interest(reader: BorshReader): PerpsEvent {
  const tsMs = reader.seconds();
  const marketIndex = reader.u16();
  reader.u128(); // depositBalance
  const cumulativeDepositInterest = reader.u128();
  reader.u128(); // borrowBalance
  return {
    kind: 'interest',
    tsMs,
    marketIndex,
    cumulativeDepositInterest,
    cumulativeBorrowInterest: reader.u128(),
  };
}

function newUser(reader: BorshReader): PerpsEvent {
  const tsMs = reader.seconds();
  const authority = reader.address();
  const user = reader.address();
  const subAccount = reader.u16();
  reader.bytes(NAME_BYTES);
  return { kind: 'new_user', tsMs, authority, user, subAccount };
}

function swap(reader: BorshReader): PerpsEvent {
  const tsMs = reader.seconds();
  const user = reader.address();
  const amountOut = reader.u64();
  const amountIn = reader.u64();
  const outMarketIndex = reader.u16();
  const inMarketIndex = reader.u16();
  reader.bytes(2 * 8); // both oracle prices
  return { kind: 'swap', tsMs, user, amountOut, amountIn, outMarketIndex, inMarketIndex, fee: reader.u64() };
}

export const LAYOUTS: Readonly<Record<string, Layout>> = {
  OrderActionRecord: orderAction,
  OrderRecord: orderPlaced,
  FundingPaymentRecord: funding,
  FundingRateRecord: fundingRate,
  SettlePnlRecord: settle,
  DepositRecord: deposit,
  LiquidationRecord: liquidation,
  SpotInterestRecord: interest,
  NewUserRecord: newUser,
  SwapRecord: swap,
};
