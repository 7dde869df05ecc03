/** Many accounts in one answer of one node, and so of one slot. */
import { isFields } from '../../chain/answer-shapes.ts';
import type { RpcPool } from '../../chain/rpc-pool.ts';

export interface RawAccount {
  readonly owner: string;
  readonly lamports: bigint;
  readonly data: Buffer;
}

export interface AccountBatch {
  readonly slot: number;
  /** By address; null: there is no such account. */
  readonly accounts: ReadonlyMap<string, RawAccount | null>;
}

/** A node answers for so many at once. */
export const MAX_BATCH = 100;

/** Undefined: not what the method promises. */
function accountOf(value: unknown): RawAccount | null | undefined {
  if (value === null) return null;
  if (!isFields(value)) return undefined;
  const { owner, lamports, data } = value;
  if (typeof owner !== 'string' || typeof lamports !== 'number' || !Number.isFinite(lamports)) return undefined;
  if (!Array.isArray(data) || typeof data[0] !== 'string' || data[1] !== 'base64') return undefined;
  return { owner, lamports: BigInt(lamports), data: Buffer.from(data[0], 'base64') };
}

export const batchOf =
  (addresses: readonly string[]) =>
  (result: unknown): AccountBatch | undefined => {
    if (!isFields(result) || !isFields(result.context) || !Array.isArray(result.value)) return undefined;
    const { slot } = result.context;
    if (typeof slot !== 'number' || !Number.isSafeInteger(slot) || result.value.length !== addresses.length) {
      return undefined;
    }
    const accounts = new Map<string, RawAccount | null>();
    for (const [index, address] of addresses.entries()) {
      const account = accountOf(result.value[index]);
      if (account === undefined) return undefined;
      accounts.set(address, account);
    }
    return { slot, accounts };
  };

/**
 * @param minSlot nodes that have not come so far do not count as answering
 * @throws TransientError when no node answers; RangeError above `MAX_BATCH`
 */
export async function readAccounts(
  pool: RpcPool,
  addresses: readonly string[],
  { commitment, minSlot }: { readonly commitment: 'confirmed' | 'finalized'; readonly minSlot: number },
): Promise<AccountBatch> {
  if (addresses.length > MAX_BATCH) throw new RangeError(`${addresses.length} accounts do not fit one answer`);
  const config = { commitment, encoding: 'base64', ...(minSlot > 0 ? { minContextSlot: minSlot } : {}) };
  const batch = await pool.read('getMultipleAccounts', [addresses, config], batchOf(addresses));
  pool.sawSlot(batch.slot);
  return batch;
}
