/** What signed bytes ask the program for. */
import { VersionedTransaction } from '@solana/web3.js';
import { instructionReader, type ReadInstruction } from '../solana-perps/instruction-layout.ts';
import type { SignedContent } from '../solana-perps/perps-program.ts';
import { VELOCITY_INSTRUCTIONS } from './program/instructions.ts';

type SignedInstruction = ReadInstruction<typeof VELOCITY_INSTRUCTIONS>;

const readInstruction = instructionReader(VELOCITY_INSTRUCTIONS);

/** @param wire base64; of bytes that are no transaction, nothing is asked */
export function signedContent(wire: string, programId: string): SignedContent {
  const instructions = instructionsIn(wire, programId);
  const names = new Set(instructions.map(({ name }) => name));
  return {
    order: orderIn(instructions),
    settles: names.has('settlePnl') || names.has('settleMultiplePnls'),
    opensAccount: names.has('initializeUser'),
  };
}

function orderIn(instructions: readonly SignedInstruction[]): SignedContent['order'] {
  for (const { name, args } of instructions) {
    if (name !== 'placeAndTakePerpOrder' && name !== 'placePerpOrder') continue;
    const { direction, base, maxTs } = args;
    if (maxTs === null || direction === 'unknown') return null;
    return { side: direction === 'long' ? 'buy' : 'sell', size: base, maxTsMs: Number(maxTs) * 1_000 };
  }
  return null;
}

function instructionsIn(wire: string, programId: string): readonly SignedInstruction[] {
  try {
    const { message } = VersionedTransaction.deserialize(Buffer.from(wire, 'base64'));
    return message.compiledInstructions.flatMap(({ programIdIndex, data }) => {
      if (message.staticAccountKeys[programIdIndex]?.toBase58() !== programId) return [];
      return readInstruction(data) ?? [];
    });
  } catch {
    return [];
  }
}
