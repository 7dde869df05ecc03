import type { TransactionPlace } from '../ledger/ledger.ts';
import type { InnerInstruction } from '../svm/svm.ts';
import { type TokenBalance, tokenAmount } from '../token.ts';
import { toBase58 } from '../wire/base58.ts';
import { isWritable, type ParsedTransaction } from '../wire/transaction.ts';
import { invalidParams, versionUnsupported } from './rpc-error.ts';

/** @throws RpcError when the client did not say that it can read this version */
export function checkVersion(transaction: ParsedTransaction, most: unknown): void {
  if (transaction.version === 0 && typeof most !== 'number') throw versionUnsupported(0);
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');

export function encodeTransaction({ landed }: TransactionPlace, encoding: unknown) {
  const { transaction, addresses } = landed;
  if (encoding === 'base64') return [base64(transaction.wire), 'base64'];
  if (encoding === 'base58') return [toBase58(transaction.wire), 'base58'];
  if (encoding === 'binary') return toBase58(transaction.wire);
  if (encoding === 'jsonParsed') return parsedJson(transaction, addresses);
  if (encoding !== undefined && encoding !== 'json') throw invalidParams(`unknown encoding ${String(encoding)}`);
  return plainJson(transaction);
}

const lookupsOf = (transaction: ParsedTransaction) =>
  transaction.version === 'legacy'
    ? {}
    : {
        addressTableLookups: transaction.lookups.map(({ table, writable, readonly }) => ({
          accountKey: table,
          writableIndexes: writable,
          readonlyIndexes: readonly,
        })),
      };

function plainJson(transaction: ParsedTransaction) {
  return {
    signatures: transaction.signatures,
    message: {
      header: {
        numRequiredSignatures: transaction.requiredSignatures,
        numReadonlySignedAccounts: transaction.readonlySigned,
        numReadonlyUnsignedAccounts: transaction.readonlyUnsigned,
      },
      accountKeys: transaction.keys,
      recentBlockhash: transaction.recentBlockhash,
      instructions: transaction.instructions.map(({ programIndex, accounts, data }) => ({
        programIdIndex: programIndex,
        accounts,
        data: toBase58(data),
        stackHeight: null,
      })),
      ...lookupsOf(transaction),
    },
  };
}

/** Keys with their roles; instructions partially decoded, as a node answers for programs that it cannot parse. */
function parsedJson(transaction: ParsedTransaction, addresses: readonly string[]) {
  const fixed = transaction.keys.length;
  const writableLoaded = transaction.lookups.reduce((sum, { writable }) => sum + writable.length, 0);
  return {
    signatures: transaction.signatures,
    message: {
      accountKeys: addresses.map((pubkey, index) => ({
        pubkey,
        signer: index < transaction.requiredSignatures,
        source: index < fixed ? 'transaction' : 'lookupTable',
        writable: index < fixed ? isWritable(transaction, index) : index < fixed + writableLoaded,
      })),
      recentBlockhash: transaction.recentBlockhash,
      instructions: transaction.instructions.map((one) => ({
        programId: addresses[one.programIndex],
        accounts: one.accounts.map((index) => addresses[index]),
        data: toBase58(one.data),
        stackHeight: null,
      })),
      ...lookupsOf(transaction),
    },
  };
}

const innerJson = (one: InnerInstruction, addresses: readonly string[], parsed: boolean) =>
  parsed
    ? {
        programId: addresses[one.programIndex],
        accounts: one.accounts.map((index) => addresses[index]),
        data: toBase58(one.data),
        stackHeight: one.stackHeight,
      }
    : {
        programIdIndex: one.programIndex,
        accounts: one.accounts,
        data: toBase58(one.data),
        stackHeight: one.stackHeight,
      };

export const encodeInner = (
  inner: readonly { readonly index: number; readonly instructions: readonly InnerInstruction[] }[],
  addresses: readonly string[],
  parsed: boolean,
) =>
  inner.map(({ index, instructions }) => ({
    index,
    instructions: instructions.map((one) => innerJson(one, addresses, parsed)),
  }));

const tokenJson = ({ amount, decimals, ...rest }: TokenBalance) => ({
  ...rest,
  uiTokenAmount: tokenAmount(amount, decimals),
});

export const encodeReturnData = (data: { readonly programId: string; readonly data: Uint8Array } | null) =>
  data === null ? null : { programId: data.programId, data: [base64(data.data), 'base64'] };

export function encodeMeta({ landed }: TransactionPlace, encoding: unknown) {
  const parsed = encoding === 'jsonParsed';
  const returnData = encodeReturnData(landed.returnData);
  return {
    err: landed.error,
    status: landed.error === null ? { Ok: null } : { Err: landed.error },
    fee: landed.fee,
    preBalances: landed.balancesBefore,
    postBalances: landed.balancesAfter,
    innerInstructions: encodeInner(landed.inner, landed.addresses, parsed),
    logMessages: landed.logs,
    preTokenBalances: landed.tokensBefore.map(tokenJson),
    postTokenBalances: landed.tokensAfter.map(tokenJson),
    rewards: [],
    ...(parsed ? {} : { loadedAddresses: landed.loaded }),
    ...(returnData === null ? {} : { returnData }),
    computeUnitsConsumed: landed.units,
  };
}
