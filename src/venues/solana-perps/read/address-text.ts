/** Addresses as base58. Encoding is the slowest part of decoding a small field, so each address is encoded once. */
import type { PublicKey } from '@solana/web3.js';

interface KnownAddress {
  readonly key: PublicKey;
  readonly text: string;
}

/** The markets of one account need about a dozen. With more, the cache starts over. */
const MOST_KNOWN = 64;
let known: KnownAddress[] = [];

export function addressText(key: PublicKey): string {
  const found = known.find((each) => each.key === key || each.key.equals(key));
  if (found !== undefined) return found.text;
  const text = key.toBase58();
  if (known.length === MOST_KNOWN) known = [];
  known.push({ key, text });
  return text;
}
