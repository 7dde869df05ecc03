/** Runs a draft against current state without effect: does it work, what does it use, what will it cost. */

import { createHash } from 'node:crypto';
import { PublicKey, type TransactionInstruction } from '@solana/web3.js';
import { BoundedMap } from '../lib/bounded.ts';
import { type ErrorReport, TransientError } from '../lib/errors.ts';
import { computeLimit, MAX_COMPUTE_UNITS } from './compute-limit.ts';
import { compile, type Draft, type Tip } from './draft.ts';
import type { RawAccount } from './raw-account.ts';
import { readSimulation, type SimulationResult } from './rpc-methods.ts';
import type { RpcPool } from './rpc-pool.ts';
import { failedInSimulation, isPassing, nameOf } from './transaction-error.ts';

type DraftSimulation =
  | {
      readonly ok: true;
      readonly logs: readonly string[];
      readonly computeUnits: number;
      /** As it leaves the watched accounts, by address; null: the node does not say. */
      readonly accounts: AccountsAfter | null;
    }
  | { readonly ok: false; readonly error: ErrorReport };

/** Null: there is none any more. */
export type AccountsAfter = ReadonlyMap<string, RawAccount | null>;

/** The node puts a real one in its place. */
const ANY_BLOCKHASH = PublicKey.default.toBase58();
/** Limits that are kept for signing; the oldest makes way. */
const MAX_REMEMBERED = 512;

export class Simulator {
  readonly #pool: RpcPool;
  readonly #limits = new BoundedMap<string, number>(MAX_REMEMBERED);

  constructor(pool: RpcPool) {
    this.#pool = pool;
  }

  /**
   * @param tip as it will be signed, so that its account and its cost are part of the run
   * @param watched accounts that the draft writes, to be returned as it leaves them
   * @throws TransientError
   */
  async run(draft: Draft, tip: Tip | null, watched: readonly string[] = []): Promise<DraftSimulation> {
    const transaction = compile(draft, { computeUnits: MAX_COMPUTE_UNITS, price: 0, tip }, ANY_BLOCKHASH);
    const wire = Buffer.from(transaction.serialize()).toString('base64');
    const config = {
      ...{ encoding: 'base64', commitment: 'confirmed', sigVerify: false, replaceRecentBlockhash: true },
      ...(watched.length === 0 ? {} : { accounts: { encoding: 'base64', addresses: watched } }),
    };
    const { slot, value } = await this.#pool.read('simulateTransaction', [wire, config], readSimulation);
    this.#pool.sawSlot(slot);
    // A refusal ends the operation. A lagging node's refusal describes the past and is no evidence.
    if (value.error !== null && (await this.#pool.isStale(slot))) {
      throw new TransientError(
        'RPC_UNHEALTHY',
        `The node could not simulate the transaction. It is far behind, at slot ${slot}.`,
      );
    }
    return this.#judge(draft, value, watched);
  }

  /** The limit that the last simulation of the same instructions gave, if this process made it. */
  limitOf = (draft: Draft): number | null => this.#limits.get(keyOf(draft.instructions)) ?? null;

  #judge(draft: Draft, result: SimulationResult, watched: readonly string[]): DraftSimulation {
    const { error, logs, units, accounts } = result;
    if (error !== null) {
      if (isPassing(error))
        throw new TransientError('RPC_UNHEALTHY', `The node could not simulate the transaction: ${nameOf(error)}.`);
      return { ok: false, error: failedInSimulation(error, logs) };
    }
    const computeUnits = computeLimit(units);
    const key = keyOf(draft.instructions);
    this.#limits.set(key, computeUnits);
    const named = accounts?.length === watched.length ? accounts : null;
    const after = named && new Map(watched.map((address, index) => [address, named[index] ?? null]));
    return { ok: true, logs, computeUnits, accounts: after };
  }
}

function keyOf(instructions: readonly TransactionInstruction[]): string {
  const hash = createHash('sha256');
  for (const { programId, keys, data } of instructions) {
    hash.update(programId.toBuffer());
    for (const { pubkey, isSigner, isWritable } of keys) {
      hash.update(pubkey.toBuffer()).update(Uint8Array.of(Number(isSigner), Number(isWritable)));
    }
    hash.update(`${keys.length},${data.length}`).update(data);
  }
  return hash.digest('base64');
}
