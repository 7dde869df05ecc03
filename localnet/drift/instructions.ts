/** Instructions of Drift, by the SDK's description of the program: accounts by name, arguments by name. */
import { PublicKey, SYSVAR_RENT_PUBKEY, SystemProgram, TransactionInstruction } from '@solana/web3.js';
import { TOKEN_PROGRAM } from '../token.ts';
import { signerAddress, stateAddress } from './addresses.ts';
import { coder } from './coder.ts';
import { DRIFT_PROGRAM_ID } from './program.ts';

interface AccountItem {
  readonly name: string;
  readonly isMut: boolean;
  readonly isSigner: boolean;
}

const WELL_KNOWN: Readonly<Record<string, string>> = {
  state: stateAddress(),
  driftSigner: signerAddress()[0],
  tokenProgram: TOKEN_PROGRAM,
  systemProgram: SystemProgram.programId.toBase58(),
  rent: SYSVAR_RENT_PUBKEY.toBase58(),
};

export interface Remaining {
  readonly address: string;
  readonly writable: boolean;
}

export function driftInstruction(
  name: string,
  args: object,
  accounts: Readonly<Record<string, string>>,
  remaining: readonly Remaining[] = [],
): TransactionInstruction {
  const described = coder.idl.instructions.find((one) => one.name === name);
  if (described === undefined) throw new RangeError(`Drift has no instruction ${name}`);
  const keys = (described.accounts as readonly AccountItem[]).map(({ name: account, isMut, isSigner }) => {
    const address = accounts[account] ?? WELL_KNOWN[account];
    if (address === undefined) throw new RangeError(`${name} wants the account ${account}`);
    return { pubkey: new PublicKey(address), isSigner, isWritable: isMut };
  });
  const more = remaining.map(({ address, writable }) => ({
    pubkey: new PublicKey(address),
    isSigner: false,
    isWritable: writable,
  }));
  return new TransactionInstruction({
    programId: new PublicKey(DRIFT_PROGRAM_ID),
    keys: [...keys, ...more],
    data: coder.instruction.encode(name, args),
  });
}
