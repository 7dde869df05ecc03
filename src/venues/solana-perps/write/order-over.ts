/**
 * Whether an order can act no more, told by finalized accounts alone, for when no node has its history. The conditions
 * stand in docs/architecture/drift-orders.md. It says nothing of what was filled.
 */
import type { SignedContent } from '../perps-program.ts';
import type { PerpsRead } from '../read/perps-read.ts';

/** @param orderId the program's number; null: not known, so that any order like it counts as ours */
export function isOver(
  order: NonNullable<SignedContent['order']>,
  orderId: number | null,
  { account, hedge, blockTimeMs, listsAllOrders }: PerpsRead,
): boolean {
  if (account === null || blockTimeMs <= order.maxTsMs || !listsAllOrders) return false;
  return !account.orders.some((open) => {
    if (open.marketIndex !== hedge.perp.marketIndex) return false;
    if (orderId !== null) return open.orderId === orderId;
    return open.side === order.side && open.size === order.size && open.maxTsMs === order.maxTsMs;
  });
}
