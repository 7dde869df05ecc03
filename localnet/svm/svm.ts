import {
  Account,
  Clock,
  ComputeBudget,
  FailedTransactionMetadata,
  InstructionErrorBorshIo,
  InstructionErrorCustom,
  LiteSvm,
  TransactionErrorDuplicateInstruction,
  TransactionErrorInstructionError,
  TransactionErrorInsufficientFundsForRent,
  type TransactionMetadata,
} from 'litesvm/dist/internal.js';
import { type ChainAccount, RENT_EXEMPT_EPOCH, SYSTEM_PROGRAM } from '../account.ts';
import { addressBytes, toBase58 } from '../wire/base58.ts';
import type { ParsedTransaction } from '../wire/transaction.ts';
import { INSTRUCTION_ERRORS, TRANSACTION_ERRORS } from './error-names.ts';
import type { InstructionError, TransactionError } from './transaction-error.ts';

export interface InnerInstruction {
  readonly programIndex: number;
  readonly accounts: readonly number[];
  readonly data: Uint8Array;
  readonly stackHeight: number;
}

export interface Execution {
  readonly error: TransactionError | null;
  readonly logs: readonly string[];
  /** By the index of the outer instruction; without those that called nothing. */
  readonly inner: readonly { readonly index: number; readonly instructions: readonly InnerInstruction[] }[];
  readonly units: bigint;
  readonly returnData: { readonly programId: string; readonly data: Uint8Array } | null;
}

export interface SimulatedExecution extends Execution {
  /** The accounts after it; those that it did not touch are absent. */
  readonly accounts: ReadonlyMap<string, ChainAccount>;
}

const nameOf = (names: readonly string[], number: number): string => names[number] ?? `Unknown${number}`;

function instructionError(error: ReturnType<TransactionErrorInstructionError['err']>): InstructionError {
  if (error instanceof InstructionErrorCustom) return { Custom: error.code };
  if (error instanceof InstructionErrorBorshIo) return { BorshIoError: error.msg };
  return nameOf(INSTRUCTION_ERRORS, error);
}

function transactionError(error: ReturnType<FailedTransactionMetadata['err']>): TransactionError {
  if (error instanceof TransactionErrorInstructionError)
    return { InstructionError: [error.index, instructionError(error.err())] };
  if (error instanceof TransactionErrorDuplicateInstruction) return { DuplicateInstruction: error.index };
  if (error instanceof TransactionErrorInsufficientFundsForRent)
    return { InsufficientFundsForRent: { account_index: error.accountIndex } };
  if (typeof error === 'object')
    return { ProgramExecutionTemporarilyRestricted: { account_index: error.accountIndex } };
  return nameOf(TRANSACTION_ERRORS, error);
}

function executionOf(error: TransactionError | null, meta: TransactionMetadata): Execution {
  const returned = meta.returnData();
  const data = returned.data();
  return {
    error,
    logs: meta.logs(),
    inner: meta.innerInstructions().flatMap((calls, index) => {
      const instructions = calls.map((call) => {
        const instruction = call.instruction();
        return {
          programIndex: instruction.programIdIndex(),
          accounts: [...instruction.accounts()],
          data: new Uint8Array(instruction.data()),
          stackHeight: call.stackHeight(),
        };
      });
      return instructions.length === 0 ? [] : [{ index, instructions }];
    }),
    units: meta.computeUnitsConsumed(),
    returnData: data.length === 0 ? null : { programId: toBase58(returned.programId()), data: new Uint8Array(data) },
  };
}

function accountOf(account: Account): ChainAccount {
  return {
    lamports: account.lamports(),
    data: new Uint8Array(account.data()),
    owner: toBase58(account.owner()),
    executable: account.executable(),
    rentEpoch: account.rentEpoch(),
  };
}

const key = (address: string): Uint8Array => addressBytes(address) as Uint8Array;

/**
 * LiteSVM, and all that we know of it. It executes, checks signatures and takes fees; blocks, blockhashes, duplicates
 * and time are ours, so its own checks of these are off. Its npm package also has a typed face on top of another
 * library; we take the layer below, which is half as long to load and speaks in bytes.
 */
export class Svm {
  readonly #svm = new LiteSvm();

  constructor() {
    this.#svm.setTransactionHistory(0n);
    this.#svm.setBlockhashCheck(false);
  }

  /** Of every transaction, whatever it asks for. There is no way back: only for an instance that has no other use. */
  limitComputeUnits(units: bigint): void {
    const budget = new ComputeBudget();
    budget.computeUnitLimit = units;
    this.#svm.setComputeBudget(budget);
  }

  account(address: string): ChainAccount | null {
    const account = this.#svm.getAccount(key(address));
    return account === null || account.lamports() === 0n ? null : accountOf(account);
  }

  /** Of a program: that it is there, without its code. */
  header(address: string): ChainAccount | null {
    const lamports = this.#svm.getBalance(key(address));
    if (lamports === null || lamports === 0n) return null;
    return { lamports, data: new Uint8Array(0), owner: '', executable: true, rentEpoch: 0n };
  }

  /** Null deletes it. */
  setAccount(address: string, account: ChainAccount | null): void {
    const made =
      account === null
        ? new Account(0n, new Uint8Array(0), new Uint8Array(32), false, 0n)
        : new Account(account.lamports, account.data, key(account.owner), account.executable, account.rentEpoch);
    this.#svm.setAccount(key(address), made);
  }

  /** A wallet of that many lamports. */
  fund(address: string, lamports: bigint): void {
    this.setAccount(address, {
      lamports,
      data: new Uint8Array(0),
      owner: SYSTEM_PROGRAM,
      executable: false,
      rentEpoch: RENT_EXEMPT_EPOCH,
    });
  }

  programAccounts(owner: string): [address: string, account: ChainAccount][] {
    return this.#svm
      .getProgramAccounts(key(owner))
      .map((one) => [toBase58(one.address), accountOf(one.account())] as [string, ChainAccount])
      .filter(([, account]) => account.lamports > 0n);
  }

  addProgram(address: string, elf: Uint8Array): void {
    this.#svm.addProgram(key(address), elf);
  }

  rentExemptLamports(bytes: number): bigint {
    return this.#svm.minimumBalanceForRentExemption(BigInt(bytes));
  }

  setClock(slot: number, unixTimestamp: number, epoch: number, epochStart: number): void {
    this.#svm.setClock(
      new Clock(BigInt(slot), BigInt(epochStart), BigInt(epoch), BigInt(epoch + 1), BigInt(unixTimestamp)),
    );
  }

  /** A new value for the programs that read "the last blockhash" (durable nonces). */
  turnBlockhash(): void {
    this.#svm.expireBlockhash();
  }

  execute(transaction: ParsedTransaction): Execution {
    this.#svm.setSigverify(true);
    const result =
      transaction.version === 'legacy'
        ? this.#svm.sendLegacyTransaction(transaction.wire)
        : this.#svm.sendVersionedTransaction(transaction.wire);
    return result instanceof FailedTransactionMetadata
      ? executionOf(transactionError(result.err()), result.meta())
      : executionOf(null, result);
  }

  simulate(transaction: ParsedTransaction, checkSignatures: boolean): SimulatedExecution {
    this.#svm.setSigverify(checkSignatures);
    const result =
      transaction.version === 'legacy'
        ? this.#svm.simulateLegacyTransaction(transaction.wire)
        : this.#svm.simulateVersionedTransaction(transaction.wire);
    if (result instanceof FailedTransactionMetadata)
      return { ...executionOf(transactionError(result.err()), result.meta()), accounts: new Map() };
    const accounts = new Map(result.postAccounts().map((one) => [toBase58(one.address), accountOf(one.account())]));
    return { ...executionOf(null, result.meta()), accounts };
  }
}
