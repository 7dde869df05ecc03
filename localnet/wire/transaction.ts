import { toBase58 } from './base58.ts';
import { isSignedBy } from './ed25519.ts';
import { Reader } from './reader.ts';

/** The most bytes of a transaction on the wire: an IPv6 packet of 1,280 less its headers. */
export const MAX_TRANSACTION_BYTES = 1232;
const VERSION_MARK = 0x80;

export interface Instruction {
  readonly programIndex: number;
  readonly accounts: readonly number[];
  readonly data: Uint8Array;
}

interface TableLookup {
  readonly table: string;
  readonly writable: readonly number[];
  readonly readonly: readonly number[];
}

/** A transaction as its bytes say it; the accounts of lookup tables are not resolved. */
export interface ParsedTransaction {
  readonly wire: Uint8Array;
  /** Base58; the first names the transaction. */
  readonly signatures: readonly string[];
  readonly version: 'legacy' | 0;
  readonly message: Uint8Array;
  readonly requiredSignatures: number;
  readonly readonlySigned: number;
  readonly readonlyUnsigned: number;
  readonly keys: readonly string[];
  readonly recentBlockhash: string;
  readonly instructions: readonly Instruction[];
  readonly lookups: readonly TableLookup[];
}

/** Null when these bytes are no transaction. Signatures are not checked here. */
export function parseTransaction(wire: Uint8Array): ParsedTransaction | null {
  try {
    return parse(wire);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function parse(wire: Uint8Array): ParsedTransaction | null {
  const reader = new Reader(wire);
  const signatures = reader.many(() => toBase58(reader.bytes(64)));
  const message = wire.slice(reader.at);
  const first = reader.byte();
  const version = (first & VERSION_MARK) === 0 ? 'legacy' : 0;
  if (version === 0 && first !== VERSION_MARK) return null;
  const requiredSignatures = version === 'legacy' ? first : reader.byte();
  const readonlySigned = reader.byte();
  const readonlyUnsigned = reader.byte();
  const keys = reader.many(() => toBase58(reader.bytes(32)));
  const recentBlockhash = toBase58(reader.bytes(32));
  const instructions = reader.many(() => ({
    programIndex: reader.byte(),
    accounts: reader.many(() => reader.byte()),
    data: reader.bytes(reader.compactLength()),
  }));
  const lookups =
    version === 'legacy'
      ? []
      : reader.many(() => ({
          table: toBase58(reader.bytes(32)),
          writable: reader.many(() => reader.byte()),
          readonly: reader.many(() => reader.byte()),
        }));
  if (reader.left > 0 || signatures.length === 0 || signatures.length !== requiredSignatures) return null;
  if (requiredSignatures > keys.length || readonlySigned >= requiredSignatures) return null;
  if (requiredSignatures + readonlyUnsigned > keys.length) return null;
  return {
    wire,
    signatures,
    version,
    message,
    requiredSignatures,
    readonlySigned,
    readonlyUnsigned,
    keys,
    recentBlockhash,
    instructions,
    lookups,
  };
}

export const signatureOf = (transaction: ParsedTransaction): string => transaction.signatures[0] as string;
export const payerOf = (transaction: ParsedTransaction): string => transaction.keys[0] as string;

/** Of a static key; the header of the message says it by position. */
export function isWritable(transaction: ParsedTransaction, index: number): boolean {
  const { requiredSignatures, readonlySigned, readonlyUnsigned, keys } = transaction;
  if (index < requiredSignatures) return index < requiredSignatures - readonlySigned;
  return index < keys.length - readonlyUnsigned;
}

/** True when every signer signed this very message. */
export function isFullySigned({ wire, message, requiredSignatures }: ParsedTransaction): boolean {
  const signatures = new Reader(wire);
  const keys = new Reader(message);
  keys.bytes((message[0] as number) & VERSION_MARK ? 4 : 3);
  signatures.compactLength();
  keys.compactLength();
  for (let i = 0; i < requiredSignatures; i++) {
    if (!isSignedBy(keys.bytes(32), message, signatures.bytes(64))) return false;
  }
  return true;
}
