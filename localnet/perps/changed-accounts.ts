import type { Chain } from '../chain/chain.ts';
import type { Block } from '../ledger/block.ts';
import { path } from '../svm/bank.ts';

/** Follows the newest block, forwards or over a fork. */
export class ChangedAccounts {
  readonly #chain: Chain;
  readonly #programId: string;
  #seen: Block | null = null;

  constructor(chain: Chain, programId: string) {
    this.#chain = chain;
    this.#programId = programId;
  }

  /** The first time it names the program's accounts, later every address that was written since, whoever owns it. */
  each(note: (address: string) => void): void {
    const { head, bank } = this.#chain;
    if (head === this.#seen) return;
    if (this.#seen === null) {
      for (const [address] of bank.programAccountsAt(head, this.#programId)) note(address);
    } else {
      const [back, forth] = path(this.#seen, head);
      const written = new Set([...back, ...forth].flatMap(({ writes }) => [...writes.keys()]));
      for (const address of written) note(address);
    }
    this.#seen = head;
  }
}
