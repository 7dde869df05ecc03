/** Which build of the venue's program runs, and whether Driftless was tested on it. */
import { endpointsOf } from '../../chain/endpoint.ts';
import { RpcPool } from '../../chain/rpc-pool.ts';
import { LIVE_PROGRAMS } from '../../runtime/live-programs.ts';
import { programOf } from '../../runtime/open-live.ts';
import {
  type BuildVerdict,
  buildVerdict,
  hasAccount,
  readDeployedCode,
} from '../../venues/solana-perps/deployed-program.ts';
import type { Check } from '../check.ts';
import { fail, type Judgement, pass, warn } from '../finding.ts';

const SEE_NODES = 'See the lines about the nodes.';

export function judgeBuild(verdict: BuildVerdict, program: string, trades: boolean): Judgement {
  switch (verdict.kind) {
    case 'tested':
      return pass(`${program} runs the build that Driftless was tested on.`);
    case 'accepted':
      return warn(
        `${program} runs a build that Driftless was not tested on, and ACCEPT_PROGRAM accepts it (${verdict.hash}).`,
        'Keep amounts small, and look whether the first operations do what they say.',
      );
    case 'unread':
      return warn(`Which build of ${program} runs cannot be read.`, SEE_NODES);
    case 'unknown': {
      const message = `${program} runs a build that Driftless was not tested on: ${verdict.hash}. It only reads, reduces and settles.`;
      const remedy = `To trade on it at your own risk, set ACCEPT_PROGRAM=${verdict.hash}.`;
      return trades ? fail(message, remedy) : warn(message, remedy);
    }
  }
}

export const program: Check = {
  name: 'program',
  needsSettings: true,
  async run({ settings: { mode, live }, clock, isNodeThere }) {
    if (mode !== 'live' || live.rpcUrls.length === 0) return [];
    const { name } = LIVE_PROGRAMS[live.venue];
    const { testedBuilds } = await programOf(live.venue);
    const trades = live.permissions !== 'read-only';
    if (!(await isNodeThere())) return [warn('Not known: no node answers.', SEE_NODES)];
    const pool = new RpcPool({ endpoints: endpointsOf(live.rpcUrls), clock });
    const isDeployed = await hasAccount(pool, live.programId).catch(() => null);
    if (isDeployed === false) {
      return [
        fail(
          `${name}’s program (${live.programId}) is not on this cluster.`,
          'Correct RPC_URL, DRIFT_ENV, LIVE_VENUE or DRIFT_PROGRAM_ID.',
        ),
      ];
    }
    const found = isDeployed === null ? null : await readDeployedCode(pool, live.programId).catch(() => null);
    if (found === null) return [judgeBuild({ kind: 'unread' }, name, trades)];
    if (testedBuilds.length === 0) return [pass(`${name} is deployed; its build has the hash ${found.hash}.`)];
    return [judgeBuild(buildVerdict(found.hash, testedBuilds, live.acceptProgram), name, trades)];
  },
};
