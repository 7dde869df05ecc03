import type { ChainAccount } from '../account.ts';
import type { Chain, Heads } from '../chain/chain.ts';
import type { FaultRules } from '../faults/faults.ts';
import { atOrBefore, type Block } from '../ledger/block.ts';
import { STATE_BLOCKS, type TransactionPlace } from '../ledger/ledger.ts';

/** Blocks whose statuses a node has in its cache; older ones need a search of its history (agave: 300 roots). */
const STATUS_CACHE_BLOCKS = 300;

export type NodeCommitment = keyof Heads;

/** One RPC node: the chain as this one sees it, faults of its view included. */
export class Node {
  readonly name: string;
  readonly chain: Chain;
  readonly faults: FaultRules;
  /** The abandoned fork that it follows, null: the cluster's. */
  branch: string | null = null;
  #frozen: Block | null = null;

  constructor(name: string, chain: Chain, faults: FaultRules) {
    this.name = name;
    this.chain = chain;
    this.faults = faults;
    chain.keep(() => (this.#frozen === null ? [] : [this.#frozen]));
  }

  heads(): Heads {
    const branch = this.branch === null ? undefined : this.chain.branches.get(this.branch);
    let tip = branch?.tip ?? this.chain.head;
    if (this.faults.state('frozen', { node: this.name }) === null) this.#frozen = null;
    else {
      this.#frozen ??= tip;
      tip = this.#frozen;
    }
    const lag = this.faults.state('lag', { node: this.name });
    if (lag !== null) tip = atOrBefore(tip, this.chain.slot - Math.min(lag.slots, STATE_BLOCKS));
    return this.chain.headsAt(tip, branch?.base ?? null);
  }

  at(commitment: NodeCommitment): Block {
    return this.heads()[commitment];
  }

  /** Slots that it is behind the cluster, as far as anybody knows. */
  slotsBehind(): number {
    return Math.max(0, this.chain.head.slot - this.at('processed').slot);
  }

  hasHistory(): boolean {
    return this.faults.state('no-history', { node: this.name }) === null;
  }

  /** The first slot of which it still has the block. */
  firstAvailable(): number {
    const first = this.chain.ledger.first.slot;
    const pruned = this.faults.state('pruned', { node: this.name });
    if (pruned === null) return first;
    const tip = this.at('processed');
    return atOrBefore(tip, Math.max(first, tip.slot - pruned.slots)).slot;
  }

  blockAt(slot: number): Block | null {
    if (slot < this.firstAvailable()) return null;
    return this.chain.ledger.blockAt(slot, this.at('processed'));
  }

  /** A transaction's status on the fork that this node follows; null: the node has never seen it, or denies it. */
  find(signature: string, searchHistory: boolean): TransactionPlace | null {
    if (this.faults.state('denies', { node: this.name, signature }) !== null) return null;
    const tip = this.at('processed');
    const landing = this.chain.ledger.landingOn(signature, tip);
    if (landing === null) return null;
    if (searchHistory) return landing.block.slot < this.firstAvailable() ? null : landing;
    return tip.height - landing.block.height > STATUS_CACHE_BLOCKS ? null : landing;
  }

  commitmentOf(block: Block): NodeCommitment {
    const { confirmed, finalized } = this.heads();
    if (block.height <= finalized.height) return 'finalized';
    return block.height <= confirmed.height ? 'confirmed' : 'processed';
  }

  account(address: string, at: Block): ChainAccount | null {
    return this.chain.bank.accountAt(at, address);
  }
}
