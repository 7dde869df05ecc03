import type { AfterFork, Chain } from './chain/chain.ts';
import type { FaultRules } from './faults/faults.ts';
import type { FaultRule } from './faults/rule.ts';
import type { Network } from './rpc/methods.ts';
import { type ParsedTransaction, signatureOf } from './wire/transaction.ts';

/** The path from a node to the leader, with its faults. */
export class FaultyNetwork implements Network {
  readonly #chain: Chain;
  readonly #faults: FaultRules;
  /** Transactions that a fork takes away once they are confirmed. */
  readonly #toFork = new Map<string, FaultRule>();

  constructor(chain: Chain, faults: FaultRules) {
    this.#chain = chain;
    this.#faults = faults;
    chain.onChange(() => this.#forkConfirmed());
  }

  submit(via: string, transaction: ParsedTransaction, triesLeft: number | null): void {
    const rules = this.rulesFor(via, [transaction]);
    if (rules.some(({ kind }) => kind === 'drop')) return;
    const notBefore = this.#chain.slot + 1 + lateness(rules);
    const failing = rules.some(({ kind }) => kind === 'fail-on-chain');
    this.#chain.submit(transaction, { notBefore, triesLeft, failing });
    for (const { kind, slots } of rules) {
      if (kind === 'duplicate') this.#chain.submit(transaction, { notBefore: notBefore + slots, copy: true });
    }
  }

  /** Also notes the forks to come. */
  rulesFor(via: string, transactions: readonly ParsedTransaction[]): readonly FaultRule[] {
    return transactions.flatMap((transaction) => {
      const signature = signatureOf(transaction);
      const rules = this.#faults.onSubmission({ node: via, signature, accounts: transaction.keys });
      for (const rule of rules) if (rule.kind === 'fork') this.#toFork.set(signature, rule);
      return rules;
    });
  }

  #forkConfirmed(): void {
    for (const [signature, rule] of this.#toFork) {
      const landing = this.#chain.ledger.landingOn(signature, this.#chain.head);
      if (landing === null || landing.block.height > this.#chain.heads().confirmed.height) continue;
      this.#toFork.delete(signature);
      const base = Math.max(this.#chain.root.slot, landing.block.slot - 1 - rule.slots);
      this.#chain.fork(base, rule.fate satisfies AfterFork);
    }
  }
}

export const lateness = (rules: readonly FaultRule[]): number =>
  rules.reduce((slots, rule) => (rule.kind === 'late' ? Math.max(slots, rule.slots) : slots), 0);
