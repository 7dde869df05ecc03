/** The SDK's coder, and accounts of it. The SDK's client is not used: the local chain needs its layouts only. */
import { createRequire } from 'node:module';
import {
  BN,
  CustomBorshCoder,
  type PerpMarketAccount,
  type SpotMarketAccount,
  type StateAccount,
  type UserAccount,
} from '@drift-labs/sdk';

interface AccountIdl {
  readonly accounts: readonly { readonly name: string }[];
}

const idl = createRequire(import.meta.url)('@drift-labs/sdk/src/idl/drift.json') as AccountIdl;
export const coder = new CustomBorshCoder(idl as never);

/** The accounts that differ from v2.84's only in bytes that were padding there. */
export interface AccountTypes {
  readonly State: StateAccount;
  readonly PerpMarket: PerpMarketAccount;
  readonly SpotMarket: SpotMarketAccount;
  readonly User: UserAccount;
}
export type AccountName = keyof AccountTypes;

/** The size of a v2.84 `User`, which identifies one among the program's accounts. */
export const USER_BYTES = 4376;

export const bn = (value: bigint | number): BN => new BN(value.toString());
export const big = (value: BN): bigint => BigInt(value.toString());

/** The SDK types an Anchor enum by class, and reads it by its one key. */
export const variant = <T>(name: string): T => ({ [name]: {} }) as T;
export const variantName = (value: object): string => Object.keys(value)[0] ?? '';

export const decode = <N extends AccountName>(name: N, data: Uint8Array): AccountTypes[N] =>
  coder.accounts.decodeUnchecked(name, Buffer.from(data));

export async function encode<N extends AccountName>(name: N, account: AccountTypes[N]): Promise<Uint8Array> {
  return coder.accounts.encode(name, account);
}

/** An account of zero bytes. */
export function blank<N extends AccountName>(name: N): AccountTypes[N] {
  const entry = idl.accounts.find((account) => account.name === name);
  return decode(name, Buffer.alloc(coder.accounts.size(entry as never)));
}

/** Names stand in 32 bytes, padded with blanks. */
export const nameBytes = (name: string): number[] => [...Buffer.from(name.padEnd(32))];
