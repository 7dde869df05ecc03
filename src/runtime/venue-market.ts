/** The market of the configured venue as its accounts have it, for the live feed of a paper account. Nothing of a wallet is read. */
import { SystemProgram } from '@solana/web3.js';
import { ClusterWatch } from '../chain/cluster-watch.ts';
import { endpointsOf } from '../chain/endpoint.ts';
import { RpcPool } from '../chain/rpc-pool.ts';
import type { Clock } from '../lib/clock.ts';
import type { VenueMarketRead } from '../market-data/live/venue-accounts.ts';
import { deploymentOf } from '../venues/solana-perps/deployment.ts';
import { PerpsReader } from '../venues/solana-perps/read/perps-reader.ts';
import type { Settings } from './config.ts';
import { programOf } from './open-live.ts';

export type MarketSettings = Pick<Settings['live'], 'venue' | 'rpcUrls' | 'driftEnv' | 'programId' | 'genesis'>;

export async function venueMarketReader(live: MarketSettings, clock: Clock): Promise<() => Promise<VenueMarketRead>> {
  const deployment = deploymentOf(await programOf(live.venue), {
    env: live.driftEnv,
    programId: live.programId,
    // It has no account on any venue, and the markets are all that is asked for.
    authority: SystemProgram.programId.toBase58(),
    subAccount: 0,
  });
  const pool = new RpcPool({ endpoints: endpointsOf(live.rpcUrls), clock });
  const cluster = new ClusterWatch(pool, live.genesis);
  const reader = new PerpsReader({ pool, deployment, clock, cluster });
  return async () => {
    const { hedge, slot, blockTimeMs, funding } = await reader.read('confirmed');
    const { lastRateUsd: lastRate, oracleTwap } = funding;
    return { market: hedge.perp, slot, blockTimeMs, lastRate, oracleTwap };
  };
}
