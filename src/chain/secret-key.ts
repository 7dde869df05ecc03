/**
 * Reads a 64-byte ed25519 key as Solana's tools write it: seed, then public key. What is wrong is told without a single
 * character of what was given, and without a cause: a JSON parser quotes what it could not read.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { fromBase58 } from '../lib/base58.ts';
import { CriticalError } from '../lib/errors.ts';

export interface SecretKey {
  /** Opaque: it prints as `PrivateKeyObject {}`. */
  readonly key: KeyObject;
  readonly publicKey: Uint8Array;
}

const KEY_BYTES = 64;
const SEED_BYTES = 32;
/** 64 bytes have at most 88 base58 digits; more is not decoded. */
const MAX_BASE58_CHARS = 128;
/** RFC 8410: the fixed head of a PKCS#8 ed25519 key, before the seed. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');
const EXPECTED = 'Expected a 64-byte key, in base58 (87 or 88 characters) or as a JSON array of 64 numbers.';

/** @param source names where it came from, for the message: a setting or a file, never the text itself */
export function readSecretKey(text: string, source: string): SecretKey {
  const trimmed = text.replace(/^\uFEFF/, '').trim();
  if (trimmed === '') throw malformed(source, 'KEY_EMPTY', 'is empty.');
  const bytes = /^[[{"]/.test(trimmed) ? fromJson(trimmed, source) : fromText(trimmed, source);
  return fromBytes(bytes, source);
}

function fromText(text: string, source: string): Uint8Array {
  if (text.length > MAX_BASE58_CHARS) {
    throw malformed(source, 'KEY_LENGTH', `has ${text.length} characters, too many for a key.`);
  }
  if (/\s/.test(text)) throw malformed(source, 'KEY_NOT_BASE58', 'contains spaces; a key is one word.');
  const bytes = fromBase58(text);
  if (bytes !== null) return bytes;
  const hex = /^(0x)?[0-9a-f]+$/i.test(text) ? ' It looks like hexadecimal.' : '';
  throw malformed(source, 'KEY_NOT_BASE58', `is neither base58 nor a JSON array.${hex}`);
}

function fromJson(text: string, source: string): Uint8Array {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed(source, 'KEY_NOT_JSON', 'looks like JSON but is not valid JSON.');
  }
  if (typeof value === 'string') return fromText(value.trim(), source);
  if (!Array.isArray(value)) throw malformed(source, 'KEY_NOT_AN_ARRAY', 'is JSON but not an array of bytes.');
  if (!value.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255)) {
    throw malformed(source, 'KEY_NOT_BYTES', 'is an array with members other than whole numbers from 0 to 255.');
  }
  return Uint8Array.from(value as number[]);
}

function fromBytes(bytes: Uint8Array, source: string): SecretKey {
  if (bytes.length === SEED_BYTES) {
    const what = 'has 32 bytes, which is an address or a seed without its public key.';
    throw malformed(source, 'KEY_LENGTH', what);
  }
  if (bytes.length !== KEY_BYTES) throw malformed(source, 'KEY_LENGTH', `has ${bytes.length} bytes.`);
  const key = keyOf(bytes.subarray(0, SEED_BYTES));
  const publicKey = publicBytes(createPublicKey(key));
  if (!Buffer.from(publicKey).equals(bytes.subarray(SEED_BYTES))) {
    throw malformed(
      source,
      'KEY_MISMATCH',
      'has a public key that does not match its seed. It was truncated or mixed up.',
    );
  }
  return { key, publicKey };
}

const keyOf = (seed: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' });

/** The last 32 bytes of an ed25519 SubjectPublicKeyInfo. */
const publicBytes = (key: KeyObject): Uint8Array =>
  new Uint8Array(key.export({ format: 'der', type: 'spki' }).subarray(-32));

const malformed = (source: string, code: string, what: string): CriticalError =>
  new CriticalError(code, `${source} ${what} ${EXPECTED}`, { source });
