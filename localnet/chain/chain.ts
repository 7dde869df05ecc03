import type { ChainAccount } from '../account.ts';
import { ancestor, atOrBefore, type Block } from '../ledger/block.ts';
import { BLOCKHASH_LIFE_BLOCKS, Ledger, STATE_BLOCKS } from '../ledger/ledger.ts';
import { seededBytes, seededShare } from '../seeded.ts';
import { Bank } from '../svm/bank.ts';
import { FailingSvm } from '../svm/failing-svm.ts';
import type { Svm } from '../svm/svm.ts';
import { toBase58 } from '../wire/base58.ts';
import { faucetTransfer } from '../wire/build.ts';
import { type KeyPair, keyPairFrom } from '../wire/ed25519.ts';
import { type ParsedTransaction, parseTransaction } from '../wire/transaction.ts';
import { BlockMaker, type Inclusion } from './block-maker.ts';
import { Bundles } from './bundles.ts';
import { PendingQueue, type Submission } from './pending.ts';

/** Transactions in a block at most, so that a slot of ours stays short; a real block holds some thousands. */
const MAX_BLOCK_TRANSACTIONS = 1_000;
/** So many slots are skipped in a row at most: a chain never stops by chance. */
const MAX_SKIPPED_IN_A_ROW = 4;
/** Blocks made at once at the start, so that there is finalized history from the first question on. */
const WARM_UP_BLOCKS = 40;
const FAUCET_LAMPORTS = 500_000_000_000_000_000n;
const VALIDATOR_LAMPORTS = 1_000_000_000_000n;

export interface ChainSettings {
  readonly seed: string;
  readonly slotMs: number;
  /** Share of slots without a block, 0 to below 1. */
  readonly skipShare: number;
  /** Blocks by which `confirmed` trails `processed`. */
  readonly confirmedLag: number;
  /** Blocks by which `finalized` trails `processed`. */
  readonly finalizedLag: number;
  /** `wall`: block times are the time of day; `slots`: they count slots, whenever these are made. */
  readonly clock: 'wall' | 'slots';
  readonly now: () => number;
}

/** The processed, confirmed and finalized blocks of a node at a tip. */
export interface Heads {
  readonly processed: Block;
  readonly confirmed: Block;
  readonly finalized: Block;
}

interface Fork {
  /** The last block that both forks have. */
  readonly base: Block;
  /** Taken off the main fork, oldest first. */
  readonly abandoned: readonly Block[];
  readonly tip: Block;
}

export type AfterFork = 'again' | 'forget' | 'never';

/** What may write into a block before its transactions, as nothing on a real chain could. */
export interface BlockOpening {
  readonly slot: number;
  /** Block time, seconds. */
  readonly time: number;
  /** As it is now in this block. */
  account(address: string): ChainAccount | null;
  write(address: string, account: ChainAccount | null): void;
}

/** A fork that some nodes go on believing in. */
interface Branch {
  tip: Block;
  readonly base: Block;
  readonly grows: boolean;
}

/** The chain: makes blocks, forks, and knows what is confirmed and finalized. It knows nothing of nodes and network. */
export class Chain {
  readonly settings: ChainSettings;
  readonly ledger: Ledger;
  readonly bank: Bank;
  readonly pending = new PendingQueue();
  readonly bundles = new Bundles();
  readonly validator: KeyPair;
  readonly faucet: KeyPair;
  readonly genesis: Block;
  readonly branches = new Map<string, Branch>();
  readonly #accountWrites: [string, ChainAccount | null][] = [];
  readonly #never = new Set<string>();
  readonly #listeners = new Set<() => void>();
  readonly #openers = new Set<(block: BlockOpening) => void>();
  readonly #pins = new Set<() => readonly Block[]>();
  #head: Block;
  #root: Block;
  #slot: number;
  #skipped = 0;
  #skipNext = 0;
  #serial = 0;
  #clockOffsetMs = 0;
  #failing: FailingSvm | null = null;

  /** @param svm with the genesis accounts and programs already in it */
  constructor(svm: Svm, settings: ChainSettings) {
    this.settings = settings;
    this.validator = keyPairFrom(seededBytes(settings.seed, 'validator'));
    this.faucet = keyPairFrom(seededBytes(settings.seed, 'faucet'));
    const hash = seededBytes(settings.seed, 'genesis');
    const warmUpMs = WARM_UP_BLOCKS * settings.slotMs;
    this.genesis = {
      slot: 0,
      height: 0,
      parent: null,
      blockhash: toBase58(hash),
      hash,
      time: Math.floor((settings.now() - warmUpMs) / 1000),
      transactions: [],
      writes: new Map(),
    };
    svm.fund(this.faucet.address, FAUCET_LAMPORTS);
    svm.fund(this.validator.address, VALIDATOR_LAMPORTS);
    this.ledger = new Ledger(this.genesis);
    this.bank = new Bank(svm, this.genesis);
    this.#head = this.genesis;
    this.#root = this.genesis;
    this.#slot = 0;
    while (this.#head.height < WARM_UP_BLOCKS) this.tick();
  }

  get head(): Block {
    return this.#head;
  }

  /** The slot of the clock: the head's, or a later one that was skipped. */
  get slot(): number {
    return this.#slot;
  }

  /** The newest finalized block; it never goes back. */
  get root(): Block {
    return this.#root;
  }

  /** Called after each slot, fork or jump. Returns the way to stop it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Called at the start of each block, on any fork. Returns a function that stops it. */
  beforeBlock(opener: (block: BlockOpening) => void): () => void {
    this.#openers.add(opener);
    return () => this.#openers.delete(opener);
  }

  /** Blocks that some view still uses; the data that they need is not trimmed. */
  keep(pins: () => readonly Block[]): void {
    this.#pins.add(pins);
  }

  /** One slot passes: with a block, or skipped as the seed says. */
  tick(): void {
    if (this.#isSkipped(this.#slot + 1)) {
      this.#slot++;
      this.#skipped++;
    } else {
      this.#makeBlock();
    }
    this.#growBranches();
    this.#changed();
  }

  /** The next slots have no block. */
  skip(slots: number): void {
    this.#skipNext += slots;
  }

  /** Moves block time (and only that). Backwards too: the next blocks then have the last one's time until it is caught up. */
  jumpClock(seconds: number): void {
    this.#clockOffsetMs += seconds * 1000;
  }

  /** Goes straight to a later slot, as after an outage of the cluster: all slots between are skipped. */
  jumpToSlot(slot: number): void {
    if (slot <= this.#slot) return;
    this.#slot = slot - 1;
    this.#makeBlock();
    this.#changed();
  }

  /** False when the queue is full. */
  submit(transaction: ParsedTransaction, how: Submission = {}): boolean {
    const signature = transaction.signatures[0] as string;
    if (this.#never.has(signature)) return true;
    return this.pending.add(transaction, how);
  }

  /** The account becomes this in the next block. */
  writeAccount(address: string, account: ChainAccount | null): void {
    this.#accountWrites.push([address, account]);
  }

  /** A signed transfer from the faucet, ready to submit. */
  airdrop(to: string, lamports: bigint): ParsedTransaction {
    this.#serial++;
    const wire = faucetTransfer(this.faucet, to, lamports, this.#head.blockhash, this.#serial);
    return parseTransaction(wire) as ParsedTransaction;
  }

  /** Commitments as a node at `tip` sees them. Blocks on a branch that only some nodes follow are never final. */
  headsAt(tip: Block, neverFinalAfter: Block | null = null): Heads {
    const { confirmedLag, finalizedLag } = this.settings;
    let finalized = ancestor(tip, finalizedLag);
    if (this.#root.height > finalized.height && this.ledger.isOn(this.#root, tip)) finalized = this.#root;
    if (neverFinalAfter !== null && finalized.height > neverFinalAfter.height) finalized = neverFinalAfter;
    const confirmed = ancestor(tip, confirmedLag);
    return { processed: tip, confirmed: confirmed.height < finalized.height ? finalized : confirmed, finalized };
  }

  heads(): Heads {
    return this.headsAt(this.#head);
  }

  isBlockhashValid(blockhash: string, tip: Block): boolean {
    return this.ledger.blockhashAge(blockhash, tip) !== null;
  }

  lastValidBlockHeight(block: Block): number {
    return block.height + BLOCKHASH_LIFE_BLOCKS;
  }

  /**
   * The cluster changes its mind: the blocks after `baseSlot` are abandoned, what they did to accounts is undone, and a
   * block of a later slot follows on the base. Slots of abandoned blocks are skipped ones of the new fork, so the block
   * height goes back. `fate` is what becomes of the transactions of abandoned blocks: delivered again at once, forgotten
   * (a client may send the same bytes again), or never to land again whoever sends them.
   *
   * Null when the base is older than the newest finalized block: that is never undone.
   */
  fork(baseSlot: number, fate: AfterFork, branch?: { name: string; grows: boolean }): Fork | null {
    const base = atOrBefore(this.#head, baseSlot);
    if (base === this.#head || base.height < this.#root.height) return null;
    const abandoned: Block[] = [];
    for (let at = this.#head; at !== base; at = at.parent as Block) abandoned.unshift(at);
    if (branch !== undefined) this.branches.set(branch.name, { tip: this.#head, base, grows: branch.grows });
    this.ledger.abandon(abandoned);
    this.#head = base;
    for (const { transaction, signature } of abandoned.flatMap(({ transactions }) => transactions)) {
      if (transaction.keys[0] === this.validator.address) continue;
      if (fate === 'never') this.#banish(signature);
      if (fate === 'again') this.pending.add(transaction);
    }
    this.#makeBlock();
    this.#changed();
    return { base, abandoned, tip: this.#head };
  }

  /** The nodes of a branch see the main fork again. */
  heal(branch: string): void {
    if (this.branches.delete(branch)) this.#changed();
  }

  #banish(signature: string): void {
    this.#never.add(signature);
    this.pending.remove(signature);
  }

  #isSkipped(slot: number): boolean {
    if (this.#skipNext > 0) {
      this.#skipNext--;
      return true;
    }
    if (this.#skipped >= MAX_SKIPPED_IN_A_ROW) return false;
    return seededShare(this.settings.seed, 'skip', slot) < this.settings.skipShare;
  }

  #nextTime(parent: Block): number {
    const { clock, slotMs, now } = this.settings;
    const warm = this.#head.height < WARM_UP_BLOCKS;
    const ms =
      clock === 'wall' && !warm
        ? now() + this.#clockOffsetMs
        : this.genesis.time * 1000 + (this.#slot + 1) * slotMs + this.#clockOffsetMs;
    return Math.max(parent.time, Math.floor(ms / 1000));
  }

  #makeBlock(): void {
    const slot = this.#slot + 1;
    const parent = this.#head;
    const time = this.#nextTime(parent);
    const maker = new BlockMaker(this.bank, this.ledger, parent, slot, time, () => this.#failingSvm());
    for (const [address, account] of this.#accountWrites.splice(0)) maker.write(address, account);
    for (const open of this.#openers) {
      open({
        slot,
        time,
        account: (address) => this.bank.svm.account(address),
        write: (address, account) => maker.write(address, account),
      });
    }
    maker.include(this.#vote(parent));
    this.bundles.include(maker, slot);
    for (const pending of this.pending.take(slot, MAX_BLOCK_TRANSACTIONS)) {
      const inclusion = maker.include(pending.transaction, pending.failing);
      if (isWorthRetrying(inclusion)) this.pending.again(pending, slot);
    }
    this.#slot = slot;
    this.#skipped = 0;
    this.#head = maker.seal();
    this.ledger.add(this.#head);
    const finalized = ancestor(this.#head, this.settings.finalizedLag);
    if (finalized.height > this.#root.height) this.#root = finalized;
    const pinned = [...this.#pins].flatMap((pins) => pins()).map(({ height }) => height);
    this.ledger.trim(this.#head, Math.min(this.#head.height - STATE_BLOCKS, ...pinned));
  }

  /**
   * Every block holds one transaction of the validator, as a real one holds votes: so each finalized block has a
   * signature that a node can be asked for.
   */
  #vote(parent: Block): ParsedTransaction {
    const wire = faucetTransfer(this.validator, this.faucet.address, 0n, parent.blockhash, 0);
    return parseTransaction(wire) as ParsedTransaction;
  }

  #growBranches(): void {
    for (const [name, branch] of this.branches) {
      if (this.#head.height - branch.base.height > STATE_BLOCKS / 2) this.branches.delete(name);
      else if (branch.grows) branch.tip = this.#emptyBlock(branch.tip);
    }
  }

  #emptyBlock(parent: Block): Block {
    const hash = seededBytes('branch', parent.blockhash, this.#slot);
    const block: Block = {
      slot: this.#slot,
      height: parent.height + 1,
      parent,
      blockhash: toBase58(hash),
      hash,
      time: Math.max(parent.time, this.#head.time),
      transactions: [],
      writes: new Map(),
    };
    this.ledger.addAside(block);
    return block;
  }

  #failingSvm(): FailingSvm {
    this.#failing ??= new FailingSvm();
    return this.#failing;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** Dead bytes are dropped; what may pass later (the payer is not funded yet) is tried again. */
const isWorthRetrying = (inclusion: Inclusion): boolean =>
  inclusion.kind === 'refused' &&
  (inclusion.error === 'AccountNotFound' ||
    inclusion.error === 'InsufficientFundsForFee' ||
    inclusion.error === 'AddressLookupTableNotFound');
