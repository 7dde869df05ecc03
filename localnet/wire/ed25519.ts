import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { toBase58 } from './base58.ts';

/** What stands before the 32 raw bytes in PKCS 8 and in SPKI (RFC 8410). */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

export interface KeyPair {
  readonly address: string;
  readonly publicKey: Uint8Array;
  readonly privateKey: KeyObject;
}

/** @param seed 32 bytes: the same seed gives the same key */
export function keyPairFrom(seed: Uint8Array): KeyPair {
  const privateKey = createPrivateKey({
    key: Buffer.concat([PRIVATE_PREFIX, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const publicKey = new Uint8Array(spki.subarray(PUBLIC_PREFIX.length));
  return { address: toBase58(publicKey), publicKey, privateKey };
}

export const signWith = (pair: KeyPair, message: Uint8Array): Uint8Array =>
  new Uint8Array(sign(null, message, pair.privateKey));

export function isSignedBy(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, publicKey]), format: 'der', type: 'spki' });
  return verify(null, message, key, signature);
}
