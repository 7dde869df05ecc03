/** A request resolved on one snapshot: exact size and price limit, ready to send. Plain JSON; amounts are decimal strings of base units. */
import type { Lamports, MicroUsd, Price } from '../money/units.ts';
import type { CapitalRequest, SettleRequest } from './operation-request.ts';

export type Side = 'buy' | 'sell';

export type Intent = CapitalRequest | OrderIntent | CancelIntent | SettleRequest;

export interface CancelIntent {
  readonly kind: 'cancel_orders';
  readonly market: string;
}

export interface OrderIntent {
  readonly kind: 'order';
  readonly market: string;
  /** Signed lamports, positive = buy, a multiple of the market's step. */
  readonly size: string;
  /** If true the order is reduce-only: it can shrink the position but never cross zero. */
  readonly reduceOnly: boolean;
  /** Worst price accepted, 1e-6 USD per SOL. */
  readonly priceLimit: string;
  /** The venue drops the order after this time on its own clock (block time on a chain). */
  readonly maxTsMs: number;
  /** Cancel our open orders in the same transaction (always with a reducing trade). */
  readonly cancelOpenOrders: boolean;
}

/** The side of a signed size, as a venue expects it. */
export const sideOf = (size: bigint): Side => (size > 0n ? 'buy' : 'sell');

/** Signed. */
export const orderSize = (intent: OrderIntent): Lamports => BigInt(intent.size) as Lamports;
export const orderPriceLimit = (intent: OrderIntent): Price => BigInt(intent.priceLimit) as Price;
export const intentAmount = (intent: { readonly amount: string }): bigint => BigInt(intent.amount);

/** One execution of an order, as the venue reported it. */
export interface Fill {
  readonly market: string;
  readonly side: Side;
  /** Decimal strings of base units. */
  readonly size: string;
  readonly price: string;
  /** Positive = paid. */
  readonly fee: string;
  readonly signature: string;
  readonly tsMs: number;
}

interface FillTotals {
  readonly size: Lamports;
  /** Weighted by size, rounded to the nearest 1e-6; null without a fill. */
  readonly averagePrice: Price | null;
  readonly fee: MicroUsd;
}

export function totalFills(fills: readonly Fill[]): FillTotals {
  let size = 0n;
  let value = 0n;
  let fee = 0n;
  for (const fill of fills) {
    size += BigInt(fill.size);
    value += BigInt(fill.size) * BigInt(fill.price);
    fee += BigInt(fill.fee);
  }
  const averagePrice = size === 0n ? null : (((value + size / 2n) / size) as Price);
  return { size: size as Lamports, averagePrice, fee: fee as MicroUsd };
}
