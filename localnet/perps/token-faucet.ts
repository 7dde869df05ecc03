import type { BlockOpening } from '../chain/chain.ts';
import { tokenAccountAddress } from './token-addresses.ts';
import { tokenAccount, withAmount } from './tokens.ts';

/** Writes tokens into associated token accounts, where the mint's owner would mint them. */
export class TokenFaucet {
  readonly #mint: string;
  readonly #gifts = new Map<string, bigint>();

  constructor(mint: string) {
    this.#mint = mint;
  }

  /** From the next block on. */
  give(owner: string, amount: bigint): void {
    this.#gifts.set(owner, (this.#gifts.get(owner) ?? 0n) + amount);
  }

  apply(block: BlockOpening): void {
    for (const [owner, amount] of this.#gifts) {
      const address = tokenAccountAddress(owner, this.#mint);
      block.write(address, withAmount(block.account(address) ?? tokenAccount(this.#mint, owner, 0n), amount));
    }
    this.#gifts.clear();
  }
}
