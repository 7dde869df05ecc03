/** Base58, and the addresses written in it. */
import { fromBase58, toBase58 } from '../../src/lib/base58.ts';

export { fromBase58, toBase58 };

/** The bytes of an address or a hash, null unless they are 32. */
export function addressBytes(text: string): Uint8Array | null {
  if (text.length < 32 || text.length > 44) return null;
  const bytes = fromBase58(text);
  return bytes?.length === 32 ? bytes : null;
}
