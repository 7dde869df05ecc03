/** The nodes' history: one transaction by its signature, or an account's transactions since a slot. */

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

/** The page size and the most signatures to ask for. An account with more since a placement is not used by us alone. */
const PAGE = 200;
const MAX_PAGES = 20;
/** How many transactions are cached; the oldest is dropped. */
const MAX_KEPT = 256;

export class TransactionHistory {
  readonly #pool: RpcPool;
  /** By signature and slot, because after a fork the same bytes may have had another effect. */
  readonly #kept = new BoundedMap<string, LandedTransaction>(MAX_KEPT);

  constructor(pool: RpcPool) {
    this.#pool = pool;
  }

  /**
   * Null: no responding node knows it, which proves nothing.
   * @param slot where it is known to have landed; then it is fetched only once
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
   * Transactions that name the address, starting with `first`, oldest first, from one node that has reached `atLeastSlot`.
   * If a node's list lacks `first`, the node has pruned it and another is asked.
   * @throws TransientError, also when there are too many to ask for
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
