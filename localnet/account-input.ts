import { ValidationError } from '../src/lib/errors.ts';
import { type ChainAccount, RENT_EXEMPT_EPOCH, SYSTEM_PROGRAM } from './account.ts';
import { addressBytes } from './wire/base58.ts';

/** An account as a person or a file writes it. */
export interface AccountInput {
  readonly address: string;
  readonly lamports: number | string | bigint;
  /** Base64; empty by default. */
  readonly data?: string;
  /** The system program by default. */
  readonly owner?: string;
  readonly executable?: boolean;
}

/** Null account: it is to be deleted (no lamports). @throws ValidationError LOCALNET_ACCOUNT */
export function parseAccount(input: AccountInput): [address: string, account: ChainAccount | null] {
  const { address, data = '', owner = SYSTEM_PROGRAM, executable = false } = input;
  if (typeof address !== 'string' || addressBytes(address) === null) throw bad('address', address);
  if (addressBytes(owner) === null) throw bad('owner', owner);
  if (!/^\d+$/.test(String(input.lamports))) throw bad('lamports', String(input.lamports));
  const lamports = BigInt(input.lamports);
  const bytes = new Uint8Array(Buffer.from(data, 'base64'));
  if (lamports === 0n) return [address, null];
  return [address, { lamports, data: bytes, owner, executable, rentEpoch: RENT_EXEMPT_EPOCH }];
}

/** A file of `solana account --output json`: `{pubkey, account: {lamports, data: [base64, "base64"], owner, …}}`. */
export function parseAccountFile(text: string): AccountInput {
  const { pubkey, account } = JSON.parse(text) as {
    pubkey: string;
    account: { lamports: number; data: [string, string]; owner: string; executable: boolean };
  };
  const { lamports, data, owner, executable } = account;
  return { address: pubkey, lamports, data: data[0], owner, executable };
}

const bad = (field: string, value: unknown): ValidationError =>
  new ValidationError('LOCALNET_ACCOUNT', `Not an account: its ${field} is wrong.`, { [field]: String(value) });
