/** Whether an account's list of orders is complete. */
import type { DriftUser } from './account-layouts.ts';

/** The program counts the open orders of an account and of each position: another place for orders would show here. */
export function listsAllOrders({ openOrders, orders, perpPositions }: DriftUser): boolean {
  if (openOrders !== orders.length) return false;
  return perpPositions.every(({ marketIndex, openOrders: counted }) => {
    const listed = orders.filter((one) => one.marketType === 'perp' && one.marketIndex === marketIndex);
    return counted === 0 || counted === listed.length;
  });
}
