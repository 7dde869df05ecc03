import type { ChainAccount } from '../account.ts';
import { toBase58 } from '../wire/base58.ts';
import { isWritable, type ParsedTransaction } from '../wire/transaction.ts';

const TABLE_HEADER_BYTES = 56;

export interface Addresses {
  /** In the order in which instructions count them. */
  readonly all: readonly string[];
  readonly writable: ReadonlySet<string>;
  readonly loaded: { readonly writable: readonly string[]; readonly readonly: readonly string[] };
}

/** All accounts of a transaction, with lookup tables resolved. Missing table entries are left out; the SVM refuses them. */
export function addressesOf(
  transaction: ParsedTransaction,
  account: (address: string) => ChainAccount | null,
): Addresses {
  const entry = (table: string, index: number): string[] => {
    const data = account(table)?.data;
    const at = TABLE_HEADER_BYTES + index * 32;
    return data === undefined || data.length < at + 32 ? [] : [toBase58(data.slice(at, at + 32))];
  };
  const loaded = {
    writable: transaction.lookups.flatMap(({ table, writable }) => writable.flatMap((index) => entry(table, index))),
    readonly: transaction.lookups.flatMap(({ table, readonly }) => readonly.flatMap((index) => entry(table, index))),
  };
  const fixed = transaction.keys.filter((_, index) => isWritable(transaction, index));
  return {
    all: [...transaction.keys, ...loaded.writable, ...loaded.readonly],
    writable: new Set([...fixed, ...loaded.writable]),
    loaded,
  };
}
