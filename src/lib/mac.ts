/** A message authentication code: who has no key can neither make one nor change what it covers. Pure, in plain JavaScript. */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

export const macOf = (key: string, text: string): string =>
  bytesToHex(hmac(sha256, utf8ToBytes(key), utf8ToBytes(text)));

/** Takes the same time wherever they differ. */
export function sameMac(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let differs = 0;
  for (let index = 0; index < a.length; index += 1) differs |= a.charCodeAt(index) ^ b.charCodeAt(index);
  return differs === 0;
}
