/** Compares the position that the engine expects with a snapshot. */
import { SOL_PERP } from '../account/account.ts';
import type { PositionLedger, Snapshot } from '../account/snapshot.ts';
import { abs } from '../money/units.ts';

/** The venue's ledger and the perp position at the last look at which engine and venue agreed. Plain JSON. */
export interface LedgerMark {
  /** Signed lamports, as decimal strings. */
  readonly perp: string;
  readonly own: string;
  readonly foreign: string;
  readonly liquidated: string;
  readonly unexplained: number;
}

export type PositionDifference =
  | { readonly kind: 'none' }
  /** The engine does not know: the snapshot tells. */
  | { readonly kind: 'first_look'; readonly perp: bigint }
  | { readonly kind: 'liquidation'; readonly from: bigint; readonly to: bigint }
  /** Somebody else shrank it, without crossing zero; `to` 0: closed. */
  | { readonly kind: 'foreign_reduction'; readonly from: bigint; readonly to: bigint }
  /** A position or an increase that is not ours. */
  | { readonly kind: 'foreign_increase'; readonly from: bigint; readonly to: bigint }
  /** An order of ours was filled after its operation had ended. */
  | { readonly kind: 'late_fill'; readonly from: bigint; readonly to: bigint }
  /** The venue's ledger does not tell yet: the next look may. */
  | { readonly kind: 'not_yet'; readonly from: bigint; readonly to: bigint }
  /** The position is as it should be, and the account's books have a difference that nothing explains. */
  | { readonly kind: 'unexplained' };

/** The signed perp size of a snapshot; 0 without a position or an account. */
export function perpOf(snapshot: Snapshot, market = SOL_PERP): bigint {
  const index = snapshot.markets.perps.find((perp) => perp.market === market)?.marketIndex;
  return snapshot.account?.perps.find((position) => position.marketIndex === index)?.baseAmount ?? 0n;
}

/** The venue liquidated after the last liquidation that is known (market time; null: none is). */
export const isLiquidatedSince = ({ lastLiquidationMs }: Snapshot, knownMs: number | null): boolean =>
  lastLiquidationMs !== null && (knownMs === null || lastLiquidationMs > knownMs);

/** The ledger at this look; null if the venue keeps none, or did not return it. */
export function ledgerMark(snapshot: Snapshot): LedgerMark | null {
  const { ledger } = snapshot;
  if (ledger === null || ledger === undefined) return null;
  return {
    perp: perpOf(snapshot).toString(),
    own: ledger.own.toString(),
    foreign: ledger.foreign.toString(),
    liquidated: ledger.liquidated.toString(),
    unexplained: ledger.unexplained,
  };
}

/**
 * Classifies the difference in the perp. `liquidatedMs`: the last liquidation that is known; `mark`: the ledger at the
 * last quiet look, where the venue keeps one (without it sizes alone must tell). Funding, interest and settles move money
 * and not size, and are journaled by the venue under their own source. Cases: docs/architecture/books.md.
 */
export function reconcile(
  expectedPerp: bigint | null,
  snapshot: Snapshot,
  liquidatedMs: number | null = null,
  mark: LedgerMark | null = null,
): PositionDifference {
  const perp = perpOf(snapshot);
  if (expectedPerp === null) return { kind: 'first_look', perp };
  const { ledger } = snapshot;
  const isUnexplained = mark !== null && (ledger?.unexplained ?? 0) > mark.unexplained;
  if (perp === expectedPerp) return isUnexplained ? { kind: 'unexplained' } : { kind: 'none' };
  const sizes = { from: expectedPerp, to: perp };
  if (ledger === undefined || mark === null) return bySize(expectedPerp, snapshot, liquidatedMs);
  if (ledger === null) return { kind: 'not_yet', ...sizes };
  const since = movedSince(mark, ledger);
  if (perp - BigInt(mark.perp) !== since.own + since.foreign + since.liquidated) return { kind: 'not_yet', ...sizes };
  if (since.liquidated !== 0n) return { kind: 'liquidation', ...sizes };
  if (since.foreign === 0n) return { kind: 'late_fill', ...sizes };
  return bySize(expectedPerp, snapshot, liquidatedMs);
}

const movedSince = (mark: LedgerMark, ledger: PositionLedger) => ({
  own: ledger.own - BigInt(mark.own),
  foreign: ledger.foreign - BigInt(mark.foreign),
  liquidated: ledger.liquidated - BigInt(mark.liquidated),
});

function bySize(expectedPerp: bigint, snapshot: Snapshot, liquidatedMs: number | null): PositionDifference {
  const perp = perpOf(snapshot);
  const sizes = { from: expectedPerp, to: perp };
  const sameSide = perp === 0n || (expectedPerp !== 0n && perp < 0n === expectedPerp < 0n);
  if (!sameSide || abs(perp) > abs(expectedPerp)) return { kind: 'foreign_increase', ...sizes };
  const liquidated = snapshot.account?.status !== 'active' || isLiquidatedSince(snapshot, liquidatedMs);
  return { kind: liquidated ? 'liquidation' : 'foreign_reduction', ...sizes };
}
