/** The SDK's own client on the local chain, unmodified. */
import { BN, DriftClient, OracleSource, Wallet } from '@drift-labs/sdk';
import { Connection, Keypair, PublicKey } from '@solana/web3.js';
import { onTestFinished } from 'vitest';
import type { DriftLocalnet } from '../../src/localnet/drift/index.ts';

export const usdc = (dollars: number): BN => new BN(Math.round(dollars * 1e6));
export const sol = (amount: number): BN => new BN(Math.round(amount * 1e9));

/** Subscribed, as mainnet's; it ends with the test, or as `atTheEnd` has it. The user is added once it exists. */
export async function driftClient(
  net: DriftLocalnet,
  secretKey = net.wallet.secretKey,
  atTheEnd: (close: () => Promise<void>) => void = onTestFinished,
): Promise<DriftClient> {
  const connection = new Connection(net.rpcUrl, { commitment: 'confirmed', wsEndpoint: net.wsUrl });
  const client = new DriftClient({
    connection,
    wallet: new Wallet(Keypair.fromSecretKey(secretKey)),
    programID: new PublicKey(net.programId),
    env: 'mainnet-beta',
    perpMarketIndexes: [0],
    spotMarketIndexes: [0, 1],
    oracleInfos: [
      { publicKey: new PublicKey(net.oracles.sol.address), source: OracleSource.PYTH_PULL },
      { publicKey: new PublicKey(net.oracles.usdc.address), source: OracleSource.PYTH_STABLE_COIN_PULL },
    ],
    accountSubscription: { type: 'websocket' },
    opts: { commitment: 'confirmed', preflightCommitment: 'confirmed' },
  });
  atTheEnd(async () => {
    await client.unsubscribe();
    // Else its socket goes on looking for the chain when that has ended.
    const { _rpcWebSocket: socket } = connection as unknown as {
      _rpcWebSocket: { setAutoReconnect(on: boolean): void; close(): void };
    };
    socket.setAutoReconnect(false);
    socket.close();
  });
  await client.subscribe();
  return client;
}
