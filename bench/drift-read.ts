/** One snapshot of a Drift account with its health, compared with the SDK's own fetch plus `getHealth`. */

import { findDriftProgram, NO_DRIFT_PROGRAM } from '../localnet/drift/program.ts';
import { endpointsOf } from '../src/chain/endpoint.ts';
import { RpcPool } from '../src/chain/rpc-pool.ts';
import { assessMargin } from '../src/domain/margin/margin.ts';
import { driftDeployment } from '../src/venues/drift/drift-program.ts';
import { PerpsReader } from '../src/venues/solana-perps/read/perps-reader.ts';
import { polledClient } from '../tests/support/drift-trader.ts';
import { DriftChain } from './support/drift-chain.ts';
import { inTurn, timed } from './support/measure.ts';
import { type Finding, say } from './support/report.ts';

const WARM_UP_ROUNDS = 10;
const ROUNDS = 40;
/** Reads per measurement; a single one is too short to stand out from the machine's noise. */
const READS = 10;

export async function benchDriftRead(): Promise<readonly Finding[]> {
  if (findDriftProgram(process.env) === null) {
    say(`  skipped: ${NO_DRIFT_PROGRAM}`);
    return [];
  }
  const chain = await DriftChain.start();
  try {
    const { place } = chain;
    const clock = { nowMs: () => Date.now() };
    const pool = new RpcPool({ endpoints: endpointsOf([place.rpcUrl]), clock });
    const deployment = driftDeployment({
      env: 'localnet',
      programId: place.programId,
      authority: place.wallet.address,
      subAccount: 0,
    });
    const reader = new PerpsReader({ pool, deployment, clock });
    const client = await polledClient(place);
    await client.addUser(0);

    const ours = async (): Promise<number> => {
      const read = await reader.read('confirmed');
      const assessed = read.account === null ? null : assessMargin(read.account, read.markets);
      return assessed?.kind === 'known' ? assessed.figures.health : Number.NaN;
    };
    // Its loader holds the user with the markets: one batch for all of them.
    const theirs = async (): Promise<number> => {
      await client.fetchAccounts();
      return client.getUser().getHealth();
    };
    if ((await ours()) !== (await theirs())) throw new Error('the two do not tell the same health');

    /** Before each read a slot passes in which everything but the State changes, so neither can answer from a cache. */
    const reads = (read: () => Promise<number>) => async (): Promise<number> => {
      let tookMs = 0;
      for (let i = 0; i < READS; i += 1) {
        await chain.step();
        tookMs += await timed(read)();
      }
      return tookMs / READS;
    };
    const median = await inTurn(ROUNDS, WARM_UP_ROUNDS, { ours: reads(ours), 'the SDK': reads(theirs) });
    return [
      {
        what: 'a Drift account read, decoded and turned into health',
        figure: median.ours,
        unit: 'ms',
        yardstick: { what: "the SDK's fetchAccounts and getHealth", figure: median['the SDK'] },
        goal: { of: 'ratio', atMost: 0.3 },
      },
    ];
  } finally {
    await chain.stop();
  }
}
