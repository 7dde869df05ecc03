/** Token accounts that an operation needs: SOL wrapped for one transaction, and an associated account that may be missing. */
import { createHash } from 'node:crypto';
import { PublicKey, SystemProgram, TransactionInstruction } from '@solana/web3.js';
import { TOKEN_PROGRAM } from '../addresses.ts';

const WRAPPED_SOL_MINT = new PublicKey('So11111111111111111111111111111111111111112');
const ASSOCIATED_TOKEN_PROGRAM = new PublicKey('ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL');
const TOKEN_ACCOUNT_BYTES = 165;
/** Solana: rent exemption is 6,960 lamports for each byte of the length and 128 more. */
const RENT_PER_BYTE = 6_960n;
const RENT_OVERHEAD_BYTES = 128n;
const WRAPPED_SEED = 'driftless wrapped SOL';
/** Instruction numbers of the token programs and of the associated one. */
const INITIALIZE_ACCOUNT_3 = 18;
const CLOSE_ACCOUNT = 9;
const CREATE_IDEMPOTENT = 1;

export const rentOf = (bytes: number): bigint => (BigInt(bytes) + RENT_OVERHEAD_BYTES) * RENT_PER_BYTE;
/** Bound briefly while SOL is wrapped, and for good in a new associated account. */
export const TOKEN_ACCOUNT_RENT = rentOf(TOKEN_ACCOUNT_BYTES);

export interface WrappedSol {
  readonly address: PublicKey;
  readonly open: readonly TransactionInstruction[];
  readonly close: TransactionInstruction;
}

/** As the system program derives it. */
const withSeed = (base: PublicKey, seed: string, owner: PublicKey): PublicKey =>
  new PublicKey(createHash('sha256').update(base.toBytes()).update(seed).update(owner.toBytes()).digest());

/**
 * A token account of our own with this much SOL in it, which exists only within the transaction. It is allocated, not
 * created: anyone who sent a lamport to its address could make a creation fail forever. The owner gets what is left.
 */
export function wrappedSol(owner: PublicKey, lamports: bigint): WrappedSol {
  const address = withSeed(owner, WRAPPED_SEED, TOKEN_PROGRAM);
  return {
    address,
    open: [
      SystemProgram.transfer({ fromPubkey: owner, toPubkey: address, lamports: TOKEN_ACCOUNT_RENT + lamports }),
      SystemProgram.allocate({
        accountPubkey: address,
        basePubkey: owner,
        seed: WRAPPED_SEED,
        space: TOKEN_ACCOUNT_BYTES,
        programId: TOKEN_PROGRAM,
      }),
      new TransactionInstruction({
        programId: TOKEN_PROGRAM,
        keys: [
          { pubkey: address, isSigner: false, isWritable: true },
          { pubkey: WRAPPED_SOL_MINT, isSigner: false, isWritable: false },
        ],
        data: Buffer.concat([Buffer.of(INITIALIZE_ACCOUNT_3), owner.toBytes()]),
      }),
    ],
    close: new TransactionInstruction({
      programId: TOKEN_PROGRAM,
      keys: [
        { pubkey: address, isSigner: false, isWritable: true },
        { pubkey: owner, isSigner: false, isWritable: true },
        { pubkey: owner, isSigner: true, isWritable: false },
      ],
      data: Buffer.of(CLOSE_ACCOUNT),
    }),
  };
}

/** Creates the owner's associated account if it is missing, and otherwise does nothing. */
export const ensureTokenAccount = (token: {
  readonly owner: PublicKey;
  readonly address: PublicKey;
  readonly mint: PublicKey;
  readonly tokenProgram: PublicKey;
}): TransactionInstruction =>
  new TransactionInstruction({
    programId: ASSOCIATED_TOKEN_PROGRAM,
    keys: [
      { pubkey: token.owner, isSigner: true, isWritable: true },
      { pubkey: token.address, isSigner: false, isWritable: true },
      { pubkey: token.owner, isSigner: false, isWritable: false },
      { pubkey: token.mint, isSigner: false, isWritable: false },
      { pubkey: SystemProgram.programId, isSigner: false, isWritable: false },
      { pubkey: token.tokenProgram, isSigner: false, isWritable: false },
    ],
    data: Buffer.of(CREATE_IDEMPOTENT),
  });
