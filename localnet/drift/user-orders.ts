import type { ChainAccount } from '../account.ts';
import { auctionPriceAt } from '../perps/keeper-rules.ts';
import { big, decode, USER_BYTES, variantName } from './coder.ts';
import { DRIFT_PROGRAM_ID } from './program.ts';

/** An order that a keeper may fill. */
export interface WaitingOrder {
  readonly user: string;
  readonly authority: string;
  readonly orderId: number;
  readonly marketIndex: number;
  readonly placedAtSlot: number;
  readonly auctionSlots: number;
  readonly isLong: boolean;
  readonly isLimit: boolean;
  readonly reduceOnly: boolean;
  /** Base at 1e9, not filled yet. */
  readonly unfilled: bigint;
  readonly size: bigint;
  /** Unix seconds, 0: never. */
  readonly maxTs: number;
  /** USD at 1e6; for an oracle order, the offset from the oracle's price. */
  readonly auctionStart: number;
  readonly auctionEnd: number;
  readonly isByOracle: boolean;
}

export interface UserSeen {
  readonly authority: string;
  readonly orders: readonly WaitingOrder[];
  /** Whether it holds a perp position. */
  readonly holds: boolean;
}

export const isUser = (account: ChainAccount | null): account is ChainAccount =>
  account !== null && account.owner === DRIFT_PROGRAM_ID && account.data.length === USER_BYTES;

/** Its open perp orders that need no trigger, and whether it holds anything. */
export function userSeen(address: string, account: ChainAccount): UserSeen {
  const { authority: key, orders, perpPositions } = decode('User', account.data);
  const authority = key.toBase58();
  const waiting = orders.flatMap((order): WaitingOrder[] => {
    const type = variantName(order.orderType);
    if (variantName(order.status) !== 'open' || variantName(order.marketType) !== 'perp') return [];
    if (type.startsWith('trigger')) return [];
    const size = big(order.baseAssetAmount);
    return [
      {
        user: address,
        authority,
        orderId: order.orderId,
        marketIndex: order.marketIndex,
        placedAtSlot: order.slot.toNumber(),
        auctionSlots: order.auctionDuration,
        isLong: variantName(order.direction) === 'long',
        isLimit: type === 'limit',
        reduceOnly: order.reduceOnly,
        unfilled: size - big(order.baseAssetAmountFilled),
        size,
        maxTs: order.maxTs.toNumber(),
        auctionStart: order.auctionStartPrice.toNumber(),
        auctionEnd: order.auctionEndPrice.toNumber(),
        isByOracle: type === 'oracle',
      },
    ];
  });
  return { authority, orders: waiting, holds: perpPositions.some(({ baseAssetAmount }) => !baseAssetAmount.isZero()) };
}

/** USD that its auction takes at this slot. */
export function auctionPrice(order: WaitingOrder, slot: number, oracle: number): number {
  const price = auctionPriceAt(order, slot);
  return order.isByOracle ? oracle + price : price;
}
