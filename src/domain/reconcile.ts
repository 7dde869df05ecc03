/** Vault against venue: what this engine believes it holds, and what a snapshot shows. */
import { SOL_PERP } from './account.ts';
import type { Snapshot } from './snapshot.ts';
import { abs } from './units.ts';

export type Difference =
  | { readonly kind: 'none' }
  /** The vault does not know: the snapshot tells. */
  | { readonly kind: 'first_look'; readonly perp: bigint }
  | { readonly kind: 'liquidation'; readonly from: bigint; readonly to: bigint }
  /** Somebody else shrank it, without crossing zero; `to` 0: closed. */
  | { readonly kind: 'foreign_reduction'; readonly from: bigint; readonly to: bigint }
  /** A position or an increase that is not ours. */
  | { readonly kind: 'foreign_increase'; readonly from: bigint; readonly to: bigint };

/** The signed perp size of a snapshot; 0 without a position or an account. */
export function perpOf(snapshot: Snapshot, market = SOL_PERP): bigint {
  const index = snapshot.markets.perps.find((perp) => perp.market === market)?.marketIndex;
  return snapshot.account?.perps.find((position) => position.marketIndex === index)?.baseAmount ?? 0n;
}

/** The venue liquidated after the last liquidation that is known (market time; null: none is). */
export const isLiquidatedSince = ({ lastLiquidationMs }: Snapshot, knownMs: number | null): boolean =>
  lastLiquidationMs !== null && (knownMs === null || lastLiquidationMs > knownMs);

/**
 * Classifies the difference in the perp. `liquidatedMs`: the last liquidation that is known. Funding, interest and
 * settles move money and not size, and are journaled by the venue under their own source.
 */
export function reconcile(
  vaultPerp: bigint | null,
  snapshot: Snapshot,
  liquidatedMs: number | null = null,
): Difference {
  const perp = perpOf(snapshot);
  if (vaultPerp === null) return { kind: 'first_look', perp };
  if (perp === vaultPerp) return { kind: 'none' };
  const sameSide = perp === 0n || (vaultPerp !== 0n && perp < 0n === vaultPerp < 0n);
  if (!sameSide || abs(perp) > abs(vaultPerp)) return { kind: 'foreign_increase', from: vaultPerp, to: perp };
  const liquidated = snapshot.account?.status !== 'active' || isLiquidatedSince(snapshot, liquidatedMs);
  return { kind: liquidated ? 'liquidation' : 'foreign_reduction', from: vaultPerp, to: perp };
}
