/** What a node remembers of transactions: one by its signature, and an account's since a slot. */

import { isCount, isFields, isTexts } from '../../../chain/answer-shapes.ts';
import type { RpcAnswer } from '../../../chain/rpc-answer.ts';
import type { RpcNode } from '../../../chain/rpc-node.ts';
import type { RpcPool } from '../../../chain/rpc-pool.ts';
import { BoundedMap } from '../../../lib/bounded.ts';
import { TransientError } from '../../../lib/errors.ts';
import { readSignatureRows, type SignatureRow } from '../signature-rows.ts';

export interface LandedAt {
  readonly signature: string;
  readonly slot: number;
}

export interface LandedTransaction extends LandedAt {
  readonly blockTimeMs: number | null;
  readonly failed: boolean;
  readonly logs: readonly string[];
}

/** A page of signatures, and how many are asked for at most: an account with more since a placement is not ours alone. */
const PAGE = 200;
const MAX_PAGES = 20;
/** Transactions that are kept; the oldest makes way. */
const MAX_KEPT = 256;

export class TransactionHistory {
  readonly #pool: RpcPool;
  /** By signature and slot: after a fork the same bytes may have done something else. */
  readonly #kept = new BoundedMap<string, LandedTransaction>(MAX_KEPT);

  constructor(pool: RpcPool) {
    this.#pool = pool;
  }

  /**
   * Null: no node that answers knows it, which is no evidence of anything.
   * @param slot where it is known to have landed: then it is asked for once only
   * @throws TransientError
   */
  async transaction(signature: string, slot: number | null): Promise<LandedTransaction | null> {
    const kept = slot === null ? undefined : this.#kept.get(`${signature} ${slot}`);
    if (kept !== undefined) return kept;
    const config = { commitment: 'confirmed', encoding: 'base64', maxSupportedTransactionVersion: 0 };
    const found = await this.#pool.readKnown('getTransaction', [signature, config], readTransaction(signature, slot));
    if (found === null) return null;
    this.#kept.set(`${signature} ${found.slot}`, found);
    return found;
  }

  /**
   * Transactions that name the address, from that of `first` on, oldest first, as one node that has come to `atLeastSlot`
   * has them. A node whose list lacks `first` has forgotten it: another is asked.
   * @throws TransientError, also when there are more than can be asked for
   */
  async since(address: string, first: LandedAt, atLeastSlot: number): Promise<readonly SignatureRow[]> {
    return await this.#pool.firstOf(
      'getSignaturesForAddress',
      (node) => listOf(node, address, first.slot, atLeastSlot),
      (rows) => rows.some(({ signature }) => signature === first.signature),
    );
  }
}

async function listOf(
  node: RpcNode,
  address: string,
  slot: number,
  atLeastSlot: number,
): Promise<RpcAnswer<readonly SignatureRow[]>> {
  const found: SignatureRow[] = [];
  let before: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const config = {
      commitment: 'confirmed',
      limit: PAGE,
      minContextSlot: atLeastSlot,
      ...(before === undefined ? {} : { before }),
    };
    const answer = await node.ask('getSignaturesForAddress', [address, config], readSignatureRows);
    if (answer.kind !== 'answer') return answer;
    const rows = answer.value;
    const wanted = rows.filter((row) => row.slot >= slot);
    found.push(...wanted);
    before = rows.at(-1)?.signature;
    if (rows.length < PAGE || wanted.length < rows.length) return { kind: 'answer', value: found.reverse() };
  }
  throw new TransientError('HISTORY_TOO_LONG', `More than ${PAGE * MAX_PAGES} transactions since slot ${slot}.`);
}

const readTransaction =
  (signature: string, slot: number | null) =>
  (result: unknown): LandedTransaction | null | undefined => {
    if (result === null) return null;
    if (!isFields(result) || !isCount(result.slot) || !isFields(result.meta)) return undefined;
    if (slot !== null && result.slot !== slot) return null;
    const { logMessages, err } = result.meta;
    if (!isTexts(logMessages)) return undefined;
    const { blockTime } = result;
    return {
      signature,
      slot: result.slot,
      blockTimeMs: typeof blockTime === 'number' ? blockTime * 1000 : null,
      failed: err !== null && err !== undefined,
      logs: logMessages,
    };
  };
