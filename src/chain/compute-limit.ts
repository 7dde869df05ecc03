/** How many compute units a transaction asks for. */

/** A transaction's bound. */
export const MAX_COMPUTE_UNITS = 1_400_000;
/** More than the simulation used: the accounts may change before the transaction lands. */
const MARGIN_PCT = 20;
/** Cheap transactions need more than a share of little. */
const MIN_MARGIN_UNITS = 1_000;

/** @param used by the simulation; null when the node does not say, then the bound is asked for */
export function computeLimit(used: number | null): number {
  if (used === null) return MAX_COMPUTE_UNITS;
  const margin = Math.max(Math.ceil((used * MARGIN_PCT) / 100), MIN_MARGIN_UNITS);
  return Math.min(used + margin, MAX_COMPUTE_UNITS);
}
