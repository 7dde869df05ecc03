/** Whether the wallet's address is a key's own, or the account of a program that somebody took for a wallet. */
import { SystemProgram } from '@solana/web3.js';
import type { RawAccount } from '../../../chain/raw-account.ts';
import { toBase58 } from '../../../lib/base58.ts';
import { accountDiscriminator, DISCRIMINATOR_BYTES } from '../discriminator.ts';

export interface WalletHolder {
  /** Base58. */
  readonly program: string;
  /** Of a margin account of this family: whose it is. Null: it is no such account. */
  readonly authority: string | null;
}

const AUTHORITY_END = DISCRIMINATOR_BYTES + 32;
const MARGIN_ACCOUNT = Buffer.from(accountDiscriminator('User'));

/** Null: it is a wallet, or nothing is there yet. */
export function walletHolder(account: Pick<RawAccount, 'owner' | 'data'> | null): WalletHolder | null {
  if (account === null || account.owner === SystemProgram.programId.toBase58()) return null;
  const { owner: program, data } = account;
  const isMargin = data.length >= AUTHORITY_END && data.subarray(0, DISCRIMINATOR_BYTES).equals(MARGIN_ACCOUNT);
  return { program, authority: isMargin ? toBase58(data.subarray(DISCRIMINATOR_BYTES, AUTHORITY_END)) : null };
}
