/** Where the key comes from: the environment, a key file, or both where they hold the same. Loads nothing heavy. */
import { readFileSync, statSync } from 'node:fs';
import { toBase58 } from '../lib/base58.ts';
import { CriticalError } from '../lib/errors.ts';
import { readSecretKey, type SecretKey } from './secret-key.ts';

export interface KeySource {
  /** SOLANA_PRIVATE_KEY */
  readonly privateKey: string | null;
  /** SOLANA_KEYPAIR_PATH */
  readonly keypairPath: string | null;
}

export interface FoundKey {
  readonly secret: SecretKey;
  /** Base58: whose key it is. */
  readonly address: string;
  /** For the log and the person: the file may be read by others, and the like. */
  readonly warnings: readonly string[];
}

/** A key file has some 230 bytes. */
const MAX_FILE_BYTES = 4_096;
const OTHERS_MAY = 0o077;

/**
 * @returns null when neither source is set: read-only
 * @throws CriticalError KEY_EMPTY, KEY_LENGTH, KEY_NOT_BASE58, KEY_NOT_JSON, KEY_NOT_AN_ARRAY, KEY_NOT_BYTES,
 *   KEY_MISMATCH, KEY_FILE_MISSING, KEY_FILE_UNREADABLE, KEY_AMBIGUOUS; no message holds a part of the key
 */
export function findKey({ privateKey, keypairPath }: KeySource): FoundKey | null {
  const given = privateKey === null ? null : readSecretKey(privateKey, 'SOLANA_PRIVATE_KEY');
  if (keypairPath === null) return given === null ? null : found(given, []);
  const { secret, warnings } = readKeyFile(keypairPath);
  if (given !== null && !Buffer.from(given.publicKey).equals(secret.publicKey)) {
    throw new CriticalError(
      'KEY_AMBIGUOUS',
      'SOLANA_PRIVATE_KEY and SOLANA_KEYPAIR_PATH hold different keys. Unset one.',
      {
        privateKey: toBase58(given.publicKey),
        keypairPath: toBase58(secret.publicKey),
      },
    );
  }
  return found(secret, warnings);
}

const found = (secret: SecretKey, warnings: readonly string[]): FoundKey => ({
  secret,
  address: toBase58(secret.publicKey),
  warnings,
});

function readKeyFile(path: string): { readonly secret: SecretKey; readonly warnings: readonly string[] } {
  const file = `The key file ${spoken(path)}`;
  const warnings: string[] = [];
  let text: string;
  try {
    const { mode, size } = statSync(path);
    if (size > MAX_FILE_BYTES) {
      throw new CriticalError('KEY_LENGTH', `${file} has ${size} bytes, too many for a key.`, { source: file });
    }
    text = readFileSync(path, 'utf8');
    // Windows keeps no such bits.
    if (process.platform !== 'win32' && (mode & OTHERS_MAY) !== 0) {
      const bits = (mode & 0o777).toString(8).padStart(3, '0');
      warnings.push(`${file} is readable by other users (mode ${bits}). Run chmod 600 on it.`);
    }
  } catch (error) {
    if (error instanceof CriticalError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') {
      throw new CriticalError('KEY_FILE_MISSING', `${file} does not exist. Check SOLANA_KEYPAIR_PATH.`, {
        reason: code,
      });
    }
    throw new CriticalError('KEY_FILE_UNREADABLE', `${file} cannot be read (${code}).`, { reason: code });
  }
  return { secret: readSecretKey(text, file), warnings };
}

/** A path, unless it is a key that was put where a path belongs. */
const spoken = (path: string): string =>
  /[1-9A-HJ-NP-Za-km-z]{80,}|(\d{1,3}\s*,\s*){8,}/.test(path) ? 'that SOLANA_KEYPAIR_PATH should name' : path;
