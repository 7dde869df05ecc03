/** A worker to kill, over the live venue on a real program: `crash/mortal-worker.ts`. */
import { SolanaChain } from '../../src/chain/solana-chain.ts';
import { DRIFT } from '../../src/venues/drift/drift-program.ts';
import { deploymentOf } from '../../src/venues/solana-perps/deployment.ts';
import { VELOCITY } from '../../src/venues/velocity/velocity-program.ts';
import { runMortalWorker } from './crash/mortal-worker.ts';
import type { PerpsCrashAccount } from './crash/perps-subject.ts';
import { tradingVenue } from './drift-wallet.ts';
import { chainOptions } from './transfer-venue.ts';

runMortalWorker<PerpsCrashAccount>(async ({ engineId, venue, wallet, walletKey, programId }, where) => {
  const chain = new SolanaChain(chainOptions(walletKey, where));
  const clock = { nowMs: () => Date.now() };
  const settings = { env: 'localnet', programId, authority: wallet, subAccount: 0 } as const;
  if (venue === 'drift') return tradingVenue(engineId, { chain, clock, deployment: deploymentOf(DRIFT, settings) });
  return tradingVenue(engineId, { chain, clock, deployment: deploymentOf(VELOCITY, settings) });
});
