/**
 * Whether an order can act no more, told by finalized accounts alone, for when no node has its history. The conditions
 * stand in docs/architecture/drift-orders.md. It says nothing of what was filled.
 */
import type { UserAccount } from '@drift-labs/sdk';
import { big, variant } from '../../drift/integers.ts';
import { instructionsIn } from '../../drift/write/instructions.ts';
import type { PerpsRead } from '../read/perps-read.ts';

/** What the signed bytes say of the order that they place. */
interface SignedOrder {
  readonly size: bigint;
  readonly direction: string;
  readonly maxTsMs: number;
}

interface PlaceArguments {
  readonly params: {
    readonly direction: object;
    readonly baseAssetAmount: { toString(): string };
    readonly maxTs: { toNumber(): number } | null;
  };
}

/** Null: these bytes place no order, or one that has no end. */
export function signedOrder(wire: string, programId: string): SignedOrder | null {
  for (const { name, data } of instructionsIn(wire, programId)) {
    if (name !== 'placePerpOrder') continue;
    const { direction, baseAssetAmount, maxTs } = (data as PlaceArguments).params;
    if (maxTs === null) return null;
    return {
      size: BigInt(baseAssetAmount.toString()),
      direction: variant(direction),
      maxTsMs: maxTs.toNumber() * 1_000,
    };
  }
  return null;
}

/** @param orderId the program's number; null: not known, so that any order like it counts as ours */
export function isOver(order: SignedOrder, orderId: number | null, final: PerpsRead): boolean {
  const { user, market, blockTimeMs } = final;
  if (user === null || blockTimeMs <= order.maxTsMs || !keepsAllOrders(user)) return false;
  return !openOrders(user).some((open) => {
    if (variant(open.marketType) !== 'perp' || open.marketIndex !== market.market.marketIndex) return false;
    if (orderId !== null) return open.orderId === orderId;
    return (
      variant(open.direction) === order.direction &&
      big(open.baseAssetAmount) === order.size &&
      open.maxTs.toNumber() * 1_000 === order.maxTsMs
    );
  });
}

const openOrders = (user: UserAccount) => user.orders.filter((order) => variant(order.status) === 'open');

/** The program counts the open orders of an account and of each position: another place for orders would show here. */
function keepsAllOrders(user: UserAccount): boolean {
  const open = openOrders(user);
  if (user.openOrders !== open.length) return false;
  return user.perpPositions.every(({ marketIndex, openOrders: counted }) => {
    const listed = open.filter((one) => variant(one.marketType) === 'perp' && one.marketIndex === marketIndex);
    return counted === 0 || counted === listed.length;
  });
}
