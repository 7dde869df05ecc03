/** Instructions of a program by a table: their accounts in order, what each is used for, and their arguments. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { decodeBorsh, encodeBorsh, type WireTable, type WireValues } from './borsh-table.ts';
import { DISCRIMINATOR_BYTES, instructionDiscriminator } from './discriminator.ts';

/** `pay` signs and is written: rent comes out of it. */
type AccountUse = 'read' | 'write' | 'sign' | 'pay';

export interface InstructionLayout {
  /** In snake case, as the program calls it: its discriminator follows from this name. */
  readonly name: string;
  /** In the order in which the program takes them. */
  readonly accounts: Readonly<Record<string, AccountUse>>;
  readonly args: WireTable;
}

export interface AccountKey {
  readonly address: string;
  readonly writable: boolean;
  readonly signer: boolean;
}

/** What a transaction is made of, without any library's types. */
export interface ProgramInstruction {
  readonly programId: string;
  readonly keys: readonly AccountKey[];
  readonly data: Uint8Array;
}

/** Accounts after the named ones: oracles and markets. */
export type RemainingAccount = Omit<AccountKey, 'signer'>;

export type InstructionAccounts<L extends InstructionLayout> = Readonly<Record<keyof L['accounts'], string>>;

/** @throws RangeError when an argument is not one of its type */
export function encodeInstruction<const L extends InstructionLayout>(
  programId: string,
  layout: L,
  accounts: InstructionAccounts<L>,
  args: WireValues<L['args']>,
  remaining: readonly RemainingAccount[] = [],
): ProgramInstruction {
  const uses = Object.entries(layout.accounts) as [keyof L['accounts'], AccountUse][];
  const named = uses.map(([name, use]) => ({
    address: accounts[name],
    writable: use === 'write' || use === 'pay',
    signer: use === 'sign' || use === 'pay',
  }));
  const encoded = encodeBorsh(layout.args, args);
  const data = new Uint8Array(DISCRIMINATOR_BYTES + encoded.length);
  data.set(instructionDiscriminator(layout.name));
  data.set(encoded, DISCRIMINATOR_BYTES);
  return { programId, keys: [...named, ...remaining.map((one) => ({ ...one, signer: false }))], data };
}

/** The tables of a program's instructions, by our names. */
export type InstructionTables = Readonly<Record<string, InstructionLayout>>;

export type ReadInstruction<T extends InstructionTables> = {
  readonly [Name in keyof T]: { readonly name: Name; readonly args: WireValues<T[Name]['args']> };
}[keyof T];

/** @returns reads an instruction's data; null: it is none of the tables, or its bytes are not what its table says */
export function instructionReader<const T extends InstructionTables>(
  tables: T,
): (data: Uint8Array) => ReadInstruction<T> | null {
  const names = new Map(
    Object.entries(tables).map(([name, layout]) => [bytesToHex(instructionDiscriminator(layout.name)), name]),
  );
  return (data) => {
    const name = names.get(bytesToHex(data.subarray(0, DISCRIMINATOR_BYTES)));
    const layout = name === undefined ? undefined : tables[name];
    if (layout === undefined) return null;
    try {
      // The name decides which table was read, and so the type of the arguments.
      return { name, args: decodeBorsh(layout.args, data.subarray(DISCRIMINATOR_BYTES)) } as ReadInstruction<T>;
    } catch (error) {
      if (error instanceof RangeError) return null;
      throw error;
    }
  };
}
