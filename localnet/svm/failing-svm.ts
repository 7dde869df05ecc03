import type { ChainAccount } from '../account.ts';
import { toBase58 } from '../wire/base58.ts';
import type { ParsedTransaction } from '../wire/transaction.ts';
import { type Execution, Svm } from './svm.ts';

/** An upgradeable program's account: 2, then the address that holds its code. */
const PROGRAM_ACCOUNT_BYTES = 36;

/**
 * A second SVM in which a transaction runs out of compute units one unit before its end, although its simulation
 * passed. So a transaction that fails on chain fails in a real execution: what it did is undone and its fee is paid.
 */
export class FailingSvm {
  readonly #svm = new Svm();
  readonly #programs = new Set<string>();

  /** @param units the units used in the simulation */
  execute(
    transaction: ParsedTransaction,
    addresses: readonly string[],
    units: bigint,
    clock: { slot: number; time: number },
    account: (address: string) => ChainAccount | null,
  ): Execution {
    for (const address of addresses) this.#take(address, account);
    this.#svm.setClock(clock.slot, clock.time, 0, 0);
    this.#svm.limitComputeUnits(units > 1n ? units - 1n : 1n);
    return this.#svm.execute(transaction);
  }

  #take(address: string, account: (address: string) => ChainAccount | null): void {
    if (this.#programs.has(address)) return;
    const taken = account(address);
    if (taken?.executable === true) {
      this.#programs.add(address);
      if (this.#svm.account(address)?.executable === true) return;
      // The code first: the program's account is loaded when it is set.
      const code = taken.data.length === PROGRAM_ACCOUNT_BYTES ? programDataAddress(taken) : null;
      if (code !== null) this.#svm.setAccount(code, account(code));
    }
    if (!address.startsWith('Sysvar')) this.#svm.setAccount(address, taken);
  }
}

function programDataAddress({ data }: ChainAccount): string | null {
  return data[0] === 2 ? toBase58(data.slice(4, 36)) : null;
}
