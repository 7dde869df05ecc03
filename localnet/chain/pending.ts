import { computeRequest } from '../wire/fee.ts';
import { type ParsedTransaction, signatureOf } from '../wire/transaction.ts';

/** Transactions that wait for a block. More are refused, as a full queue drops them. */
export const MAX_PENDING = 20_000;
/** Blocks between two tries of one that could not be included (the payer had no money yet, the queue was full). */
export const RETRY_SLOTS = 5;

export interface Pending {
  readonly transaction: ParsedTransaction;
  readonly signature: string;
  /** Not in a block before this slot. */
  notBefore: number;
  /** Further tries, null: until its blockhash has died. */
  triesLeft: number | null;
  /** Passed its simulation and will fail on chain. */
  readonly failing: boolean;
  /** Micro-lamports per compute unit. Higher prices go first, then earlier arrivals. */
  readonly priority: bigint;
}

export interface Submission {
  readonly notBefore?: number;
  readonly triesLeft?: number | null;
  readonly failing?: boolean;
  /** Delivered once more, whatever waits already. */
  readonly copy?: boolean;
}

export class PendingQueue {
  readonly #queue: Pending[] = [];

  get size(): number {
    return this.#queue.length;
  }

  has(signature: string): boolean {
    return this.#queue.some((one) => one.signature === signature);
  }

  /** Whether one of those that wait is such. */
  some(is: (transaction: ParsedTransaction) => boolean): boolean {
    return this.#queue.some((one) => is(one.transaction));
  }

  /** A second delivery of bytes that wait already changes nothing. False when the queue is full. */
  add(transaction: ParsedTransaction, how: Submission = {}): boolean {
    const signature = signatureOf(transaction);
    const notBefore = how.notBefore ?? 0;
    if (how.copy !== true && this.#queue.some((one) => one.signature === signature && one.notBefore <= notBefore))
      return true;
    if (this.#queue.length >= MAX_PENDING) return false;
    const priority = computeRequest(transaction).microLamportsPerUnit;
    const triesLeft = how.triesLeft ?? null;
    this.#queue.push({ transaction, signature, notBefore, triesLeft, failing: how.failing ?? false, priority });
    return true;
  }

  remove(signature: string): void {
    for (let i = this.#queue.length - 1; i >= 0; i--) {
      if (this.#queue[i]?.signature === signature) this.#queue.splice(i, 1);
    }
  }

  /** Takes out those that the block of `slot` may hold, at most `count`, the best paying first. */
  take(slot: number, count: number): Pending[] {
    const due = this.#queue.filter((one) => one.notBefore <= slot);
    due.sort((a, b) => (a.priority === b.priority ? 0 : a.priority > b.priority ? -1 : 1));
    const taken = new Set(due.slice(0, count));
    const left = this.#queue.filter((one) => !taken.has(one));
    this.#queue.splice(0, this.#queue.length, ...left);
    return [...taken];
  }

  /** Back into the queue after a try that was not included, unless its tries are used up. */
  again(pending: Pending, slot: number): void {
    if (pending.triesLeft === 0) return;
    if (pending.triesLeft !== null) pending.triesLeft--;
    pending.notBefore = slot + RETRY_SLOTS;
    this.#queue.push(pending);
  }
}
