import type { TransactionInstruction } from '@solana/web3.js';
import type { Chain } from '../chain/chain.ts';
import type { Block } from '../ledger/block.ts';
import { path } from '../svm/bank.ts';
import { userAddress, userStatsAddress } from './addresses.ts';
import { driftInstruction, type Remaining } from './instructions.ts';
import { DRIFT_PROGRAM_ID } from './program.ts';
import type { DriftWallet, Sender } from './sender.ts';
import { isUser, type WaitingOrder, waitingOrders } from './user-orders.ts';

export interface KeeperRules {
  /** Fills orders against the AMM. */
  readonly fills: boolean;
  /** Slots after the placement until the first try: the AMM takes part from 11 on. */
  readonly fillAfterSlots: number;
}

export const KEEPER_RULES: KeeperRules = { fills: true, fillAfterSlots: 11 };
/** Between two tries at the same order, then less often. */
const RETRY_SLOTS = 5;
const PATIENT_TRIES = 10;
const RETRY_LATER_SLOTS = 25;

interface Tried {
  tries: number;
  notBefore: number;
}

/** Sees every block, and acts only where there are orders: a quiet slot costs it a look at what the block wrote. */
export class Keeper {
  readonly #chain: Chain;
  readonly #sender: Sender;
  readonly #wallet: DriftWallet;
  readonly #marketAccounts: (marketIndex: number) => readonly Remaining[];
  readonly #orders = new Map<string, readonly WaitingOrder[]>();
  readonly #tried = new Map<string, Tried>();
  #rules: KeeperRules = KEEPER_RULES;
  #seen: Block | null = null;

  constructor(
    chain: Chain,
    sender: Sender,
    wallet: DriftWallet,
    marketAccounts: (marketIndex: number) => readonly Remaining[],
  ) {
    this.#chain = chain;
    this.#sender = sender;
    this.#wallet = wallet;
    this.#marketAccounts = marketAccounts;
  }

  get rules(): KeeperRules {
    return this.#rules;
  }

  /** What is not named stays as it is. */
  set(rules: Partial<KeeperRules>): void {
    this.#rules = { ...this.#rules, ...rules };
  }

  /** After each slot. */
  turn(): void {
    this.#look();
    if (this.#rules.fills) for (const order of [...this.#orders.values()].flat()) this.#tryToFill(order);
  }

  /** Orders of users whose accounts changed, forwards or by a fork. */
  #look(): void {
    const head = this.#chain.head;
    if (head === this.#seen) return;
    if (this.#seen === null) {
      for (const [address] of this.#chain.bank.programAccountsAt(head, DRIFT_PROGRAM_ID)) this.#note(address, head);
    } else {
      const [back, forth] = path(this.#seen, head);
      const touched = new Set([...back, ...forth].flatMap(({ writes }) => [...writes.keys()]));
      for (const address of touched) this.#note(address, head);
    }
    this.#seen = head;
  }

  #note(address: string, head: Block): void {
    const account = this.#chain.bank.accountAt(head, address);
    if (!isUser(account)) return;
    const orders = waitingOrders(address, account);
    if (orders.length === 0) this.#orders.delete(address);
    else this.#orders.set(address, orders);
    const open = new Set(orders.map(nameOf));
    for (const name of this.#tried.keys())
      if (name.startsWith(`${address}:`) && !open.has(name)) this.#tried.delete(name);
  }

  #tryToFill(order: WaitingOrder): void {
    const slot = this.#chain.slot;
    const name = nameOf(order);
    const tried = this.#tried.get(name) ?? { tries: 0, notBefore: order.placedAtSlot + this.#rules.fillAfterSlots };
    // The transaction lands one slot later at the earliest.
    if (slot + 1 < tried.notBefore) return;
    this.#sender.send(this.#wallet, [this.fillOf(order)]);
    const pause = tried.tries < PATIENT_TRIES ? RETRY_SLOTS : RETRY_LATER_SLOTS;
    this.#tried.set(name, { tries: tried.tries + 1, notBefore: slot + 1 + pause });
  }

  fillOf(order: WaitingOrder): TransactionInstruction {
    return driftInstruction(
      'fillPerpOrder',
      { orderId: order.orderId, makerOrderId: null },
      {
        authority: this.#wallet.address,
        filler: userAddress(this.#wallet.address),
        fillerStats: userStatsAddress(this.#wallet.address),
        user: order.user,
        userStats: userStatsAddress(order.authority),
      },
      this.#marketAccounts(order.marketIndex),
    );
  }
}

const nameOf = ({ user, orderId }: WaitingOrder): string => `${user}:${orderId}`;
