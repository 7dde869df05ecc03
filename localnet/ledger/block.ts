import type { ChainAccount } from '../account.ts';
import type { Execution } from '../svm/svm.ts';
import type { TokenBalance } from '../token.ts';
import type { ParsedTransaction } from '../wire/transaction.ts';

/** One block of one fork. Its content never changes; whether it counts depends on the tip. */
export interface Block {
  readonly slot: number;
  /** Blocks before it on its fork: less than the slot, because slots are skipped. */
  readonly height: number;
  readonly parent: Block | null;
  readonly blockhash: string;
  /** The 32 bytes of it. */
  readonly hash: Uint8Array;
  /** Unix seconds. */
  readonly time: number;
  readonly transactions: readonly BlockTransaction[];
  /** Accounts that the block changed, before and after; a fork undoes these changes. */
  writes: ReadonlyMap<string, AccountUpdate>;
}

export interface AccountUpdate {
  readonly before: ChainAccount | null;
  readonly after: ChainAccount | null;
}

/** A transaction in a block. The same bytes may stand in two blocks of two forks, never twice on one. */
export interface BlockTransaction extends Execution {
  readonly signature: string;
  readonly transaction: ParsedTransaction;
  readonly index: number;
  readonly fee: bigint;
  /** All its accounts: static keys, then writable and read-only ones of lookup tables. */
  readonly addresses: readonly string[];
  readonly loaded: { readonly writable: readonly string[]; readonly readonly: readonly string[] };
  /** Lamports, one per address. */
  readonly balancesBefore: readonly bigint[];
  readonly balancesAfter: readonly bigint[];
  readonly tokensBefore: readonly TokenBalance[];
  readonly tokensAfter: readonly TokenBalance[];
}

/** `count` blocks before `block`, or the oldest that is kept. */
export function ancestor(block: Block, count: number): Block {
  let at = block;
  for (let i = 0; i < count && at.parent !== null; i++) at = at.parent;
  return at;
}

/** The last block of this fork at or before `slot`, or the oldest that is kept. */
export function atOrBefore(block: Block, slot: number): Block {
  let at = block;
  while (at.slot > slot && at.parent !== null) at = at.parent;
  return at;
}
