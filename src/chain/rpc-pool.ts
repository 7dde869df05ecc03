/** The nodes that we may ask: the healthiest first, the next when one does not answer, or every one of them. */
import { Connection } from '@solana/web3.js';
import type { Clock } from '../lib/clock.ts';
import { CriticalError, TransientError } from '../lib/errors.ts';
import { askChainClock } from './clock-sysvar.ts';
import type { NodeEndpoint } from './endpoint.ts';
import type { NodeHealth } from './node-health.ts';
import { type NoAnswer, type RpcAnswer, unanswered } from './rpc-answer.ts';
import { DEFAULT_RPC, RpcNode, type RpcTuning } from './rpc-node.ts';
import type { RpcObserver } from './rpc-observer.ts';
import { SlotBounds } from './slot-bounds.ts';

interface RpcPoolOptions {
  readonly endpoints: readonly NodeEndpoint[];
  readonly clock: Clock;
  readonly monotonicMs?: () => number;
  readonly tuning?: Partial<RpcTuning>;
  readonly observe?: RpcObserver | undefined;
}

/** Behind the foremost node by more than this, a node is asked last (20 s of slots). */
const MAX_LAG_SLOTS = 50;
/** Of the last calls; a node that fails more often is asked after those that do not. */
const MAX_ERROR_RATE = 0.5;
/** Slots are compared this often at most, and only while the pool is used: a node alone has none to compare with. */
const PROBE_EVERY_MS = 10_000;

export const readSlot = (result: unknown): number | undefined =>
  typeof result === 'number' && Number.isSafeInteger(result) && result >= 0 ? result : undefined;

export class RpcPool {
  readonly nodes: readonly RpcNode[];
  readonly tuning: RpcTuning;
  /** For durations, which a jump of the clock must not change. */
  readonly monotonicMs: () => number;
  /** What slot can be by now, from the nodes' clock accounts. */
  readonly slots: SlotBounds;
  #probedAtMs = Number.NEGATIVE_INFINITY;
  #connection: Connection | null = null;
  #newestSlot = 0;

  /** @throws CriticalError RPC_URL_MISSING without an endpoint */
  constructor({ endpoints, clock, monotonicMs = () => performance.now(), tuning = {}, observe }: RpcPoolOptions) {
    if (endpoints.length === 0) {
      throw new CriticalError('RPC_URL_MISSING', 'There is no RPC node. Set RPC_URL to one or more endpoints.');
    }
    this.monotonicMs = monotonicMs;
    this.tuning = { ...DEFAULT_RPC, ...tuning };
    this.slots = new SlotBounds({ nowMs: () => clock.nowMs(), monotonicMs });
    this.nodes = endpoints.map((one) => new RpcNode(one, this.tuning, { clock, monotonicMs, observe }));
  }

  /** The highest slot that any node has told so far and that can be, 0 before the first. */
  get newestSlot(): number {
    // Slots that were reported before any clock account was read are judged by the first one.
    if (this.slots.doubt(this.#newestSlot) !== null) this.#newestSlot = this.slots.foremost;
    return this.#newestSlot;
  }

  /** The slot in an answer's context. An impossible slot changes nothing. */
  sawSlot(slot: number): void {
    if (this.slots.doubt(slot) === null) this.#newestSlot = Math.max(this.newestSlot, slot);
  }

  /** Null: a slot that can be. A claim beyond the bound is held against the node's own clock account first: chains jump. */
  async slotDoubt(node: RpcNode, slot: number): Promise<string | null> {
    if (this.slots.doubt(slot) === null) return null;
    const clock = await askChainClock(node);
    if (clock !== null) this.slots.anchor(node.name, clock);
    return this.slots.doubt(slot);
  }

  /** HTTP requests to all nodes so far. */
  get calls(): number {
    return this.nodes.reduce((sum, node) => sum + node.calls, 0);
  }

  /** Healthiest first; among equals in the order of RPC_URL. */
  ranked(): readonly RpcNode[] {
    this.#probeWhenDue();
    const rank = (node: RpcNode): number =>
      (node.restsMs() > 0 ? 8 : 0) +
      ((this.#lagOf(node) ?? 0) > MAX_LAG_SLOTS ? 4 : 0) +
      ((node.health.errorRate ?? 0) > MAX_ERROR_RATE ? 2 : 0) +
      (node.health.justFailed ? 1 : 0);
    const ranks = new Map(this.nodes.map((node) => [node, rank(node)]));
    return [...this.nodes].sort((a, b) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0));
  }

  /**
   * The first answer, each node asked at most once. For reads: what one node does not see is no evidence, and what one
   * refuses (no history, pruned, a method it does not serve) another may answer.
   * @throws TransientError when no node answers
   */
  async read<T>(method: string, params: readonly unknown[], read: (result: unknown) => T | undefined): Promise<T> {
    return await this.firstOf(
      method,
      (node) => node.ask(method, params, read),
      () => true,
    );
  }

  /**
   * As `read`, of something that a node may not know (null): what one denies, for ever even, another may know.
   * Null: none that answers knows it, which is no evidence of anything.
   * @throws TransientError when no node answers
   */
  async readKnown<T>(
    method: string,
    params: readonly unknown[],
    read: (result: unknown) => T | null | undefined,
  ): Promise<T | null> {
    return await this.firstOf(
      method,
      (node) => node.ask(method, params, read),
      (value) => value !== null,
    );
  }

  /** Every node's own answer. Never rejects. */
  async each<T>(ask: (node: RpcNode) => Promise<RpcAnswer<T>>): Promise<readonly (readonly [RpcNode, RpcAnswer<T>])[]> {
    return await Promise.all(this.nodes.map(async (node) => [node, await ask(node)] as const));
  }

  /** Asks every node for its confirmed slot: health by lag, and latency for the gate. */
  async probe(): Promise<void> {
    this.#probedAtMs = this.monotonicMs();
    const answers = await this.each((node) => node.ask('getSlot', [{ commitment: 'confirmed' }], readSlot));
    for (const [node, answer] of answers) {
      // A node that does not say is not behind: its error rate tells what there is to tell.
      const possible = answer.kind === 'answer' && (await this.slotDoubt(node, answer.value)) === null;
      node.health.slot = possible ? answer.value : null;
      if (possible) this.sawSlot(answer.value);
    }
  }

  /** Whether an answer of this slot is older than what other nodes have by more than a moment; compared now. */
  async isStale(slot: number): Promise<boolean> {
    if (this.nodes.length < 2) return false;
    await this.probe();
    return this.newestSlot - slot > MAX_LAG_SLOTS;
  }

  health(): readonly NodeHealth[] {
    return this.nodes.map((node) => ({
      node: node.name,
      errorRate: node.health.errorRate,
      latencyMs: node.health.latencyMs,
      lagSlots: this.#lagOf(node),
      restsMs: node.restsMs(),
    }));
  }

  /** Median latency of the node that is asked first, for the latency gate; null while unknown. */
  latencyMs(): number | null {
    return this.ranked()[0]?.health.latencyMs ?? null;
  }

  /** For libraries that want one: every call has our timeout, failover and health; its own retry at 429 is off. */
  connection(): Connection {
    this.#connection ??= new Connection(this.nodes[0]?.endpoint.url ?? '', {
      commitment: 'confirmed',
      wsEndpoint: this.nodes[0]?.endpoint.webSocketUrl ?? '',
      disableRetryOnRateLimit: true,
      fetch: (async (_url: unknown, init?: { readonly body?: unknown }) =>
        await this.#fetchAnywhere(String(init?.body ?? ''))) as typeof fetch,
    });
    return this.#connection;
  }

  /**
   * The first node's answer that will do, else the last one that will not. `ask` may take several questions to its node.
   * @throws TransientError when no node answers
   */
  async firstOf<T>(
    method: string,
    ask: (node: RpcNode) => Promise<RpcAnswer<T>>,
    willDo: (value: T) => boolean,
  ): Promise<T> {
    const silent: (readonly [string, NoAnswer])[] = [];
    let other: { readonly value: T } | null = null;
    for (const node of this.ranked()) {
      const answer = await ask(node);
      if (answer.kind === 'answer') {
        if (willDo(answer.value)) return answer.value;
        other = answer;
        continue;
      }
      silent.push([node.name, answer]);
    }
    if (other !== null) return other.value;
    throw unanswered(method, silent);
  }

  async #fetchAnywhere(body: string): Promise<Response> {
    let last: unknown = new TransientError('RPC_UNREACHABLE', 'No RPC node was asked.');
    for (const node of this.ranked()) {
      try {
        return await node.fetch(body);
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  #lagOf(node: RpcNode): number | null {
    const slots = this.nodes.flatMap(({ health }) => (health.slot === null ? [] : [health.slot]));
    return node.health.slot === null || slots.length < 2 ? null : Math.max(...slots) - node.health.slot;
  }

  #probeWhenDue(): void {
    if (this.nodes.length < 2 || this.monotonicMs() - this.#probedAtMs < PROBE_EVERY_MS) return;
    void this.probe();
  }
}
