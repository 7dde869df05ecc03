/** Velocity's events in the words that every program of this family shares. */
import type { ReadEvent, UnreadableRecord } from '../solana-perps/event-layout.ts';
import type { OrderSide, PerpsEvent, PerpsEvents } from '../solana-perps/perps-event.ts';
import { type VELOCITY_EVENTS, velocityEvents } from './program/events.ts';

type VelocityRecord = ReadEvent<typeof VELOCITY_EVENTS>;
type RecordOf<N extends VelocityRecord['name']> = Extract<VelocityRecord, { name: N }>;

const ms = (seconds: bigint): number => Number(seconds) * 1_000;
/** `orderFilledWithAmm` → `order_filled_with_amm` */
const snake = <T extends string>(name: string): T =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) as T;

/** @param logs of a transaction that succeeded (one that failed changed nothing, whatever it logged) */
export function velocityPerpsEvents(logs: readonly string[], programId: string): PerpsEvents {
  const { events, truncated } = velocityEvents(logs, programId);
  return { events: events.map(inCommonWords), truncated };
}

function inCommonWords(record: VelocityRecord | UnreadableRecord): PerpsEvent {
  switch (record.name) {
    case 'unreadable':
      return { kind: 'unreadable', name: record.event, reason: record.reason };
    case 'OrderRecord':
      return orderPlaced(record);
    case 'OrderActionRecord':
      return orderAction(record);
    case 'DepositRecord':
      return moved(record);
    case 'FundingPaymentRecord':
      return funding(record);
    case 'FundingRateRecord':
      return fundingRate(record);
    case 'SettlePnlRecord':
      return settled(record);
    case 'SpotInterestRecord':
      return {
        kind: 'interest',
        tsMs: ms(record.ts),
        marketIndex: record.marketIndex,
        cumulativeDepositInterest: record.depositIndex,
        cumulativeBorrowInterest: record.borrowIndex,
      };
    case 'LiquidationRecord':
      return liquidation(record);
    case 'NewUserRecord': {
      const { authority, user, subAccount } = record;
      return { kind: 'new_user', tsMs: ms(record.ts), authority, user, subAccount };
    }
    case 'SwapRecord': {
      const { user, amountOut, amountIn, outMarketIndex, inMarketIndex, fee } = record;
      return { kind: 'swap', tsMs: ms(record.ts), user, amountOut, amountIn, outMarketIndex, inMarketIndex, fee };
    }
  }
}

function orderPlaced({ ts, user, order }: RecordOf<'OrderRecord'>): PerpsEvent {
  return {
    kind: 'order_placed',
    tsMs: ms(ts),
    user,
    orderId: order.orderId,
    userOrderId: order.userOrderId,
    marketIndex: order.marketIndex,
    marketKind: order.marketType,
    orderType: snake(order.orderType),
    direction: order.direction,
    slot: Number(order.slot),
    price: order.price,
    size: order.base,
    reduceOnly: order.reduceOnly,
    maxTsMs: order.maxTs === 0n ? null : ms(order.maxTs),
    auctionStartPrice: order.auctionStartPrice,
    auctionEndPrice: order.auctionEndPrice,
    auctionDurationSlots: order.auctionSlots,
  };
}

/** One side's order after the action; null: the AMM. */
function orderSide(record: RecordOf<'OrderActionRecord'>, side: 'taker' | 'maker'): OrderSide | null {
  const user = record[side];
  const orderId = record[`${side}OrderId`];
  const direction = record[`${side}Direction`];
  if (user === null || orderId === null || direction === null) return null;
  return {
    user,
    orderId,
    direction,
    size: record[`${side}Size`] ?? 0n,
    filledBase: record[`${side}FilledBase`] ?? 0n,
    filledQuote: record[`${side}FilledQuote`] ?? 0n,
  };
}

function orderAction(record: RecordOf<'OrderActionRecord'>): PerpsEvent {
  const { action, marketIndex, filler, fillerReward, oraclePrice } = record;
  const acted = {
    tsMs: ms(record.ts),
    explanation: snake(record.explanation),
    marketIndex,
    marketKind: record.marketType,
    filler,
    fillerReward,
    taker: orderSide(record, 'taker'),
    maker: orderSide(record, 'maker'),
    oraclePrice,
  };
  if (action !== 'fill') return { kind: 'order_action', action, ...acted };
  const { fillRecordId, base, quote, takerFee, makerFee } = record;
  return { kind: 'fill', ...acted, fillRecordId, base: base ?? 0n, quote: quote ?? 0n, takerFee, makerFee };
}

function moved(record: RecordOf<'DepositRecord'>): PerpsEvent {
  const { authority, user, recordId, amount, marketIndex, oraclePrice, transferUser, signer } = record;
  const told = {
    tsMs: ms(record.ts),
    authority,
    user,
    recordId,
    amount,
    marketIndex,
    oraclePrice,
    cumulativeDepositInterest: record.depositIndex,
    cumulativeBorrowInterest: record.borrowIndex,
    explanation: snake<string>(record.explanation),
    transferUser,
    signer,
  };
  if (record.direction !== 'unknown') return { kind: record.direction, ...told };
  return { kind: 'unreadable', name: record.name, reason: 'neither a deposit nor a withdrawal' };
}

const funding = (record: RecordOf<'FundingPaymentRecord'>): PerpsEvent => ({
  kind: 'funding',
  tsMs: ms(record.ts),
  user: record.user,
  marketIndex: record.marketIndex,
  payment: record.payment,
  baseAmount: record.base,
  lastCumulativeRate: record.lastCumulativeRate,
  cumulativeRateLong: record.cumulativeLong,
  cumulativeRateShort: record.cumulativeShort,
});

const fundingRate = (record: RecordOf<'FundingRateRecord'>): PerpsEvent => ({
  kind: 'funding_rate',
  tsMs: ms(record.ts),
  recordId: record.recordId,
  marketIndex: record.marketIndex,
  rate: record.rate,
  rateLong: record.rateLong,
  rateShort: record.rateShort,
  cumulativeRateLong: record.cumulativeLong,
  cumulativeRateShort: record.cumulativeShort,
  oraclePriceTwap: record.oracleTwap,
  markPriceTwap: record.markTwap,
});

const settled = (record: RecordOf<'SettlePnlRecord'>): PerpsEvent => ({
  kind: 'settle',
  tsMs: ms(record.ts),
  user: record.user,
  marketIndex: record.marketIndex,
  pnl: record.pnl,
  baseAmount: record.base,
  quoteAmountAfter: record.quoteAfter,
  quoteEntryAmount: record.quoteEntry,
  settlePrice: record.settlePrice,
  explanation: snake(record.explanation),
});

const liquidation = (record: RecordOf<'LiquidationRecord'>): PerpsEvent => ({
  kind: 'liquidation',
  tsMs: ms(record.ts),
  liquidationType: snake(record.liquidationType),
  user: record.user,
  liquidator: record.liquidator,
  marginRequirement: record.marginRequirement,
  totalCollateral: record.totalCollateral,
  liquidationId: record.liquidationId,
  bankrupt: record.bankrupt,
  cancelledOrderIds: record.cancelledOrderIds,
  perp: {
    marketIndex: record.perpMarketIndex,
    oraclePrice: record.perpOraclePrice,
    base: record.perpBase,
    quote: record.perpQuote,
    fillRecordId: record.perpFillRecordId,
    liquidatorFee: record.perpLiquidatorFee,
    insuranceFee: record.perpInsuranceFee,
  },
});
