/** Asks every node of a signature once, history included, and never throws: silence is a testimony. */

import { VersionedTransaction } from '@solana/web3.js';
import type { Sighting, SignedAttempt } from '../domain/transaction/attempt.ts';
import { BoundedMap } from '../lib/bounded.ts';
import type { HistoryCheck } from './history-control.ts';
import { impossible } from './rpc-answer.ts';
import type { RpcNode } from './rpc-node.ts';
import type { RpcPool } from './rpc-pool.ts';
import { Testimonies } from './sighting.ts';
import {
  askStatus,
  type Foreign,
  genesisOf,
  type NodeView,
  outsider,
  recently,
  sawIt,
  sawWindow,
  silent,
  testify,
} from './testimony.ts';
import { askWindow, type WindowEnd } from './window.ts';

type Found = Extract<HistoryCheck, { kind: 'found' }>;

/** Controls that are kept; the oldest makes way. */
const MAX_CONTROLS = 512;

export class Sightings {
  readonly #pool: RpcPool;
  readonly #expectedGenesis: string | null;
  readonly #genesis = new Map<RpcNode, string>();
  readonly #controls = new BoundedMap<string, Found>(MAX_CONTROLS);
  readonly #testimonies: Testimonies;
  /** Of those who are asked for the window alone: their silence about the signature is none about its window. */
  readonly #windows: Testimonies;

  /** @param expectedGenesis the cluster's genesis hash where it is known; else the nodes must agree among themselves */
  constructor(pool: RpcPool, expectedGenesis: string | null = null) {
    this.#pool = pool;
    this.#expectedGenesis = expectedGenesis;
    this.#testimonies = new Testimonies(pool.tuning.mutePatienceMs, pool.monotonicMs);
    this.#windows = new Testimonies(pool.tuning.mutePatienceMs, pool.monotonicMs);
  }

  async of(attempt: SignedAttempt): Promise<Sighting> {
    const answers = await this.#pool.each((node) => this.#statusOf(node, attempt.signature));
    const slots = answers.flatMap(([, answer]) => (answer.kind === 'answer' ? [answer.value.slot] : []));
    // Of this round: a chain that was begun anew, or another cluster, must not make the rest look late for ever.
    const newest = Math.max(0, ...slots);
    this.#pool.sawSlot(newest);
    const views: (NodeView | RpcNode)[] = answers.map(([node, answer]) => {
      if (answer.kind !== 'answer') return silent(node, answer);
      const status = answer.value.value[0] ?? null;
      if (status !== null) return sawIt(node, status);
      return recently(node, attempt, answer.value.slot, newest) ?? node;
    });
    if (views.every(isView)) return this.#testimonies.combine(attempt, views);
    // What one node has seen needs no proof from the others.
    if (views.some((one) => isView(one) && one.status !== null)) {
      return this.#testimonies.combine(
        attempt,
        views.map((one) => (isView(one) ? one : unproven(one))),
      );
    }
    return this.#testimonies.combine(attempt, await this.#proof(attempt, views));
  }

  /** When the window is over by the nodes' heights alone, for where none of them has a history. Null: it is open. */
  async windowEnd(attempt: SignedAttempt): Promise<WindowEnd | null> {
    const foreign = await this.#foreign();
    const asked = this.#pool.nodes.map(async (node): Promise<NodeView> => {
      const stranger = foreign(node);
      if (stranger !== null) return outsider(node, stranger);
      const answer = await askWindow(node, attempt, async (slot) => await this.#pool.slotDoubt(node, slot));
      return answer.kind === 'answer' ? sawWindow(node, answer.value) : silent(node, answer);
    });
    return this.#windows.windowEnd(attempt, await Promise.all(asked));
  }

  /** A slot that cannot be makes an answer none: a denial from the future is no evidence. */
  async #statusOf(node: RpcNode, signature: string): ReturnType<typeof askStatus> {
    const answer = await askStatus(node, signature);
    if (answer.kind !== 'answer') return answer;
    const doubt = await this.#pool.slotDoubt(node, answer.value.slot);
    return doubt === null ? answer : impossible(doubt);
  }

  /** Asks nodes whose denial is not recent further. */
  async #proof(attempt: SignedAttempt, views: readonly (NodeView | RpcNode)[]): Promise<readonly NodeView[]> {
    const foreign = await this.#foreign();
    const payer = payerOf(attempt);
    const asked = views.map(async (one) => {
      if (isView(one)) return one;
      const key = `${one.name} ${attempt.signature}`;
      return await testify(one, attempt, {
        payer,
        foreign: foreign(one),
        doubt: async (slot) => await this.#pool.slotDoubt(one, slot),
        control: this.#controls.get(key) ?? null,
        remember: (control) => this.#keep(key, control),
      });
    });
    return await Promise.all(asked);
  }

  #keep(key: string, control: Found): void {
    this.#controls.set(key, control);
  }

  /** A node of another cluster would deny everything, and be right: RPC_URL may name two clusters by mistake. */
  async #foreign(): Promise<(node: RpcNode) => Foreign | null> {
    const { nodes } = this.#pool;
    const expected = this.#expectedGenesis;
    if (nodes.length === 1 && expected === null) return () => null;
    await Promise.all(
      nodes.map(async (node) => {
        const genesis = this.#genesis.get(node) ?? (await genesisOf(node));
        if (genesis !== null) this.#genesis.set(node, genesis);
      }),
    );
    const known = new Set(this.#genesis.values());
    return (node) => {
      const genesis = this.#genesis.get(node);
      if (genesis === undefined) return { reason: 'it does not say which cluster it belongs to', owes: 'silent' };
      if (expected === null && known.size === 1) return null;
      if (expected === null)
        return { reason: 'the nodes of RPC_URL belong to different clusters: correct it', owes: null };
      return genesis === expected ? null : { reason: 'it belongs to another cluster: correct RPC_URL', owes: null };
    };
  }
}

const isView = (one: NodeView | RpcNode): one is NodeView => 'testimony' in one;

/** It does not know what another node saw, and was not asked further. */
const unproven = (node: RpcNode): NodeView => ({
  testimony: { node: node.name, says: 'cannot_testify', reason: 'another node has seen it' },
  status: null,
  provesAbsence: false,
  owes: null,
  window: null,
});

/** Empty when the bytes are no transaction: then no node has a signature of its payer, and nothing is proven by it. */
function payerOf({ wire }: SignedAttempt): string {
  try {
    const { message } = VersionedTransaction.deserialize(Buffer.from(wire, 'base64'));
    return message.staticAccountKeys[0]?.toBase58() ?? '';
  } catch {
    return '';
  }
}
