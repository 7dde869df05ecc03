import type { ChainAccount } from './account.ts';
import { toBase58 } from './wire/base58.ts';

export const TOKEN_PROGRAM = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA';
export const TOKEN_2022_PROGRAM = 'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb';

const ACCOUNT_BYTES = 165;
const MINT_BYTES = 82;
/** A Token-2022 account with extensions says its kind here; without them the length does. */
const KIND_AT = 165;
const MINT_KIND = 1;
const STATES = ['uninitialized', 'initialized', 'frozen'] as const;

interface TokenAccount {
  readonly mint: string;
  readonly owner: string;
  /** Base units of the mint. */
  readonly amount: bigint;
  readonly state: (typeof STATES)[number];
  readonly delegate: string | null;
  readonly delegatedAmount: bigint;
  /** Lamports set aside for rent, when the token is wrapped SOL. */
  readonly rentReserve: bigint | null;
}

export interface Mint {
  readonly supply: bigint;
  readonly decimals: number;
  readonly mintAuthority: string | null;
  readonly freezeAuthority: string | null;
}

/** A token account's balance around a transaction, as `getTransaction` shows it. */
export interface TokenBalance {
  readonly accountIndex: number;
  readonly mint: string;
  readonly owner: string;
  readonly programId: string;
  readonly amount: bigint;
  readonly decimals: number;
}

export const isTokenProgram = (address: string): boolean => address === TOKEN_PROGRAM || address === TOKEN_2022_PROGRAM;

const viewOf = (data: Uint8Array): DataView => new DataView(data.buffer, data.byteOffset, data.byteLength);
const optionalKey = (data: Uint8Array, at: number): string | null =>
  viewOf(data).getUint32(at, true) === 0 ? null : toBase58(data.slice(at + 4, at + 36));

/** Null when this is no token account. Layout: spl-token's `Account`. */
export function tokenAccountOf(account: ChainAccount): TokenAccount | null {
  const { data, owner } = account;
  if (!isTokenProgram(owner) || data.length < ACCOUNT_BYTES || data[KIND_AT] === MINT_KIND) return null;
  const state = STATES[data[108] as number];
  if (state === undefined || state === 'uninitialized') return null;
  const view = viewOf(data);
  return {
    mint: toBase58(data.slice(0, 32)),
    owner: toBase58(data.slice(32, 64)),
    amount: view.getBigUint64(64, true),
    state,
    delegate: optionalKey(data, 72),
    delegatedAmount: view.getBigUint64(121, true),
    rentReserve: view.getUint32(109, true) === 0 ? null : view.getBigUint64(113, true),
  };
}

/** Null when this is no mint. Layout: spl-token's `Mint`. */
export function mintOf(account: ChainAccount): Mint | null {
  const { data, owner } = account;
  if (!isTokenProgram(owner) || data.length < MINT_BYTES || data[45] !== 1) return null;
  if (data.length !== MINT_BYTES && data[KIND_AT] !== MINT_KIND) return null;
  return {
    supply: viewOf(data).getBigUint64(36, true),
    decimals: data[44] as number,
    mintAuthority: optionalKey(data, 0),
    freezeAuthority: optionalKey(data, 46),
  };
}

/** An amount of base units as the RPC shows token amounts. */
export function tokenAmount(amount: bigint, decimals: number) {
  const digits = amount.toString().padStart(decimals + 1, '0');
  const fraction = decimals === 0 ? '' : digits.slice(-decimals).replace(/0+$/, '');
  const whole = decimals === 0 ? digits : digits.slice(0, -decimals);
  const uiAmountString = fraction === '' ? whole : `${whole}.${fraction}`;
  return { amount: amount.toString(), decimals, uiAmount: Number(uiAmountString), uiAmountString };
}
