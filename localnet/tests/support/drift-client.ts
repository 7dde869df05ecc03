/** The SDK's own client on the local chain, unmodified. */
import { BN, DriftClient, type DriftClientConfig, OracleSource, Wallet } from '@drift-labs/sdk';
import { Connection, Keypair, PublicKey } from '@solana/web3.js';
import type { DriftLocalnet } from '../../drift/index.ts';
import { onTestFinished } from './on-test-finished.ts';

export const usdc = (dollars: number): BN => new BN(Math.round(dollars * 1e6));
export const sol = (amount: number): BN => new BN(Math.round(amount * 1e9));

/** A Drift and its client: a whole local chain, or the addresses of one in another process. */
export interface DriftPlace extends Pick<DriftLocalnet, 'rpcUrl' | 'wsUrl' | 'programId'> {
  readonly wallet: Pick<DriftLocalnet['wallet'], 'address' | 'secretKey'>;
  readonly oracles: Readonly<Record<keyof DriftLocalnet['oracles'], { readonly address: string }>>;
}

export const connectionTo = ({ rpcUrl, wsUrl }: DriftPlace): Connection =>
  new Connection(rpcUrl, { commitment: 'confirmed', wsEndpoint: wsUrl });

/** What every client of the SDK is told here; how it keeps accounts is its own. */
export const clientConfig = (net: DriftPlace, connection: Connection, secretKey = net.wallet.secretKey) =>
  ({
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
    opts: { commitment: 'confirmed', preflightCommitment: 'confirmed' },
  }) satisfies Partial<DriftClientConfig>;

/** Subscribed, as mainnet's; it ends with the test, or as `atTheEnd` has it. The user is added once it exists. */
export async function driftClient(
  net: DriftLocalnet,
  secretKey = net.wallet.secretKey,
  atTheEnd: (close: () => Promise<void>) => void = onTestFinished,
): Promise<DriftClient> {
  const connection = connectionTo(net);
  const client = new DriftClient({
    ...clientConfig(net, connection, secretKey),
    accountSubscription: { type: 'websocket' },
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
