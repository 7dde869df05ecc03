/** What a keeper does about waiting orders, on every program the same: its rules, makers' parts, tries at the AMM, races. */
import type { BlockOpening, Chain } from '../chain/chain.ts';
import { checkKeeperRules, type KeeperRules } from './keeper-rules.ts';

/** Between two tries at the same order, then less often. */
const RETRY_SLOTS = 5;
const PATIENT_TRIES = 10;
const RETRY_LATER_SLOTS = 25;
const RACE_MICRO_LAMPORTS = 1_000_000;

/** An order that a keeper may fill. */
export interface KeptOrder {
  readonly user: string;
  readonly authority: string;
  readonly orderId: number;
  readonly placedAtSlot: number;
  /** Unix seconds, 0: never. */
  readonly maxTs: number;
}

/** What a keeper has done about an order so far. */
interface TriedOrder {
  tries: number;
  notBefore: number;
  parts: number;
}

/** How it is done on a program. */
interface KeeperHands<Order extends KeptOrder> {
  /** The keeper's own wallet, base58. */
  readonly wallet: string;
  /** @param microLamports a fee that goes ahead of what pays less; absent: the usual */
  fill(order: Order, microLamports?: number): void;
  /** A maker takes this share of the placed size, at the auction's price of the moment. */
  make(order: Order, share: number): void;
}

export class OrderWork<Order extends KeptOrder> {
  readonly #chain: Chain;
  readonly #hands: KeeperHands<Order>;
  readonly #tried = new Map<string, TriedOrder>();
  readonly #rulesFor = new Map<string, KeeperRules>();
  #rules: KeeperRules;

  constructor(chain: Chain, rules: KeeperRules, hands: KeeperHands<Order>) {
    this.#chain = chain;
    this.#rules = rules;
    this.#hands = hands;
  }

  get rules(): KeeperRules {
    return this.#rules;
  }

  /** Rules that are not given stay as they are. @throws ValidationError LOCALNET_KEEPER */
  set(rules: Partial<KeeperRules>): void {
    checkKeeperRules(rules);
    this.#rules = { ...this.#rules, ...rules };
  }

  /** Orders of this authority are treated by rules of their own, whatever the others' are. @throws as `set` */
  setFor(authority: string, rules: Partial<KeeperRules>): void {
    checkKeeperRules(rules);
    this.#rulesFor.set(authority, { ...this.#rules, ...rules });
  }

  /** Forgets what was tried for this user's orders that are gone. */
  keepOnly(user: string, orders: readonly Order[]): void {
    const open = new Set(orders.map(nameOf));
    for (const name of this.#tried.keys()) if (name.startsWith(`${user}:`) && !open.has(name)) this.#tried.delete(name);
  }

  /** After each slot. */
  turn(orders: readonly Order[]): void {
    for (const order of orders) if (this.#rulesOf(order).fills) this.#workOn(order);
  }

  /** Before the transactions of a block are taken. */
  opening(block: BlockOpening, orders: readonly Order[]): void {
    const { wallet } = this.#hands;
    for (const order of orders) {
      const { fillAfterSlots, fills, racesCancels } = this.#rulesOf(order);
      if (!racesCancels || !fills || block.slot < order.placedAtSlot + fillAfterSlots) continue;
      const isTouched = this.#chain.pending.some(({ keys }) => keys[0] !== wallet && keys.includes(order.user));
      if (isTouched) this.#hands.fill(order, RACE_MICRO_LAMPORTS);
    }
  }

  #rulesOf = ({ authority }: Order): KeeperRules => this.#rulesFor.get(authority) ?? this.#rules;

  #workOn(order: Order): void {
    const { fillAfterSlots, parts, amm, expires } = this.#rulesOf(order);
    // A transaction sent now lands in the next slot at the earliest.
    const landing = this.#chain.slot + 1;
    const name = nameOf(order);
    const tried = this.#tried.get(name) ?? { tries: 0, notBefore: order.placedAtSlot + fillAfterSlots, parts: 0 };
    this.#tried.set(name, tried);
    const isExpired = order.maxTs !== 0 && this.#chain.head.time > order.maxTs;
    const part = parts[tried.parts];
    if (!isExpired && part !== undefined) {
      if (landing < order.placedAtSlot + part.afterSlots) return;
      tried.parts++;
      this.#hands.make(order, part.share);
      return;
    }
    if (landing < tried.notBefore || (isExpired ? !expires : !amm)) return;
    this.#hands.fill(order);
    tried.tries++;
    tried.notBefore = landing + (tried.tries < PATIENT_TRIES ? RETRY_SLOTS : RETRY_LATER_SLOTS);
  }
}

const nameOf = ({ user, orderId }: KeptOrder): string => `${user}:${orderId}`;
