/** The yardstick: simulate, sign, send and confirm with web3.js only, as a script would. */
import {
  type Commitment,
  Connection,
  type Keypair,
  type PublicKey,
  SystemProgram,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js';
import type { Localnet } from '../../localnet/index.ts';

interface ClosableSocket {
  setAutoReconnect(on: boolean): void;
  close(): void;
}

export class BareScript {
  readonly #connection: Connection;
  /** HTTP requests so far. */
  calls = 0;

  constructor(net: Localnet) {
    this.#connection = new Connection(net.rpcUrl, {
      commitment: 'confirmed',
      wsEndpoint: net.wsUrl,
      fetch: (async (...request: Parameters<typeof fetch>) => {
        this.calls += 1;
        return await fetch(...request);
      }) as typeof fetch,
    });
  }

  /** @returns the signature, at that commitment. @throws Error when it failed */
  async transfer(
    from: Keypair,
    to: PublicKey,
    lamports: number,
    commitment: Commitment = 'confirmed',
  ): Promise<string> {
    const connection = this.#connection;
    const { blockhash, lastValidBlockHeight } = await connection.getLatestBlockhash('confirmed');
    const message = new TransactionMessage({
      payerKey: from.publicKey,
      recentBlockhash: blockhash,
      instructions: [SystemProgram.transfer({ fromPubkey: from.publicKey, toPubkey: to, lamports })],
    });
    const transaction = new VersionedTransaction(message.compileToV0Message());
    const simulated = await connection.simulateTransaction(transaction, { sigVerify: false });
    if (simulated.value.err !== null) throw new Error(JSON.stringify(simulated.value.err));
    transaction.sign([from]);
    const signature = await connection.sendRawTransaction(transaction.serialize(), { skipPreflight: true });
    const { value } = await connection.confirmTransaction({ signature, blockhash, lastValidBlockHeight }, commitment);
    if (value.err !== null) throw new Error(JSON.stringify(value.err));
    return signature;
  }

  close(): void {
    const { _rpcWebSocket: socket } = this.#connection as unknown as { _rpcWebSocket: ClosableSocket };
    socket.setAutoReconnect(false);
    socket.close();
  }
}
