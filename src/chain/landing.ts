/**
 * Where the same bytes go, and when: Jito first and alone, then by RPC. A try at Jito has failed at an error, a 429, or
 * 10 slots without landing; after 3 it is RPC for good. The signature is the idempotency key throughout.
 */

import type { SignedAttempt } from '../domain/transaction/attempt.ts';
import { BoundedMap } from '../lib/bounded.ts';
import { TransientError } from '../lib/errors.ts';
import { sleep } from '../lib/sleep.ts';
import type { Jito } from './jito.ts';
import { inWords, type NoAnswer } from './rpc-answer.ts';
import { readText } from './rpc-methods.ts';
import type { RpcPool } from './rpc-pool.ts';

interface LandingOptions {
  readonly pool: RpcPool;
  /** Null: RPC only. */
  readonly jito: Jito | null;
  readonly monotonicMs: () => number;
  /** Called for each failed try at Jito; the landing itself continues. */
  readonly onJitoFailed?: (error: TransientError, signature: string) => void;
  /** The chain's, for counting slots while no node tells them. */
  readonly slotMs?: number;
}

const JITO_TRIES = 3;
const SLOTS_PER_TRY = 10;
const SLOT_MS = 400;
/** Between a try that failed at once and the next: longer where the block engine asks for it, up to the bound. */
const BETWEEN_TRIES_MS = 100;
const MAX_BETWEEN_TRIES_MS = 1_000;
/** Attempts whose tries are remembered; one that is forgotten goes by RPC. */
const MAX_REMEMBERED = 512;

interface Tries {
  /** That failed, or are under way. */
  readonly count: number;
  /** Of the one under way; null: none is. */
  readonly since: { readonly slot: number; readonly atMs: number } | null;
}

export class Landing {
  readonly #options: LandingOptions;
  readonly #tries = new BoundedMap<string, Tries>(MAX_REMEMBERED);

  constructor(options: LandingOptions) {
    this.#options = options;
  }

  /**
   * @param tryNumber sends of these bytes so far, by other processes too: one that has no memory of them goes on there
   * @throws TransientError when no node took it, or nobody knows whether one did
   */
  async submit(attempt: SignedAttempt, tryNumber: number): Promise<void> {
    const { jito } = this.#options;
    if (jito === null || !(await this.#byJito(jito, attempt, tryNumber))) await this.#byRpc(attempt);
  }

  /** False: its tries are used up. */
  async #byJito(jito: Jito, attempt: SignedAttempt, tryNumber: number): Promise<boolean> {
    const { signature, wire } = attempt;
    let tries = this.#tries.get(signature) ?? { count: Math.min(tryNumber, JITO_TRIES), since: null };
    if (tries.since !== null && this.#isUnderWay(tries.since)) return true;
    while (tries.count < JITO_TRIES) {
      tries = { count: tries.count + 1, since: this.#now(attempt) };
      this.#remember(signature, tries);
      try {
        await jito.send(wire);
        return true;
      } catch (error) {
        if (!(error instanceof TransientError)) throw error;
        this.#options.onJitoFailed?.(error, signature);
        tries = { ...tries, since: null };
        this.#remember(signature, tries);
        if (tries.count < JITO_TRIES) await pause(jito.restsMs());
      }
    }
    return false;
  }

  /** To every node: any may be the one that reaches the leader. Resolves when the first took it. */
  async #byRpc({ wire, signature }: SignedAttempt): Promise<void> {
    const { pool } = this.#options;
    // It was simulated; a preflight on a lagging node would refuse it, and its queue's retries outlive our interest.
    const params = [wire, { encoding: 'base64', skipPreflight: true, maxRetries: 0 }];
    const refusals: (readonly [string, NoAnswer])[] = [];
    const sends = pool.nodes.map(async (node) => {
      const answer = await node.ask('sendTransaction', params, readText);
      if (answer.kind === 'answer') return;
      refusals.push([node.name, answer]);
      throw new Error('not taken');
    });
    try {
      await Promise.any(sends);
    } catch {
      const nodes = refusals.map(([node, answer]) => `${node}: ${inWords(answer)}`).join('; ');
      throw new TransientError('SEND_FAILED', `No node confirmed that it accepted the transaction: ${nodes}.`, {
        signature,
      });
    }
  }

  #now = ({ slot }: SignedAttempt) => ({
    slot: Math.max(this.#options.pool.newestSlot, slot),
    atMs: this.#options.monotonicMs(),
  });

  /** By slots where nodes tell them, and by time where they do not. */
  #isUnderWay(since: NonNullable<Tries['since']>): boolean {
    const { pool, monotonicMs, slotMs = SLOT_MS } = this.#options;
    const slots = Math.max(pool.newestSlot - since.slot, Math.floor((monotonicMs() - since.atMs) / slotMs));
    return slots < SLOTS_PER_TRY;
  }

  #remember(signature: string, tries: Tries): void {
    this.#tries.set(signature, tries);
  }
}

const pause = (restsMs: number): Promise<void> =>
  sleep(Math.min(Math.max(restsMs, BETWEEN_TRIES_MS), MAX_BETWEEN_TRIES_MS));
