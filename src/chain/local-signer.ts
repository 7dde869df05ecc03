/** A signer whose key is in this process, from the environment or a key file. */
import { sign as signBytes } from 'node:crypto';
import { PublicKey } from '@solana/web3.js';
import { findKey, type KeySource } from './key-source.ts';
import type { SecretKey } from './secret-key.ts';
import type { Signer } from './signer.ts';

export interface LoadedSigner {
  readonly signer: Signer;
  /** For the log and the person: the file may be read by others, and the like. */
  readonly warnings: readonly string[];
}

/** @returns null when neither source is set: read-only @throws CriticalError as `findKey` */
export function loadSigner(source: KeySource): LoadedSigner | null {
  const key = findKey(source);
  return key === null ? null : { signer: new LocalSigner(key.secret), warnings: key.warnings };
}

class LocalSigner implements Signer {
  readonly publicKey: PublicKey;
  readonly #secret: SecretKey;

  constructor(secret: SecretKey) {
    this.publicKey = new PublicKey(secret.publicKey);
    this.#secret = secret;
  }

  async sign(message: Uint8Array): Promise<Uint8Array> {
    return new Uint8Array(signBytes(null, message, this.#secret.key));
  }

  toJSON = (): string => `signer of ${this.publicKey.toBase58()}`;
}
