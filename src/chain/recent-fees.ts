/** What others lately paid to write the same accounts. */
import { BoundedMap } from '../lib/bounded.ts';
import { readPriorityFees } from './rpc-methods.ts';
import type { RpcPool } from './rpc-pool.ts';

/** A node counts at most so many accounts. */
const MAX_ACCOUNTS = 128;
/** Simulating and signing follow each other within this: one question serves both. */
const FRESH_MS = 5_000;
const MAX_KEPT = 64;

export class RecentFees {
  readonly #pool: RpcPool;
  readonly #monotonicMs: () => number;
  readonly #kept = new BoundedMap<string, { readonly atMs: number; readonly fees: readonly number[] }>(MAX_KEPT);

  constructor(pool: RpcPool, monotonicMs: () => number) {
    this.#pool = pool;
    this.#monotonicMs = monotonicMs;
  }

  /** @returns micro-lamports per compute unit, one per slot; empty when no node says: that stops nothing */
  async of(accounts: readonly string[]): Promise<readonly number[]> {
    const asked = accounts.slice(0, MAX_ACCOUNTS);
    const key = asked.join();
    const kept = this.#kept.get(key);
    const nowMs = this.#monotonicMs();
    if (kept !== undefined && nowMs - kept.atMs < FRESH_MS) return kept.fees;
    const fees = await this.#pool.read('getRecentPrioritizationFees', [asked], readPriorityFees).catch(() => []);
    this.#kept.set(key, { atMs: nowMs, fees });
    return fees;
  }
}
