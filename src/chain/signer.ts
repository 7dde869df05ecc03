/** Who signs. A port: the key in this process (`local-signer`), or in another one under another user (`remote-signer`). */
import type { PublicKey } from '@solana/web3.js';

export interface Signer {
  readonly publicKey: PublicKey;
  /**
   * The ed25519 signature (64 bytes) of a transaction's message.
   * @param attempt names what this is an attempt at: a remote signer signs one message for each name, and no second
   * @throws TransientError when a signer that is not in this process cannot be reached; CriticalError when it will not
   */
  sign(message: Uint8Array, attempt?: string): Promise<Uint8Array>;
}
