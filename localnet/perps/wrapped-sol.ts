import { PublicKey, SystemProgram, TransactionInstruction } from '@solana/web3.js';
import { TOKEN_PROGRAM } from '../token.ts';
import { ASSOCIATED_TOKEN_PROGRAM, SOL_MINT, tokenAccountAddress } from './token-addresses.ts';

/** Instruction numbers of spl-token and of the associated token program. */
const SYNC_NATIVE = 17;
const CLOSE_ACCOUNT = 9;
const CREATE_IDEMPOTENT = 1;

const key = (address: string, isSigner: boolean, isWritable: boolean) => ({
  pubkey: new PublicKey(address),
  isSigner,
  isWritable,
});
const instruction = (program: string, number: number, keys: ReturnType<typeof key>[]): TransactionInstruction =>
  new TransactionInstruction({ programId: new PublicKey(program), keys, data: Buffer.of(number) });

/** The owner's wrapped SOL account is made if need be, and so many lamports are put into it. */
export function wrapSol(owner: string, lamports: bigint): TransactionInstruction[] {
  const account = tokenAccountAddress(owner, SOL_MINT);
  return [
    instruction(ASSOCIATED_TOKEN_PROGRAM, CREATE_IDEMPOTENT, [
      key(owner, true, true),
      key(account, false, true),
      key(owner, false, false),
      key(SOL_MINT, false, false),
      key(SystemProgram.programId.toBase58(), false, false),
      key(TOKEN_PROGRAM, false, false),
    ]),
    SystemProgram.transfer({ fromPubkey: new PublicKey(owner), toPubkey: new PublicKey(account), lamports }),
    instruction(TOKEN_PROGRAM, SYNC_NATIVE, [key(account, false, true)]),
  ];
}

/** All of it back to the wallet, with the rent. */
export const unwrapSol = (owner: string): TransactionInstruction =>
  instruction(TOKEN_PROGRAM, CLOSE_ACCOUNT, [
    key(tokenAccountAddress(owner, SOL_MINT), false, true),
    key(owner, false, true),
    key(owner, true, false),
  ]);
