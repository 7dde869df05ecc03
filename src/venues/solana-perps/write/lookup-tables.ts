/**
 * The program's own public lookup tables of its markets and oracles. An account that stands in many markets needs them: each
 * market costs a transaction 66 bytes without a table and 4 with one. We never create one, so no exit waits for that.
 */
import { AddressLookupTableAccount, AddressLookupTableProgram, PublicKey } from '@solana/web3.js';
import type { RpcPool } from '../../../chain/rpc-pool.ts';
import type { PerpsDeployment } from '../deployment.ts';
import { askAccounts } from '../read/account-batch.ts';

/** Tables only grow: what was read is good for long. */
const FRESH_MS = 600_000;

export class LookupTables {
  readonly #pool: RpcPool;
  readonly #addresses: readonly string[];
  #kept: { readonly atMs: number; readonly tables: readonly AddressLookupTableAccount[] } | null = null;

  constructor(pool: RpcPool, { program, env }: PerpsDeployment) {
    this.#pool = pool;
    this.#addresses = program.lookupTables(env);
  }

  /** Those that exist and are active, finalized. @throws TransientError when no node answers and none were read before */
  async read(): Promise<readonly AddressLookupTableAccount[]> {
    const nowMs = this.#pool.monotonicMs();
    if (this.#kept !== null && nowMs - this.#kept.atMs < FRESH_MS) return this.#kept.tables;
    try {
      this.#kept = { atMs: nowMs, tables: await this.#ask() };
    } catch (error) {
      if (this.#kept === null) throw error;
    }
    return this.#kept.tables;
  }

  async #ask(): Promise<readonly AddressLookupTableAccount[]> {
    const terms = { commitment: 'finalized', minSlot: 0 } as const;
    const { accounts } = await this.#pool.firstOf(
      'getMultipleAccounts',
      (node) => askAccounts(this.#pool, node, this.#addresses, terms),
      () => true,
    );
    return this.#addresses.flatMap((address) => {
      const account = accounts.get(address) ?? null;
      if (account === null || account.owner !== AddressLookupTableProgram.programId.toBase58()) return [];
      const state = AddressLookupTableAccount.deserialize(account.data);
      const table = new AddressLookupTableAccount({ key: new PublicKey(address), state });
      return table.isActive() ? [table] : [];
    });
  }
}
