/** The program's instructions as its IDL describes them: the SDK's coder for the data, our own accounts. */
import { createRequire } from 'node:module';
import type { CustomBorshCoder } from '@drift-labs/sdk';
import { type AccountMeta, type PublicKey, TransactionInstruction, VersionedTransaction } from '@solana/web3.js';
import { driftSdk } from './sdk.ts';

interface IdlAccount {
  readonly name: string;
  readonly isMut: boolean;
  readonly isSigner: boolean;
}
interface InstructionIdl {
  readonly instructions: readonly { readonly name: string; readonly accounts: readonly IdlAccount[] }[];
  readonly errors: readonly { readonly code: number; readonly name: string; readonly msg?: string }[];
}

const idl = createRequire(import.meta.url)('@drift-labs/sdk/src/idl/drift.json') as InstructionIdl;
let made: CustomBorshCoder | null = null;
function coder(): CustomBorshCoder {
  made ??= new (driftSdk().CustomBorshCoder)(idl as never);
  return made;
}
const ACCOUNTS: ReadonlyMap<string, readonly IdlAccount[]> = new Map(
  idl.instructions.map(({ name, accounts }) => [name, accounts]),
);

/** The program's name of an error; null for a number that is not its own. */
const ERRORS: ReadonlyMap<number, { readonly name: string; readonly text: string }> = new Map(
  idl.errors.map(({ code, name, msg }) => [code, { name, text: msg ?? name }]),
);
export const programError = (number: number) => ERRORS.get(number) ?? null;

interface DriftInstruction {
  readonly programId: PublicKey;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** By the IDL's names; the IDL's order and flags are used. */
  readonly accounts: Readonly<Record<string, PublicKey>>;
  /** Oracles, then spot markets, then perp markets. */
  readonly remaining?: readonly AccountMeta[];
}

/** @throws Error when an account of the instruction is missing: a mistake in this program, not in its input */
export function driftInstruction(wanted: DriftInstruction): TransactionInstruction {
  const described = ACCOUNTS.get(wanted.name);
  if (described === undefined) throw new Error(`the program has no instruction ${wanted.name}`);
  const keys = described.map(({ name, isMut, isSigner }): AccountMeta => {
    const pubkey = wanted.accounts[name];
    if (pubkey === undefined) throw new Error(`${wanted.name} needs the account ${name}`);
    return { pubkey, isWritable: isMut, isSigner };
  });
  return new TransactionInstruction({
    programId: wanted.programId,
    keys: [...keys, ...(wanted.remaining ?? [])],
    data: coder().instruction.encode(wanted.name, wanted.args),
  });
}

interface DecodedInstruction {
  readonly name: string;
  readonly data: object;
}

/** Name and arguments of the program's instructions in these bytes that the coder knows; none if they are not a transaction. */
export function instructionsIn(wire: string, programId: string): readonly DecodedInstruction[] {
  try {
    const { message } = VersionedTransaction.deserialize(Buffer.from(wire, 'base64'));
    return message.compiledInstructions.flatMap(({ programIdIndex, data }) => {
      if (message.staticAccountKeys[programIdIndex]?.toBase58() !== programId) return [];
      return coder().instruction.decode(Buffer.from(data)) ?? [];
    });
  } catch {
    return [];
  }
}
