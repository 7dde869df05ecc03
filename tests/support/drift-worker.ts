/** A worker to kill, over the live venue on the real program: `crash/mortal-worker.ts`. */
import { SolanaChain } from '../../src/chain/solana-chain.ts';
import { driftDeployment } from '../../src/venues/drift/drift-program.ts';
import type { DriftCrashAccount } from './crash/drift-subject.ts';
import { runMortalWorker } from './crash/mortal-worker.ts';
import { tradingVenue } from './drift-wallet.ts';
import { chainOptions } from './transfer-venue.ts';

runMortalWorker<DriftCrashAccount>(async ({ engineId, wallet, walletKey, programId }, where) => {
  const chain = new SolanaChain(chainOptions(walletKey, where));
  const clock = { nowMs: () => Date.now() };
  const deployment = driftDeployment({ env: 'localnet', programId, authority: wallet, subAccount: 0 });
  return tradingVenue(engineId, { chain, clock, deployment });
});
