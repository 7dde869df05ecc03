/** The whole product in live mode, in a process of its own, on a local chain that outlives it. */
import type { Localnet } from '../../localnet/index.ts';
import type { LiveVenueName } from '../../src/lib/ids.ts';
import { ProductRun } from './product-run.ts';

/** The markets are final, and a period's funding rate is known. */
const FINAL_SLOTS = 40;
const PAST_SECONDS = 7_200;

export type FundedChain = Localnet & { readonly wallet: { readonly secretKey: Uint8Array } };

export interface LiveRun<N extends FundedChain> {
  readonly net: N;
  readonly run: ProductRun;
  end(): Promise<void>;
}

/** The chain runs, and ends with what is returned; the product is not started yet. */
export async function liveRun<N extends FundedChain>(
  net: N,
  venue: LiveVenueName,
  settings: NodeJS.ProcessEnv = {},
): Promise<LiveRun<N>> {
  try {
    net.jump({ seconds: PAST_SECONDS });
    await net.advance(FINAL_SLOTS);
    const run = await ProductRun.open(liveSettings(net, venue, settings));
    return {
      net,
      run,
      end: async () => {
        try {
          await run.end();
        } finally {
          await net.stop();
        }
      },
    };
  } catch (error) {
    await net.stop();
    throw error;
  }
}

/** Of a product that trades on this chain with its wallet. */
export const liveSettings = (net: FundedChain, venue: LiveVenueName, settings: NodeJS.ProcessEnv = {}) => ({
  ENGINE_MODE: 'live',
  LIVE_VENUE: venue,
  DRIFT_ENV: 'localnet',
  RPC_URL: net.rpcUrl,
  RPC_WS_URL: net.wsUrl,
  JITO_URL: net.jitoUrl,
  SOLANA_PRIVATE_KEY: JSON.stringify([...net.wallet.secretKey]),
  LIVE_PERMISSIONS: 'trading',
  // The machine may be busy with other tests.
  MAX_RPC_LATENCY_MS: '10000',
  MAX_SNAPSHOT_AGE_SECONDS: '120',
  ...settings,
});
