/**
 * Position arithmetic as Drift's program does it (`update_position_and_market`): base, unsettled quote, entry and
 * break-even amounts under a fill. Fees touch the unsettled quote and the break-even, never the entry.
 */

import { abs, type Lamports, lamports, type MicroUsd, microUsd } from '../money/units.ts';
import type { PerpPosition } from './account.ts';

interface AppliedFill {
  readonly position: PerpPosition;
  /** Realized against the entry, before fees. Moves from unrealized to realized; equity does not change by it. */
  readonly realizedPnl: MicroUsd;
}

export const emptyPosition = (marketIndex: number, cumulativeFundingRate: bigint): PerpPosition => ({
  marketIndex,
  baseAmount: lamports(0n),
  quoteAmount: microUsd(0n),
  quoteEntryAmount: microUsd(0n),
  quoteBreakEvenAmount: microUsd(0n),
  lastCumulativeFundingRate: cumulativeFundingRate,
  openOrders: 0,
  openBids: lamports(0n),
  openAsks: lamports(0n),
  settledPnl: microUsd(0n),
  maxMarginRatio: 0,
});

/** |position| shrinks without crossing zero. A flat position cannot be reduced. */
export const isReducing = (position: Lamports, delta: Lamports): boolean =>
  position !== 0n && delta !== 0n && position > 0n !== delta > 0n && abs(delta) <= abs(position);

/** The part of `delta` that adds risk: all of it if it adds to the position, the part beyond zero if it crosses, otherwise 0. */
export function addedSize(position: Lamports, delta: Lamports): Lamports {
  if (position === 0n || position > 0n === delta > 0n) return abs(delta);
  const beyond = abs(delta) - abs(position);
  return lamports(beyond > 0n ? beyond : 0n);
}

/**
 * The position after a fill. `delta` signed lamports (positive = bought); `quoteDelta` the quote that came in for it
 * (negative when bought); `fee` positive = paid. Unsettled funding must be settled into `quoteAmount` first, as on Drift. A fill that crosses zero closes the old side and opens the remainder at the fill's price.
 */
export function applyFill(position: PerpPosition, delta: Lamports, quoteDelta: MicroUsd, fee: MicroUsd): AppliedFill {
  const base = position.baseAmount;
  const filled = {
    ...position,
    baseAmount: lamports(base + delta),
    quoteAmount: microUsd(position.quoteAmount + quoteDelta - fee),
  };
  if (base === 0n || delta === 0n || base > 0n === delta > 0n) {
    return {
      position: {
        ...filled,
        quoteEntryAmount: microUsd(position.quoteEntryAmount + quoteDelta),
        quoteBreakEvenAmount: microUsd(position.quoteBreakEvenAmount + quoteDelta - fee),
      },
      realizedPnl: microUsd(0n),
    };
  }
  if (abs(delta) <= abs(base)) {
    // Bigint division truncates toward zero, as the program's does.
    const entryPart = (position.quoteEntryAmount * abs(delta)) / abs(base);
    const breakEvenPart = (position.quoteBreakEvenAmount * abs(delta)) / abs(base);
    const closed = abs(delta) === abs(base);
    return {
      position: {
        ...filled,
        quoteEntryAmount: microUsd(position.quoteEntryAmount - entryPart),
        // A flat position has no break-even. The fee of a partial close stays with the rest, as in the program.
        quoteBreakEvenAmount: microUsd(closed ? 0n : position.quoteBreakEvenAmount - breakEvenPart - fee),
      },
      realizedPnl: microUsd(entryPart + quoteDelta),
    };
  }
  const closingQuote = (quoteDelta * abs(base)) / abs(delta);
  const openingQuote = quoteDelta - closingQuote;
  return {
    position: {
      ...filled,
      quoteEntryAmount: microUsd(openingQuote),
      quoteBreakEvenAmount: microUsd(openingQuote - fee),
    },
    realizedPnl: microUsd(position.quoteEntryAmount + closingQuote),
  };
}
