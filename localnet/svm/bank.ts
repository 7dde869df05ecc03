import { type ChainAccount, RENT_EXEMPT_EPOCH, sameAccount } from '../account.ts';
import type { AccountUpdate, Block } from '../ledger/block.ts';
import type { ParsedTransaction } from '../wire/transaction.ts';
import { SlotHashes } from './slot-hashes.ts';
import type { SimulatedExecution, Svm } from './svm.ts';

/** Mainnet's. */
export const SLOTS_PER_EPOCH = 432_000;
const SYSVAR_OWNER = 'Sysvar1111111111111111111111111111111111111';
const CLOCK = 'SysvarC1ock11111111111111111111111111111111';
const SLOT_HASHES = 'SysvarS1otHashes111111111111111111111111111';

/**
 * One SVM that can stand at any block of any fork. LiteSVM has no forks and only one state; each block keeps what its
 * accounts were before and after it, so walking to another block is undoing down to the common ancestor and doing again
 * from there. A second SVM per fork would cost a copy of all accounts and programs (10 ms and more) and hold them twice;
 * this costs what the blocks between wrote, mostly nothing.
 */
export class Bank {
  readonly svm: Svm;
  readonly #slotHashes = new SlotHashes();
  #at: Block;

  constructor(svm: Svm, genesis: Block) {
    this.svm = svm;
    this.#at = genesis;
  }

  /** Brings the SVM to the state after `block`, its clock included. */
  standAt(block: Block): void {
    const [back, forth] = path(this.#at, block);
    for (const one of back) for (const [address, { before }] of one.writes) this.svm.setAccount(address, before);
    for (const one of forth) for (const [address, { after }] of one.writes) this.svm.setAccount(address, after);
    this.#at = block;
    this.enter(block.slot, block.time, block);
  }

  /** Sets what programs see of time: the clock, and the hashes of the slots up to `parent`. */
  enter(slot: number, time: number, parent: Block): void {
    const epoch = Math.floor(slot / SLOTS_PER_EPOCH);
    this.svm.setClock(slot, time, epoch, time);
    this.svm.setAccount(SLOT_HASHES, {
      lamports: 1n,
      data: this.#slotHashes.upTo(parent),
      owner: SYSVAR_OWNER,
      executable: false,
      rentEpoch: RENT_EXEMPT_EPOCH,
    });
  }

  /** The block under construction is done: the SVM's state is its state. */
  sealed(block: Block): void {
    this.#at = block;
  }

  /** An account as it was after `block`, without moving the SVM. */
  accountAt(block: Block, address: string): ChainAccount | null {
    // Blocks do not write the clock; the SVM's clock is that of its present block.
    if (address === CLOCK) return clockAt(block, this.svm.account(CLOCK));
    const [back, forth] = path(this.#at, block);
    const written = forth.findLast((one) => one.writes.has(address))?.writes.get(address);
    if (written !== undefined) return written.after;
    const undone = back.findLast((one) => one.writes.has(address))?.writes.get(address);
    return undone === undefined ? this.svm.account(address) : undone.before;
  }

  programAccountsAt(block: Block, owner: string): [address: string, account: ChainAccount][] {
    if (block !== this.#at) this.standAt(block);
    return this.svm.programAccounts(owner);
  }

  simulateAt(block: Block, transaction: ParsedTransaction, checkSignatures: boolean): SimulatedExecution {
    this.standAt(block);
    return this.svm.simulate(transaction, checkSignatures);
  }
}

function clockAt({ slot, time }: Block, now: ChainAccount | null): ChainAccount | null {
  if (now === null) return null;
  const epoch = Math.floor(slot / SLOTS_PER_EPOCH);
  const data = Buffer.alloc(now.data.length);
  [slot, time, epoch, epoch + 1, time].forEach((value, index) => {
    data.writeBigInt64LE(BigInt(value), index * 8);
  });
  return { ...now, data };
}

/** The blocks to undo, newest first, and those to do, oldest first. */
export function path(from: Block, to: Block): [back: Block[], forth: Block[]] {
  const back: Block[] = [];
  const forth: Block[] = [];
  let a: Block = from;
  let b: Block = to;
  while (a !== b) {
    if (a.height >= b.height && a.parent !== null) {
      back.push(a);
      a = a.parent;
    } else if (b.parent !== null) {
      forth.push(b);
      b = b.parent;
    } else {
      throw new RangeError(`slots ${from.slot} and ${to.slot} have no block in common that is still kept`);
    }
  }
  return [back, forth.reverse()];
}

/** Writes of one block while it is made: the first `before`, the last `after`. */
export class WriteSet {
  readonly #writes = new Map<string, AccountUpdate>();

  note(address: string, before: ChainAccount | null, after: ChainAccount | null): void {
    const first = this.#writes.get(address);
    if (first === undefined && sameAccount(before, after)) return;
    this.#writes.set(address, { before: first === undefined ? before : first.before, after });
  }

  done(): ReadonlyMap<string, AccountUpdate> {
    return this.#writes;
  }
}
