/** The programs whose instructions the signer can read, each by the table that Driftless writes them with. */
import type { LiveVenueName } from '../lib/ids.ts';
import { DRIFT_V2_PROGRAM } from '../venues/drift/program-id.ts';
import { DRIFT_INSTRUCTION_LAYOUTS } from '../venues/drift/write/instruction-layouts.ts';
import { decodeBorsh, encodeBorsh, type WireTable, type WireValues } from '../venues/solana-perps/borsh-table.ts';
import { DISCRIMINATOR_BYTES, instructionDiscriminator } from '../venues/solana-perps/discriminator.ts';
import type { InstructionLayout } from '../venues/solana-perps/instruction-layout.ts';
import { VELOCITY_PROGRAM_ID } from '../venues/velocity/program/accounts.ts';
import { VELOCITY_INSTRUCTIONS } from '../venues/velocity/program/instructions.ts';
import type { MessageAccount, MessageInstruction } from './read-message.ts';

export interface SignedProgram {
  readonly name: string;
  readonly programId: string;
  readonly signerSeed: string;
  /** Only what Driftless sends for an account of its own. */
  readonly instructions: Readonly<Record<string, InstructionLayout>>;
}

const V = VELOCITY_INSTRUCTIONS;
const { velocitySigner: _signer, ...withdrawAccounts } = V.withdraw.accounts;

export const SIGNED_PROGRAMS: Readonly<Record<LiveVenueName, SignedProgram>> = {
  velocity: {
    name: 'Velocity',
    programId: VELOCITY_PROGRAM_ID,
    signerSeed: 'velocity_signer',
    instructions: {
      initializeUserStats: V.initializeUserStats,
      initializeUser: V.initializeUser,
      deposit: V.deposit,
      withdraw: { ...V.withdraw, accounts: withSigner(withdrawAccounts) },
      placePerpOrder: V.placePerpOrder,
      placeAndTakePerpOrder: V.placeAndTakePerpOrder,
      cancelOrders: V.cancelOrders,
      settleFundingPayment: V.settleFundingPayment,
      settleMultiplePnls: V.settleMultiplePnls,
      updateSpotInterest: V.updateSpotInterest,
      updateAmms: V.updateAmms,
    },
  },
  drift: {
    name: 'Drift',
    programId: DRIFT_V2_PROGRAM,
    signerSeed: 'drift_signer',
    instructions: DRIFT_INSTRUCTION_LAYOUTS,
  },
};

/** One name for the program's signer in both tables; it stands before the token account. */
function withSigner(accounts: InstructionLayout['accounts']): InstructionLayout['accounts'] {
  const named = Object.entries(accounts);
  const at = named.findIndex(([name]) => name === 'tokenAccount');
  return Object.fromEntries([...named.slice(0, at), ['programSigner', 'read' as const], ...named.slice(at)]);
}

export interface KnownInstruction {
  readonly name: string;
  readonly accounts: Readonly<Record<string, string>>;
  /** After the named ones. */
  readonly remaining: readonly MessageAccount[];
  readonly args: Readonly<Record<string, unknown>>;
}

/** @returns null: none of the table, too few accounts, or bytes that its table would not write */
export function readKnown(program: SignedProgram, { data, accounts }: MessageInstruction): KnownInstruction | null {
  const first = data.subarray(0, DISCRIMINATOR_BYTES);
  const found = Object.entries(program.instructions).find(([, layout]) =>
    Buffer.from(instructionDiscriminator(layout.name)).equals(first),
  );
  if (found === undefined) return null;
  const [name, layout] = found;
  const names = Object.keys(layout.accounts);
  const args = argsOf(layout.args, data.subarray(DISCRIMINATOR_BYTES));
  if (args === null || accounts.length < names.length) return null;
  return {
    ...{ name, args },
    accounts: Object.fromEntries(names.map((one, index) => [one, accounts[index]?.address ?? ''])),
    remaining: accounts.slice(names.length),
  };
}

/** One value has one text: a `true` written as 2 is refused, and so is an enum's number that the table does not know. */
function argsOf(table: WireTable, bytes: Uint8Array): WireValues<WireTable> | null {
  try {
    const args = decodeBorsh(table, bytes);
    return Buffer.from(encodeBorsh(table, args)).equals(bytes) ? args : null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
