/** A transaction's content and its bytes: always a v0 message with a compute limit, a price and perhaps a tip. */
import {
  type AddressLookupTableAccount,
  ComputeBudgetProgram,
  type PublicKey,
  SystemProgram,
  type TransactionInstruction,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js';
import { ValidationError } from '../lib/errors.ts';

export interface Draft {
  readonly payer: PublicKey;
  readonly instructions: readonly TransactionInstruction[];
  readonly lookupTables?: readonly AddressLookupTableAccount[];
  /** The payer's balance: fee and tip stay within it. Absent: they cost whatever it takes to land soon. */
  readonly payerLamports?: bigint;
}

export interface Tip {
  readonly to: PublicKey;
  readonly lamports: number;
}

export interface Budget {
  readonly computeUnits: number;
  /** Micro-lamports per compute unit. */
  readonly price: number;
  /** Inside the bytes, so that a bundle lands with its tip or not at all. */
  readonly tip: Tip | null;
}

/** What fits a network packet. */
export const MAX_WIRE_BYTES = 1_232;

/** @throws ValidationError TRANSACTION_TOO_LARGE */
export function compile(draft: Draft, budget: Budget, blockhash: string): VersionedTransaction {
  const { payer, instructions, lookupTables = [] } = draft;
  const { computeUnits, price, tip } = budget;
  const message = new TransactionMessage({
    payerKey: payer,
    recentBlockhash: blockhash,
    instructions: [
      ComputeBudgetProgram.setComputeUnitLimit({ units: computeUnits }),
      ComputeBudgetProgram.setComputeUnitPrice({ microLamports: price }),
      ...instructions,
      ...(tip === null
        ? []
        : [SystemProgram.transfer({ fromPubkey: payer, toPubkey: tip.to, lamports: tip.lamports })]),
    ],
  });
  const tooLarge = (cause?: unknown) =>
    new ValidationError('TRANSACTION_TOO_LARGE', `The transaction exceeds ${MAX_WIRE_BYTES} bytes.`, {}, { cause });
  try {
    const transaction = new VersionedTransaction(message.compileToV0Message([...lookupTables]));
    if (transaction.serialize().length > MAX_WIRE_BYTES) throw tooLarge();
    return transaction;
  } catch (error) {
    // The encoder's buffer has the size of a packet and overruns with a RangeError.
    if (error instanceof RangeError) throw tooLarge(error);
    throw error;
  }
}

const ANY_BLOCKHASH = '11111111111111111111111111111111';
/** Nobody's: in its place stands one that takes tips. */
const ANY_TIP: Tip = { to: ComputeBudgetProgram.programId, lamports: 1 };
/** Of an account that is named nowhere else. */
const KEY_BYTES = 32;

/** A transaction of this draft fits a packet, with a tip if there may be one. */
export function fits(draft: Draft, withTip: boolean): boolean {
  try {
    const wire = compile(
      draft,
      { computeUnits: 1, price: 1, tip: withTip ? ANY_TIP : null },
      ANY_BLOCKHASH,
    ).serialize();
    return wire.length + (withTip ? KEY_BYTES : 0) <= MAX_WIRE_BYTES;
  } catch (error) {
    if (error instanceof ValidationError) return false;
    throw error;
  }
}

/** Base58, each once: whose recent fees count. */
export function writtenAccounts({ payer, instructions }: Draft): readonly string[] {
  const written = instructions.flatMap(({ keys }) => keys.filter((key) => key.isWritable).map(({ pubkey }) => pubkey));
  return [...new Set([payer, ...written].map((key) => key.toBase58()))];
}
