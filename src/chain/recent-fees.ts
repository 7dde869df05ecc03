/** What others lately paid to write the same accounts. */
import { BoundedMap } from '../lib/bounded.ts';
import { readPriorityFees } from './rpc-methods.ts';
import type { RpcPool } from './rpc-pool.ts';

/** A node counts at most so many accounts. */
const MAX_ACCOUNTS = 128;
/** Simulating and signing follow each other within this: one question serves both. */
const FRESH_MS = 5_000;
/** One for each account that was written lately, of as many engines as share this. */
const MAX_KEPT = 512;

interface KnownFees {
  readonly atMs: number;
  /** May still be under way. */
  readonly fees: Promise<readonly number[]>;
}

export class RecentFees {
  readonly #pool: RpcPool;
  readonly #monotonicMs: () => number;
  readonly #kept = new BoundedMap<string, KnownFees>(MAX_KEPT);

  constructor(pool: RpcPool, monotonicMs: () => number) {
    this.#pool = pool;
    this.#monotonicMs = monotonicMs;
  }

  /**
   * @param freshMs how long ago they may have been asked for
   * @returns micro-lamports per compute unit, one per slot; empty when no node says: that stops nothing
   */
  async of(accounts: readonly string[], freshMs = FRESH_MS): Promise<readonly number[]> {
    const asked = accounts.slice(0, MAX_ACCOUNTS);
    const key = asked.join();
    const kept = this.#kept.get(key);
    const nowMs = this.#monotonicMs();
    if (kept !== undefined && nowMs - kept.atMs < freshMs) return await kept.fees;
    const fees = this.#pool.read('getRecentPrioritizationFees', [asked], readPriorityFees).catch(() => []);
    this.#kept.set(key, { atMs: nowMs, fees });
    return await fees;
  }
}
