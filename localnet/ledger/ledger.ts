import type { Block, BlockTransaction } from './block.ts';

/** How many blocks a blockhash lives (agave: MAX_PROCESSING_AGE). */
export const BLOCKHASH_LIFE_BLOCKS = 150;
/** How many blocks are kept to answer questions about history: 5 hours of 400 ms slots, some 300 MB. */
const LEDGER_BLOCKS = 50_000;
/** How far back an account can be read or undone: the farthest that a node may lag. */
export const STATE_BLOCKS = 512;

export interface TransactionPlace {
  readonly landed: BlockTransaction;
  readonly block: Block;
}

/** Every block that was ever made, and which of them are on the main fork. */
export class Ledger {
  readonly #main = new Map<number, Block>();
  readonly #byHash = new Map<string, Block>();
  readonly #bySignature = new Map<string, TransactionPlace[]>();
  readonly #mentions = new Map<string, TransactionPlace[]>();
  #first: Block;

  constructor(genesis: Block) {
    this.#first = genesis;
    this.add(genesis);
  }

  /** The oldest block that is kept. */
  get first(): Block {
    return this.#first;
  }

  add(block: Block): void {
    this.#main.set(block.slot, block);
    this.addAside(block);
    for (const landed of block.transactions) {
      const landing = { landed, block };
      push(this.#bySignature, landed.signature, landing);
      for (const address of new Set(landed.addresses)) push(this.#mentions, address, landing);
    }
  }

  /** A block of a fork that only some nodes follow. */
  addAside(block: Block): void {
    this.#byHash.set(block.blockhash, block);
  }

  /** Takes blocks off the main fork; they stay known by signature and blockhash. */
  abandon(blocks: readonly Block[]): void {
    for (const block of blocks) this.#main.delete(block.slot);
  }

  /** Whether `block` is `tip` or one before it on the same fork. */
  isOn(block: Block, tip: Block): boolean {
    let at: Block | null = tip;
    while (at !== null && this.#main.get(at.slot) !== at) {
      if (at === block) return true;
      at = at.parent;
    }
    return at !== null && block.slot <= at.slot && this.#main.get(block.slot) === block;
  }

  /** The block of a slot as seen from `tip`, null when its fork has none there. */
  blockAt(slot: number, tip: Block): Block | null {
    let at: Block | null = tip;
    while (at !== null && this.#main.get(at.slot) !== at) {
      if (at.slot === slot) return at;
      at = at.parent;
    }
    const block = this.#main.get(slot);
    return at !== null && block !== undefined && slot <= at.slot ? block : null;
  }

  /** Where these bytes landed, on any fork, in the order in which it happened. */
  landings(signature: string): readonly TransactionPlace[] {
    return this.#bySignature.get(signature) ?? [];
  }

  landingOn(signature: string, tip: Block): TransactionPlace | null {
    return this.landings(signature).find(({ block }) => this.isOn(block, tip)) ?? null;
  }

  mentions(address: string): readonly TransactionPlace[] {
    return this.#mentions.get(address) ?? [];
  }

  blockOfHash(blockhash: string): Block | null {
    return this.#byHash.get(blockhash) ?? null;
  }

  /**
   * Blocks since this blockhash on the fork of `tip`, null when the fork does not know it or knows it no longer. A
   * transaction with it may stand in the next block while this is at most 150: as on a validator, where that block is
   * `lastValidBlockHeight` + 1, because the queue is asked before the block's own hash is in it.
   */
  blockhashAge(blockhash: string, tip: Block): number | null {
    const block = this.#byHash.get(blockhash);
    if (block === undefined || !this.isOn(block, tip)) return null;
    const age = tip.height - block.height;
    return age <= BLOCKHASH_LIFE_BLOCKS ? age : null;
  }

  /** Drops blocks that are too old to be served, and the writes of blocks that no view can reach. */
  trim(head: Block, keepStateFrom: number): void {
    const aged = this.#main.get(head.slot) === head ? ancestorOnMain(head, STATE_BLOCKS) : null;
    for (let at = aged; at !== null && at.writes.size > 0 && at.height < keepStateFrom; at = at.parent)
      at.writes = NO_WRITES;
    while (head.height - this.#first.height > LEDGER_BLOCKS) this.#forgetFirst(head);
  }

  #forgetFirst(head: Block): void {
    const gone = this.#first;
    this.#main.delete(gone.slot);
    this.#byHash.delete(gone.blockhash);
    for (const landed of gone.transactions) {
      drop(this.#bySignature, landed.signature, gone);
      for (const address of new Set(landed.addresses)) drop(this.#mentions, address, gone);
    }
    for (let slot = gone.slot + 1; slot <= head.slot; slot++) {
      const next = this.#main.get(slot);
      if (next === undefined) continue;
      (next as { parent: Block | null }).parent = null;
      this.#first = next;
      return;
    }
  }
}

const NO_WRITES: Block['writes'] = new Map();

function ancestorOnMain(block: Block, count: number): Block | null {
  let at: Block | null = block;
  for (let i = 0; i < count && at !== null; i++) at = at.parent;
  return at;
}

function push<T>(map: Map<string, T[]>, name: string, value: T): void {
  const list = map.get(name);
  if (list === undefined) map.set(name, [value]);
  else list.push(value);
}

function drop(map: Map<string, TransactionPlace[]>, name: string, block: Block): void {
  const left = (map.get(name) ?? []).filter((one) => one.block !== block);
  if (left.length === 0) map.delete(name);
  else map.set(name, left);
}
