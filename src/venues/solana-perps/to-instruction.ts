import { PublicKey, TransactionInstruction } from '@solana/web3.js';
import type { ProgramInstruction } from './instruction-layout.ts';

/** In the form that transactions are built of. */
export const toInstruction = ({ programId, keys, data }: ProgramInstruction): TransactionInstruction =>
  new TransactionInstruction({
    programId: new PublicKey(programId),
    keys: keys.map(({ address, writable, signer }) => ({
      pubkey: new PublicKey(address),
      isWritable: writable,
      isSigner: signer,
    })),
    data: Buffer.from(data),
  });
