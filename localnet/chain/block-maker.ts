import type { ChainAccount } from '../account.ts';
import type { Block, BlockTransaction } from '../ledger/block.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { seededBytes } from '../seeded.ts';
import { addressesOf } from '../svm/addresses.ts';
import { type Bank, WriteSet } from '../svm/bank.ts';
import { FailingSvm } from '../svm/failing-svm.ts';
import type { Execution } from '../svm/svm.ts';
import { isRecorded, type TransactionError } from '../svm/transaction-error.ts';
import { isTokenProgram, mintOf, type TokenBalance, tokenAccountOf } from '../token.ts';
import { toBase58 } from '../wire/base58.ts';
import { feeOf } from '../wire/fee.ts';
import { type ParsedTransaction, payerOf, signatureOf } from '../wire/transaction.ts';

export type Inclusion =
  | { readonly kind: 'landed'; readonly landed: BlockTransaction }
  | { readonly kind: 'refused'; readonly error: TransactionError };

/** Makes one block on `parent`: executes on the SVM and records the writes. */
export class BlockMaker {
  readonly #bank: Bank;
  readonly #ledger: Ledger;
  readonly #parent: Block;
  readonly #slot: number;
  readonly #time: number;
  readonly #writes = new WriteSet();
  readonly #landed = new Map<string, BlockTransaction>();
  readonly #failing: () => FailingSvm;

  constructor(
    bank: Bank,
    ledger: Ledger,
    parent: Block,
    slot: number,
    time: number,
    failing: () => FailingSvm = () => new FailingSvm(),
  ) {
    this.#bank = bank;
    this.#ledger = ledger;
    this.#parent = parent;
    this.#slot = slot;
    this.#time = time;
    this.#failing = failing;
    bank.standAt(parent);
    bank.svm.turnBlockhash();
    bank.enter(slot, time, parent);
  }

  get count(): number {
    return this.#landed.size;
  }

  /** Writes an account as nothing on a real chain could; it is part of the block, so a fork undoes it too. */
  write(address: string, account: ChainAccount | null): void {
    const before = this.#bank.svm.account(address);
    this.#bank.svm.setAccount(address, account);
    this.#writes.note(address, before, account);
  }

  include(transaction: ParsedTransaction, failing = false): Inclusion {
    const dead = this.#refusal(transaction);
    if (dead !== null) return { kind: 'refused', error: dead };
    const svm = this.#bank.svm;
    const addresses = addressesOf(transaction, (address) => svm.account(address));
    const programs = new Set(transaction.instructions.map(({ programIndex }) => addresses.all[programIndex]));
    const before = this.#read(addresses.all, programs);
    const execution = failing ? this.#failOnChain(transaction, addresses.all) : svm.execute(transaction);
    if (!isRecorded(execution.error)) return { kind: 'refused', error: execution.error as TransactionError };
    const fee = feeOf(transaction);
    if (execution.error !== null) this.#chargeOnly(fee, payerOf(transaction), before);
    const after = this.#read(addresses.all, programs);
    for (const address of addresses.writable)
      this.#writes.note(address, before.get(address) ?? null, after.get(address) ?? null);
    const landed: BlockTransaction = {
      ...execution,
      signature: signatureOf(transaction),
      transaction,
      index: this.#landed.size,
      fee,
      addresses: addresses.all,
      loaded: addresses.loaded,
      balancesBefore: addresses.all.map((address) => before.get(address)?.lamports ?? 0n),
      balancesAfter: addresses.all.map((address) => after.get(address)?.lamports ?? 0n),
      tokensBefore: this.#tokens(addresses.all, before),
      tokensAfter: this.#tokens(addresses.all, after),
    };
    this.#landed.set(landed.signature, landed);
    return { kind: 'landed', landed };
  }

  /** All of them in this order and without an error, or none. */
  includeAll(transactions: readonly ParsedTransaction[]): Inclusion {
    const landedBefore = new Set(this.#landed.keys());
    const undo = new Map<string, ChainAccount | null>();
    let last: Inclusion = { kind: 'refused', error: 'SanitizeFailure' };
    for (const transaction of transactions) {
      const { writable } = addressesOf(transaction, (address) => this.#bank.svm.account(address));
      for (const address of writable) if (!undo.has(address)) undo.set(address, this.#bank.svm.account(address));
      last = this.include(transaction);
      if (last.kind === 'landed' && last.landed.error === null) continue;
      for (const [address, account] of undo) this.write(address, account);
      for (const signature of this.#landed.keys()) if (!landedBefore.has(signature)) this.#landed.delete(signature);
      return last.kind === 'refused' ? last : { kind: 'refused', error: last.landed.error as TransactionError };
    }
    return last;
  }

  seal(): Block {
    const transactions = [...this.#landed.values()];
    const words = transactions.map(({ signature }) => signature);
    const hash = seededBytes('block', this.#parent.blockhash, this.#slot, ...words);
    const block: Block = {
      slot: this.#slot,
      height: this.#parent.height + 1,
      parent: this.#parent,
      blockhash: toBase58(hash),
      hash,
      time: this.#time,
      transactions,
      writes: this.#writes.done(),
    };
    this.#bank.sealed(block);
    return block;
  }

  /** LiteSVM knows neither our blockhashes nor our history: these two checks of a leader are ours. */
  #refusal(transaction: ParsedTransaction): TransactionError | null {
    const signature = signatureOf(transaction);
    if (this.#ledger.blockhashAge(transaction.recentBlockhash, this.#parent) === null) return 'BlockhashNotFound';
    if (this.#landed.has(signature)) return 'AlreadyProcessed';
    return this.#ledger.landingOn(signature, this.#parent) === null ? null : 'AlreadyProcessed';
  }

  /** Programs are read without their code, which can be megabytes and never changes here. */
  #read(addresses: readonly string[], programs: ReadonlySet<string | undefined>): Map<string, ChainAccount | null> {
    const svm = this.#bank.svm;
    return new Map(
      addresses.map((address) => [address, programs.has(address) ? svm.header(address) : svm.account(address)]),
    );
  }

  #failOnChain(transaction: ParsedTransaction, addresses: readonly string[]): Execution {
    const svm = this.#bank.svm;
    const { error, units } = svm.simulate(transaction, true);
    if (error !== null) return svm.execute(transaction);
    const clock = { slot: this.#slot, time: this.#time };
    return this.#failing().execute(transaction, addresses, units, clock, (one) => svm.account(one));
  }

  /** The effect of a failed transaction: only its fee, however the SVM computed it. */
  #chargeOnly(fee: bigint, payer: string, before: ReadonlyMap<string, ChainAccount | null>): void {
    const had = before.get(payer) ?? null;
    if (had === null) return;
    this.#bank.svm.setAccount(payer, { ...had, lamports: had.lamports - fee });
  }

  #tokens(addresses: readonly string[], accounts: ReadonlyMap<string, ChainAccount | null>): TokenBalance[] {
    return addresses.flatMap((address, accountIndex) => {
      const account = accounts.get(address) ?? null;
      if (account === null || !isTokenProgram(account.owner)) return [];
      const token = tokenAccountOf(account);
      const mintAccount = token === null ? null : this.#bank.svm.account(token.mint);
      const mint = mintAccount === null ? null : mintOf(mintAccount);
      if (token === null || mint === null) return [];
      const { owner, amount } = token;
      return [{ accountIndex, mint: token.mint, owner, programId: account.owner, amount, decimals: mint.decimals }];
    });
  }
}
