/** Addresses as base58, which costs more than all else of a small decoded field: each is worked out once. */
import type { PublicKey } from '@solana/web3.js';

interface KnownAddress {
  readonly key: PublicKey;
  readonly text: string;
}

/** One account's markets have a dozen; what reads more starts over. */
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
