/** The price of a compute unit that lands soon, among transactions that write the same accounts. */

export interface FeePolicy {
  /** Of the last slots' lowest landed fees. */
  readonly percentile: number;
  /** Micro-lamports per compute unit, where the accounts are quiet or the fees unknown. */
  readonly minMicroLamports: number;
  /** The priority fee of one transaction in all. */
  readonly maxLamports: number;
}

export const DEFAULT_FEES: FeePolicy = { percentile: 75, minMicroLamports: 1_000, maxLamports: 1_000_000 };

const MICRO = 1_000_000;

/**
 * @param recent micro-lamports per unit, one per slot; empty when unknown, which stops nothing: a reduction must go out
 * @returns micro-lamports per compute unit, such that the whole fee stays within the cap
 */
export function priorityFee(recent: readonly number[], computeUnits: number, policy: FeePolicy = DEFAULT_FEES): number {
  const sorted = [...recent].sort((a, b) => a - b);
  const at = Math.min(sorted.length - 1, Math.floor((sorted.length * policy.percentile) / 100));
  const wanted = Math.max(sorted[at] ?? 0, policy.minMicroLamports);
  return affordablePrice(wanted, computeUnits, policy.maxLamports);
}

/** The payer must keep this much, or the chain takes no fee from it: rent exemption of an account without data. */
const KEPT_LAMPORTS = 890_880n;
/** For one signature. */
export const BASE_FEE_LAMPORTS = 5_000;
/** What signing adds at most, so that equal transfers become different transactions. */
const SALT_LAMPORTS = 20n;

/** What the payer can spare for tip and priority fee, lamports. @param payerLamports undefined: no limit */
export function spareLamports(payerLamports: bigint | undefined): number {
  if (payerLamports === undefined) return Number.POSITIVE_INFINITY;
  const spare = payerLamports - KEPT_LAMPORTS - BigInt(BASE_FEE_LAMPORTS) - SALT_LAMPORTS;
  return spare < 0n ? 0 : Number(spare);
}

/** The price, or what `lamports` pay of it: a lower fee waits longer, and is better than none. */
export const affordablePrice = (microLamports: number, computeUnits: number, lamports: number): number =>
  Math.min(microLamports, Math.floor((lamports * MICRO) / Math.max(computeUnits, 1)));

/** Lamports, rounded up as the chain does. */
export const priorityFeeLamports = (microLamports: number, computeUnits: number): number =>
  Math.ceil((microLamports * computeUnits) / MICRO);
