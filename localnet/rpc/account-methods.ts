import type { ChainAccount } from '../account.ts';
import type { Block } from '../ledger/block.ts';
import type { Node } from '../nodes/node.ts';
import { isTokenProgram, mintOf, tokenAccountOf, tokenAmount } from '../token.ts';
import { fromBase58 } from '../wire/base58.ts';
import { encodeAccount } from './encode-account.ts';
import type { Methods } from './methods.ts';
import { addressAt, blockFor, type Config, configAt, inContext, listAt, type Params, wholeAt } from './params.ts';
import { invalidParams } from './rpc-error.ts';

const MAX_ACCOUNTS = 100;
const MAX_FILTERS = 4;

const encoded = (node: Node, at: Block, account: ChainAccount, config: Config) =>
  encodeAccount(account, config, (mint) => node.account(mint, at));

/** Whether an account passes `memcmp`, `dataSize` and `tokenAccountState` filters. */
export function passesFilters(account: ChainAccount, filters: unknown): boolean {
  if (filters === undefined || filters === null) return true;
  if (!Array.isArray(filters) || filters.length > MAX_FILTERS)
    throw invalidParams(`Too many filters provided; max ${MAX_FILTERS}`);
  return filters.every((filter) => passes(account, filter));
}

function passes(account: ChainAccount, filter: unknown): boolean {
  if (filter === 'tokenAccountState') return tokenAccountOf(account) !== null;
  const { dataSize, memcmp } = (filter ?? {}) as {
    dataSize?: number;
    memcmp?: { offset: number; bytes: string | number[]; encoding?: string };
  };
  if (dataSize !== undefined) return account.data.length === dataSize;
  if (memcmp === undefined) throw invalidParams('unknown filter');
  const wanted = Array.isArray(memcmp.bytes)
    ? Uint8Array.from(memcmp.bytes)
    : memcmp.encoding === 'base64'
      ? Buffer.from(memcmp.bytes, 'base64')
      : fromBase58(memcmp.bytes);
  if (wanted === null) throw invalidParams('Invalid param: memcmp bytes are not base58');
  const part = account.data.subarray(memcmp.offset, memcmp.offset + wanted.length);
  return Buffer.compare(part, wanted) === 0;
}

function tokenAccountsOf(node: Node, params: Params, whose: 'owner' | 'delegate') {
  const person = addressAt(params, 0);
  const { mint, programId } = configAt(params, 1) as { mint?: string; programId?: string };
  if (mint === undefined && programId === undefined) throw invalidParams('neither mint nor programId');
  const config = configAt(params, 2);
  const at = blockFor(node, config);
  const program = programId ?? node.account(mint ?? '', at)?.owner ?? '';
  if (!isTokenProgram(program)) throw invalidParams('Invalid param: not a Token mint');
  const found = node.chain.bank.programAccountsAt(at, program).filter(([, account]) => {
    const token = tokenAccountOf(account);
    return token !== null && token[whose] === person && (mint === undefined || token.mint === mint);
  });
  return inContext(
    at,
    found.map(([pubkey, account]) => ({ pubkey, account: encoded(node, at, account, config) })),
  );
}

export const ACCOUNT_METHODS: Methods = {
  getAccountInfo(node, params) {
    const address = addressAt(params, 0);
    const config = configAt(params, 1);
    const at = blockFor(node, config);
    const account = node.account(address, at);
    return inContext(at, account === null ? null : encoded(node, at, account, config));
  },

  /** All of one slot; base64 unless asked for otherwise, where the methods for single accounts answer in base58. */
  getMultipleAccounts(node, params) {
    const addresses = listAt(params, 0, MAX_ACCOUNTS).map((_, index, list) => addressAt(list, index));
    const config = { encoding: 'base64', ...configAt(params, 1) };
    const at = blockFor(node, config);
    const value = addresses.map((address) => {
      const account = node.account(address, at);
      return account === null ? null : encoded(node, at, account, config);
    });
    return inContext(at, value);
  },

  getBalance(node, params) {
    const address = addressAt(params, 0);
    const at = blockFor(node, configAt(params, 1));
    return inContext(at, node.account(address, at)?.lamports ?? 0n);
  },

  getProgramAccounts(node, params) {
    const program = addressAt(params, 0);
    const config = configAt(params, 1);
    const at = blockFor(node, config);
    const value = node.chain.bank
      .programAccountsAt(at, program)
      .filter(([, account]) => passesFilters(account, config.filters))
      .map(([pubkey, account]) => ({ pubkey, account: encoded(node, at, account, config) }));
    return config.withContext === true ? inContext(at, value) : value;
  },

  getTokenAccountBalance(node, params) {
    const address = addressAt(params, 0);
    const at = blockFor(node, configAt(params, 1));
    const account = node.account(address, at);
    if (account === null) throw invalidParams('Invalid param: could not find account');
    const token = tokenAccountOf(account);
    const mint = token === null ? null : node.account(token.mint, at);
    const decimals = mint === null ? undefined : mintOf(mint)?.decimals;
    if (token === null || decimals === undefined) throw invalidParams('Invalid param: not a Token account');
    return inContext(at, tokenAmount(token.amount, decimals));
  },

  getTokenSupply(node, params) {
    const at = blockFor(node, configAt(params, 1));
    const account = node.account(addressAt(params, 0), at);
    const mint = account === null ? null : mintOf(account);
    if (mint === null) throw invalidParams('Invalid param: not a Token mint');
    return inContext(at, tokenAmount(mint.supply, mint.decimals));
  },

  getTokenAccountsByOwner: (node, params) => tokenAccountsOf(node, params, 'owner'),
  getTokenAccountsByDelegate: (node, params) => tokenAccountsOf(node, params, 'delegate'),

  getMinimumBalanceForRentExemption: (node, params) => node.chain.bank.svm.rentExemptLamports(wholeAt(params, 0)),
};
