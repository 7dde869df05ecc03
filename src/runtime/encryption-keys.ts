/**
 * The keys that payloads are encrypted with: a file with one key a line, `<id> <32 bytes in base64>`. The first encrypts, all of them
 * decrypt. If `off` stands above them, nothing more is encrypted. No error quotes a line, because a line holds a key.
 */
import { readFileSync, statSync } from 'node:fs';
import { macOf } from '../lib/mac.ts';

export interface EncryptionKey {
  readonly id: string;
  readonly bytes: Uint8Array;
}

export interface EncryptionKeys {
  /** Null: nothing is encrypted, and what was encrypted can be read. */
  readonly encrypts: EncryptionKey | null;
  readonly all: readonly EncryptionKey[];
}

export const NO_KEYS: EncryptionKeys = { encrypts: null, all: [] };

export type ReadKeys =
  | { readonly kind: 'read'; readonly keys: EncryptionKeys }
  | { readonly kind: 'refused'; readonly problem: string };

const KEY_BYTES = 32;
const MAX_BYTES = 16 * 1024;
const ID = /^[A-Za-z0-9][\w.-]{0,63}$/;
/** Alone in a line above all keys. */
const OFF = 'off';
const BASE64 = /^[A-Za-z0-9+/]{43}=$/;
/** The owner, and a group that only reads: a secret that a cluster mounts for its pod has mode 640. */
const NOT_ALLOWED = 0o027;

export const KEY_LINE =
  'a line such as 2026-12 <32 bytes in base64>, made by: echo "2026-12 $(openssl rand -base64 32)"';

/** Of a key, to notice another one under its id. Nobody learns the key from it. */
export const fingerprintOf = ({ bytes }: EncryptionKey): string =>
  macOf(Buffer.from(bytes).toString('hex'), 'driftless encryption key, version 1').slice(0, 16);

export function readEncryptionKeys(path: string): ReadKeys {
  try {
    const { mode, size } = statSync(path);
    if (size > MAX_BYTES) return refused(`${path} is larger than ${MAX_BYTES} bytes: that is no key file.`);
    if (process.platform !== 'win32' && (mode & NOT_ALLOWED) !== 0) {
      const bits = (mode & 0o777).toString(8).padStart(3, '0');
      return refused(`${path} is open to other users (mode ${bits}). Run chmod 600 on it.`);
    }
    return parseEncryptionKeys(readFileSync(path, 'utf8'), path);
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return refused(`${path} cannot be read (${code}). Check the path and who may read it.`);
  }
}

/** @param where named in what is wrong */
export function parseEncryptionKeys(text: string, where: string): ReadKeys {
  const keys: EncryptionKey[] = [];
  let isOff = false;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const words = line.trim().split(/\s+/);
    if (line.trim() === '' || line.trim().startsWith('#')) continue;
    if (line.trim() === OFF && keys.length === 0) {
      isOff = true;
      continue;
    }
    const [id = '', key = ''] = words;
    const at = `Line ${index + 1} of ${where}`;
    if (words.length !== 2 || !ID.test(id) || !BASE64.test(key)) return refused(`${at} is no key. Write ${KEY_LINE}.`);
    if (keys.some((other) => other.id === id)) return refused(`${at} repeats the id ${id}. Each key has its own.`);
    const bytes = new Uint8Array(Buffer.from(key, 'base64'));
    if (bytes.length !== KEY_BYTES) return refused(`${at} is no key of ${KEY_BYTES} bytes.`);
    keys.push({ id, bytes });
  }
  const [first = null] = keys;
  if (first === null) return refused(`${where} holds no key. Write ${KEY_LINE}.`);
  return { kind: 'read', keys: { encrypts: isOff ? null : first, all: keys } };
}

const refused = (problem: string): ReadKeys => ({ kind: 'refused', problem });
