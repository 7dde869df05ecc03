import type { WebSocket } from 'ws';
import type { Heads } from '../chain/chain.ts';
import { toJson } from '../json.ts';
import type { Block } from '../ledger/block.ts';
import type { Node, NodeCommitment } from '../nodes/node.ts';
import { passesFilters } from '../rpc/account-methods.ts';
import { encodeAccount } from '../rpc/encode-account.ts';
import type { Params } from '../rpc/params.ts';
import { invalidParams, RpcError } from '../rpc/rpc-error.ts';
import { path } from '../svm/bank.ts';
import { parseSubscription, type Subscription, unsubscribed } from './subscription.ts';

/** Of one socket. */
const MAX_SUBSCRIPTIONS = 10_000;

interface ViewChange {
  /** Blocks that this commitment left and came to, as its node sees them. */
  readonly gone: readonly Block[];
  readonly come: readonly Block[];
  readonly written: ReadonlySet<string>;
}

/** The subscriptions of one node's sockets: subscribers get what is new in its view since the last slot. */
export class PubSub {
  readonly #node: Node;
  readonly #sockets = new Map<WebSocket, Map<number, Subscription>>();
  #told: Heads;
  #serial = 0;

  constructor(node: Node) {
    this.#node = node;
    this.#told = node.heads();
  }

  get count(): number {
    return [...this.#sockets.values()].reduce((sum, { size }) => sum + size, 0);
  }

  add(socket: WebSocket): void {
    this.#sockets.set(socket, new Map());
    socket.once('close', () => this.#sockets.delete(socket));
  }

  /** @throws RpcError */
  perform(socket: WebSocket, method: string, params: Params): number | boolean {
    const subscriptions = this.#sockets.get(socket) ?? new Map<number, Subscription>();
    const ended = unsubscribed(method);
    if (ended !== null) {
      const id = Number(params[0]);
      if (subscriptions.get(id)?.kind !== ended) throw invalidParams('Invalid subscription id.');
      return subscriptions.delete(id);
    }
    const subscription = parseSubscription(method, params);
    if (subscriptions.size >= MAX_SUBSCRIPTIONS) throw new RpcError(-32603, 'Internal Error: too many subscriptions');
    this.#serial++;
    const id = this.#serial;
    subscriptions.set(id, subscription);
    // Past events are sent too, but after the answer with the subscription's id.
    if (subscription.kind === 'signature')
      setImmediate(() => this.#tellSignature(socket, subscriptions, id, subscription));
    return id;
  }

  /** After each change of the chain. */
  turn(): void {
    const before = this.#told;
    const now = this.#node.heads();
    this.#told = now;
    const changes = {
      processed: changeOf(before.processed, now.processed),
      confirmed: changeOf(before.confirmed, now.confirmed),
      finalized: changeOf(before.finalized, now.finalized),
    };
    for (const [socket, subscriptions] of this.#sockets)
      for (const [id, subscription] of subscriptions) this.#tell(socket, subscriptions, id, subscription, changes, now);
  }

  #tell(
    socket: WebSocket,
    subscriptions: Map<number, Subscription>,
    id: number,
    subscription: Subscription,
    changes: Readonly<Record<NodeCommitment, ViewChange>>,
    now: Heads,
  ): void {
    switch (subscription.kind) {
      case 'signature':
        this.#tellSignature(socket, subscriptions, id, subscription);
        return;
      case 'slot':
        for (const block of changes.processed.come)
          this.#send(socket, id, 'slot', {
            slot: block.slot,
            parent: block.parent?.slot ?? 0,
            root: now.finalized.slot,
          });
        return;
      case 'root':
        for (const { slot } of changes.finalized.come) this.#send(socket, id, 'root', slot);
        return;
      case 'account':
        if (changes[subscription.commitment].written.has(subscription.address))
          this.#tellAccount(socket, id, subscription, now[subscription.commitment]);
        return;
      case 'program':
        this.#tellProgram(socket, id, subscription, changes[subscription.commitment], now);
        return;
      case 'logs':
        this.#tellLogs(socket, id, subscription, changes[subscription.commitment]);
        return;
    }
  }

  /** Sent once, when the requested commitment is reached; then the subscription ends. */
  #tellSignature(
    socket: WebSocket,
    subscriptions: Map<number, Subscription>,
    id: number,
    subscription: Subscription & { kind: 'signature' },
  ): void {
    if (subscriptions.get(id) !== subscription) return;
    const at = this.#node.at(subscription.commitment);
    const landing = this.#node.find(subscription.signature, false);
    if (landing !== null && landing.block.height <= at.height) {
      if (!this.#send(socket, id, 'signature', about(at, { err: landing.landed.error }))) return;
      subscriptions.delete(id);
    } else if (!subscription.received && this.#node.chain.pending.has(subscription.signature)) {
      subscription.received = this.#send(socket, id, 'signature', about(at, 'receivedSignature'));
    }
  }

  #tellAccount(
    socket: WebSocket,
    id: number,
    { address, config }: Subscription & { kind: 'account' },
    at: Block,
  ): void {
    const account = this.#node.account(address, at) ?? NO_ACCOUNT;
    this.#send(socket, id, 'account', about(at, this.#encoded(account, config, at)));
  }

  #tellProgram(
    socket: WebSocket,
    id: number,
    { address, config, commitment }: Subscription & { kind: 'program' },
    { written }: ViewChange,
    now: Heads,
  ): void {
    const at = now[commitment];
    for (const pubkey of written) {
      const account = this.#node.account(pubkey, at);
      if (account === null || account.owner !== address || !passesFilters(account, config.filters)) continue;
      this.#send(socket, id, 'program', about(at, { pubkey, account: this.#encoded(account, config, at) }));
    }
  }

  #tellLogs(
    socket: WebSocket,
    id: number,
    { mentions, votes }: Subscription & { kind: 'logs' },
    { come }: ViewChange,
  ): void {
    for (const block of come) {
      for (const { signature, error, logs, addresses, transaction } of block.transactions) {
        if (!votes && transaction.keys[0] === this.#node.chain.validator.address) continue;
        if (mentions !== null && !addresses.includes(mentions)) continue;
        this.#send(socket, id, 'logs', about(block, { signature, err: error, logs }));
      }
    }
  }

  #encoded(account: Parameters<typeof encodeAccount>[0], config: Parameters<typeof encodeAccount>[1], at: Block) {
    return encodeAccount(account, config, (mint) => this.#node.account(mint, at));
  }

  /** False when a fault keeps the socket silent. */
  #send(socket: WebSocket, subscription: number, kind: Subscription['kind'], result: unknown): boolean {
    const method = `${kind}Notification`;
    if (this.#node.faults.state('silent', { node: this.#node.name, method }) !== null) return false;
    socket.send(toJson({ jsonrpc: '2.0', method, params: { result, subscription } }));
    return true;
  }
}

/** How a deleted account is shown. */
const NO_ACCOUNT = {
  lamports: 0n,
  data: new Uint8Array(0),
  owner: '11111111111111111111111111111111',
  executable: false,
  rentEpoch: 0n,
};

const about = ({ slot }: Block, value: unknown) => ({ context: { slot }, value });

function changeOf(before: Block, now: Block): ViewChange {
  if (before === now) return NOTHING;
  const [gone, come] = path(before, now);
  const written = new Set([...gone, ...come].flatMap(({ writes }) => [...writes.keys()]));
  return { gone, come, written };
}

const NOTHING: ViewChange = { gone: [], come: [], written: new Set() };
