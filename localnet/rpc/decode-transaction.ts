import { fromBase58 } from '../wire/base58.ts';
import { MAX_TRANSACTION_BYTES, type ParsedTransaction, parseTransaction } from '../wire/transaction.ts';
import { invalidParams } from './rpc-error.ts';

const STRICT_BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The bytes that a client sent, base58 unless it says base64. @throws RpcError -32602 */
export function decodeTransaction(text: unknown, encoding: unknown): ParsedTransaction {
  if (typeof text !== 'string') throw invalidParams('the transaction is not a string');
  if (encoding !== undefined && encoding !== 'base58' && encoding !== 'base64')
    throw invalidParams(`unsupported encoding: ${String(encoding)}. Supported encodings: base58, base64`);
  const wire = encoding === 'base64' ? fromBase64(text) : fromBase58(text);
  if (wire === null) throw invalidParams(`invalid ${encoding ?? 'base58'} encoding`);
  if (wire.length > MAX_TRANSACTION_BYTES)
    throw invalidParams(`transaction too large: ${wire.length} bytes (max: ${MAX_TRANSACTION_BYTES} bytes)`);
  const transaction = parseTransaction(wire);
  if (transaction === null) throw invalidParams('failed to deserialize the transaction');
  return transaction;
}

const fromBase64 = (text: string): Uint8Array | null =>
  STRICT_BASE64.test(text) ? new Uint8Array(Buffer.from(text, 'base64')) : null;
