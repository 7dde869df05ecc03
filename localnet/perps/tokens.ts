import { type ChainAccount, RENT_EXEMPT_EPOCH } from '../account.ts';
import { TOKEN_PROGRAM } from '../token.ts';
import { addressBytes } from '../wire/base58.ts';
import { SOL_MINT } from './token-addresses.ts';

const ACCOUNT_BYTES = 165;
const MINT_BYTES = 82;
const INITIALIZED = 1;
/** Of a token account. */
export const TOKEN_ACCOUNT_RENT = 2_039_280n;
const MINT_RENT = 1_461_600n;

const bytesOf = (address: string): Uint8Array => addressBytes(address) as Uint8Array;
const tokenOwned = (lamports: bigint, data: Uint8Array): ChainAccount => ({
  lamports,
  data,
  owner: TOKEN_PROGRAM,
  executable: false,
  rentEpoch: RENT_EXEMPT_EPOCH,
});

/** Layout: spl-token's `Mint`. Without an authority it is a fixed supply. */
export function mintAccount(decimals: number, supply: bigint, authority: string | null): ChainAccount {
  const data = Buffer.alloc(MINT_BYTES);
  if (authority !== null) {
    data.writeUInt32LE(1, 0);
    data.set(bytesOf(authority), 4);
  }
  data.writeBigUInt64LE(supply, 36);
  data[44] = decimals;
  data[45] = INITIALIZED;
  return tokenOwned(MINT_RENT, data);
}

/** Layout: spl-token's `Account`. Wrapped SOL is also in the account's lamports, in addition to the rent. */
export function tokenAccount(mint: string, owner: string, amount: bigint): ChainAccount {
  const data = Buffer.alloc(ACCOUNT_BYTES);
  data.set(bytesOf(mint), 0);
  data.set(bytesOf(owner), 32);
  data.writeBigUInt64LE(amount, 64);
  data[108] = INITIALIZED;
  if (mint !== SOL_MINT) return tokenOwned(TOKEN_ACCOUNT_RENT, data);
  data.writeUInt32LE(1, 109);
  data.writeBigUInt64LE(TOKEN_ACCOUNT_RENT, 113);
  return tokenOwned(TOKEN_ACCOUNT_RENT + amount, data);
}

/** The same account with that much more in it (or less). */
export function withAmount(account: ChainAccount, change: bigint): ChainAccount {
  const data = Buffer.from(account.data);
  data.writeBigUInt64LE(data.readBigUInt64LE(64) + change, 64);
  const isWrapped = data.readUInt32LE(109) === 1;
  return { ...account, data, lamports: account.lamports + (isWrapped ? change : 0n) };
}

export const amountOf = (account: ChainAccount | null): bigint =>
  account === null || account.data.length < ACCOUNT_BYTES ? 0n : Buffer.from(account.data).readBigUInt64LE(64);
