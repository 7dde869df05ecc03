import type { ChainAccount } from '../account.ts';
import { decode, USER_BYTES, variantName } from './coder.ts';
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
}

export const isUser = (account: ChainAccount | null): account is ChainAccount =>
  account !== null && account.owner === DRIFT_PROGRAM_ID && account.data.length === USER_BYTES;

/** Open perp orders that need no trigger. */
export function waitingOrders(address: string, account: ChainAccount): WaitingOrder[] {
  const { authority, orders } = decode('User', account.data);
  return orders.flatMap((order): WaitingOrder[] => {
    const type = variantName(order.orderType);
    if (variantName(order.status) !== 'open' || variantName(order.marketType) !== 'perp') return [];
    if (type.startsWith('trigger')) return [];
    const size = BigInt(order.baseAssetAmount.toString());
    return [
      {
        user: address,
        authority: authority.toBase58(),
        orderId: order.orderId,
        marketIndex: order.marketIndex,
        placedAtSlot: order.slot.toNumber(),
        auctionSlots: order.auctionDuration,
        isLong: variantName(order.direction) === 'long',
        isLimit: type === 'limit',
        reduceOnly: order.reduceOnly,
        unfilled: size - BigInt(order.baseAssetAmountFilled.toString()),
        size,
        maxTs: order.maxTs.toNumber(),
      },
    ];
  });
}
