/** The chain's record of an address: its signatures, and each transaction with balances and logs. */
import { isCount, isFields, isTexts } from '../../../chain/answer-shapes.ts';
import type { ReadCommitment } from '../../../chain/rpc-methods.ts';
import type { RpcPool } from '../../../chain/rpc-pool.ts';
import { readSignatureRows, type SignatureRow } from '../signature-rows.ts';

export interface ChainTransaction {
  readonly signature: string;
  readonly slot: number;
  /** Null where the node does not know it. */
  readonly blockTimeMs: number | null;
  readonly failed: boolean;
  readonly fee: bigint;
  readonly signers: readonly string[];
  /** Static and loaded, in the order of the balances. */
  readonly keys: readonly string[];
  readonly lamportsBefore: readonly bigint[];
  readonly lamportsAfter: readonly bigint[];
  /** By address of the token account. */
  readonly tokensBefore: ReadonlyMap<string, bigint>;
  readonly tokensAfter: ReadonlyMap<string, bigint>;
  readonly logs: readonly string[];
}

/** Some accounts hold more lamports than a JSON number can represent exactly; ours do not. */
const isBalances = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((one) => Number.isInteger(one) && (one as number) >= 0);

/** The first page is short, because usually little has happened since the last read. */
const FIRST_PAGE = 20;
const PAGE = 1_000;
/** A million transactions: beyond that the span is a gap. */
const MAX_PAGES = 1_000;

interface SignatureSpan {
  readonly after: number;
  readonly upTo: number;
  readonly commitment: ReadCommitment;
  /** Beyond this many it stops asking and returns what it has, which is more than this many. */
  readonly most: number;
}

/**
 * Signatures that name `address`, of slots above `after` and up to `upTo`, oldest first in the order of the chain.
 * @throws TransientError when no node that has reached `upTo` responds
 */
export async function signaturesOf(
  pool: RpcPool,
  address: string,
  { after, upTo, commitment, most }: SignatureSpan,
): Promise<readonly SignatureRow[]> {
  const found: SignatureRow[] = [];
  let before: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const limit = page === 0 ? FIRST_PAGE : PAGE;
    const config = { commitment, limit, minContextSlot: upTo, ...(before === undefined ? {} : { before }) };
    const rows = await pool.read('getSignaturesForAddress', [address, config], readSignatureRows);
    found.push(...rows.filter(({ slot }) => slot > after && slot <= upTo));
    const last = rows.at(-1);
    if (last === undefined || rows.length < limit || last.slot <= after || found.length > most) break;
    before = last.signature;
  }
  return found.reverse();
}

/** Null: no responding node has it (any more, or yet). @throws TransientError */
export async function transactionOf(
  pool: RpcPool,
  signature: string,
  commitment: ReadCommitment,
): Promise<ChainTransaction | null> {
  const config = { commitment, encoding: 'json', maxSupportedTransactionVersion: 0 };
  return await pool.readKnown('getTransaction', [signature, config], (result) =>
    result === null ? null : readTransaction(signature, result),
  );
}

function readTransaction(signature: string, result: unknown): ChainTransaction | undefined {
  if (!isFields(result) || !isFields(result.meta) || !isFields(result.transaction) || !isCount(result.slot)) {
    return undefined;
  }
  const { meta, transaction, slot, blockTime } = result;
  const { message } = transaction;
  if (!isFields(message) || !isTexts(message.accountKeys) || !isBalances(meta.preBalances)) return undefined;
  if (!isBalances(meta.postBalances) || !isCount(meta.fee) || !isFields(message.header)) return undefined;
  const loaded = isFields(meta.loadedAddresses) ? meta.loadedAddresses : {};
  const keys = [...message.accountKeys, ...texts(loaded.writable), ...texts(loaded.readonly)];
  const signerCount = Number(message.header.numRequiredSignatures ?? 1);
  return {
    signature,
    slot,
    blockTimeMs: typeof blockTime === 'number' ? blockTime * 1_000 : null,
    failed: (meta.err ?? null) !== null,
    fee: BigInt(meta.fee),
    signers: message.accountKeys.slice(0, signerCount),
    keys,
    lamportsBefore: meta.preBalances.map(BigInt),
    lamportsAfter: meta.postBalances.map(BigInt),
    tokensBefore: tokenBalances(meta.preTokenBalances, keys),
    tokensAfter: tokenBalances(meta.postTokenBalances, keys),
    logs: texts(meta.logMessages),
  };
}

const texts = (value: unknown): readonly string[] => (isTexts(value) ? value : []);

function tokenBalances(value: unknown, keys: readonly string[]): ReadonlyMap<string, bigint> {
  const balances = new Map<string, bigint>();
  for (const row of Array.isArray(value) ? value : []) {
    if (!isFields(row) || !isCount(row.accountIndex) || !isFields(row.uiTokenAmount)) continue;
    const address = keys[row.accountIndex];
    const { amount } = row.uiTokenAmount;
    if (address !== undefined && typeof amount === 'string') balances.set(address, BigInt(amount));
  }
  return balances;
}

/** What a transaction changed of an account's lamports; 0 when it does not name it. */
export function lamportsChange({ keys, lamportsBefore, lamportsAfter }: ChainTransaction, address: string): bigint {
  const index = keys.indexOf(address);
  return index < 0 ? 0n : (lamportsAfter[index] ?? 0n) - (lamportsBefore[index] ?? 0n);
}

export const tokensChange = ({ tokensBefore, tokensAfter }: ChainTransaction, address: string): bigint =>
  (tokensAfter.get(address) ?? 0n) - (tokensBefore.get(address) ?? 0n);
