import type { ChainAccount } from '../account.ts';
import { isTokenProgram, type Mint, mintOf, TOKEN_PROGRAM, tokenAccountOf, tokenAmount } from '../token.ts';
import { toBase58 } from '../wire/base58.ts';
import { zstdFrame } from '../wire/zstd-frame.ts';
import type { Config } from './params.ts';
import { invalidParams, RpcError } from './rpc-error.ts';

const MAX_BASE58_BYTES = 128;

/** An account as the RPC shows it. @param mintOfToken finds the mint of a token account, for `jsonParsed` */
export function encodeAccount(
  account: ChainAccount,
  config: Config,
  mintOfToken: (mint: string) => ChainAccount | null = () => null,
) {
  const parsed = config.encoding === 'jsonParsed' ? parsedData(account, mintOfToken) : null;
  return {
    data: parsed ?? encodedData(sliced(account.data, config.dataSlice), config.encoding),
    executable: account.executable,
    lamports: account.lamports,
    owner: account.owner,
    rentEpoch: account.rentEpoch,
    space: account.data.length,
  };
}

function sliced(data: Uint8Array, slice: unknown): Uint8Array {
  if (typeof slice !== 'object' || slice === null) return data;
  const { offset, length } = slice as { offset: number; length: number };
  return data.subarray(offset, offset + length);
}

function encodedData(data: Uint8Array, encoding: unknown) {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
  if (encoding === 'base64' || encoding === 'jsonParsed') return [base64(data), 'base64'];
  if (encoding === 'base64+zstd') return [base64(zstdFrame(data)), 'base64+zstd'];
  if (encoding !== undefined && encoding !== 'base58' && encoding !== 'binary')
    throw invalidParams(`unknown encoding ${String(encoding)}`);
  if (data.length > MAX_BASE58_BYTES)
    throw new RpcError(
      -32600,
      'Encoded binary (base 58) data should be less than 128 bytes, please use Base64 encoding.',
    );
  return encoding === 'base58' ? [toBase58(data), 'base58'] : toBase58(data);
}

/** Token accounts and mints; all else is not parsed here and goes out as base64, as of a program that a node does not know. */
function parsedData(account: ChainAccount, mintOfToken: (mint: string) => ChainAccount | null) {
  if (!isTokenProgram(account.owner)) return null;
  const program = account.owner === TOKEN_PROGRAM ? 'spl-token' : 'spl-token-2022';
  const shaped = (type: string, info: object) => ({ program, parsed: { type, info }, space: account.data.length });
  const mint = mintOf(account);
  if (mint !== null) return shaped('mint', mintInfo(mint));
  const token = tokenAccountOf(account);
  const mintAccount = token === null ? null : mintOfToken(token.mint);
  const tokenMint = mintAccount === null ? null : mintOf(mintAccount);
  if (token === null || tokenMint === null) return null;
  const amount = (units: bigint) => tokenAmount(units, tokenMint.decimals);
  return shaped('account', {
    isNative: token.rentReserve !== null,
    mint: token.mint,
    owner: token.owner,
    state: token.state,
    tokenAmount: amount(token.amount),
    ...(token.rentReserve === null ? {} : { rentExemptReserve: tokenAmount(token.rentReserve, 9) }),
    ...(token.delegate === null ? {} : { delegate: token.delegate, delegatedAmount: amount(token.delegatedAmount) }),
  });
}

const mintInfo = ({ supply, decimals, mintAuthority, freezeAuthority }: Mint) => ({
  decimals,
  freezeAuthority,
  isInitialized: true,
  mintAuthority,
  supply: supply.toString(),
});
