/** An account as the chain holds it. */
export interface ChainAccount {
  readonly lamports: bigint;
  readonly data: Uint8Array;
  /** Base58 of the program that owns it. */
  readonly owner: string;
  readonly executable: boolean;
  readonly rentEpoch: bigint;
}

export const SYSTEM_PROGRAM = '11111111111111111111111111111111';
/** What a rent-exempt account carries: u64::MAX. */
export const RENT_EXEMPT_EPOCH = 18_446_744_073_709_551_615n;

/** Rent of an account of so many bytes, as the runtime counts it. */
export const rentOf = (bytes: number): bigint => BigInt((bytes + 128) * 6960);

export function sameAccount(a: ChainAccount | null, b: ChainAccount | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.lamports === b.lamports &&
    a.owner === b.owner &&
    a.executable === b.executable &&
    a.rentEpoch === b.rentEpoch &&
    Buffer.compare(a.data, b.data) === 0
  );
}
