/** Whether an account's list of orders is complete. */
import type { UserAccount } from '@drift-labs/sdk';
import { variant } from './integers.ts';

/** The program counts the open orders of an account and of each position: another place for orders would show here. */
export function listsAllOrders(user: UserAccount): boolean {
  const open = user.orders.filter((order) => variant(order.status) === 'open');
  if (user.openOrders !== open.length) return false;
  return user.perpPositions.every(({ marketIndex, openOrders: counted }) => {
    const listed = open.filter((one) => variant(one.marketType) === 'perp' && one.marketIndex === marketIndex);
    return counted === 0 || counted === listed.length;
  });
}
