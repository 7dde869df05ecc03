/** Who signs. A port, so that a hardware or a remote signer can take the local key's place. */
import type { PublicKey } from '@solana/web3.js';

export interface Signer {
  readonly publicKey: PublicKey;
  /**
   * The ed25519 signature (64 bytes) of a transaction's message.
   * @throws TransientError when a signer that is not in this process cannot be reached; CriticalError when it will not
   */
  sign(message: Uint8Array): Promise<Uint8Array>;
}
