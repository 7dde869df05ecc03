/** Which local chain the nodes are of: part of a live engine's id, and no two local chains are the same. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endpointsOf } from '../chain/endpoint.ts';
import { RpcPool } from '../chain/rpc-pool.ts';
import { genesisOf as askGenesisOf } from '../chain/testimony.ts';
import type { Clock } from '../lib/clock.ts';
import { CriticalError } from '../lib/errors.ts';
import { sleep } from '../lib/sleep.ts';

/** What a local chain was when it was last asked: its node may be away when we start. */
const REMEMBERED_FILE = 'local-genesis';
const TRIES = 6;
const PAUSE_MS = 5_000;

/**
 * The genesis hash of a local chain, which is part of the engine's id.
 * @param home remembers it
 * @throws CriticalError CLUSTER_UNKNOWN when no node tells it and none ever did, or they tell different ones
 */
export async function localGenesis(rpcUrls: readonly string[], home: string, clock: Clock): Promise<string> {
  const path = join(home, REMEMBERED_FILE);
  if (rpcUrls.length === 0) {
    throw unknownCluster(
      'RPC_URL is not set. With DRIFT_ENV=localnet the engine’s id names the chain, so a node must tell it.',
    );
  }
  const pool = new RpcPool({ endpoints: endpointsOf(rpcUrls), clock });
  for (let tries = 1; ; tries += 1) {
    const told = await Promise.all(pool.nodes.map((node) => askGenesisOf(node)));
    const [genesis, ...others] = new Set(told.filter((hash) => hash !== null));
    if (others.length > 0) throw unknownCluster('The nodes in RPC_URL belong to different chains.');
    if (genesis !== undefined) {
      // Not there yet before the first start: then there is nothing to remember it for.
      await writeFile(path, genesis).catch(() => undefined);
      return genesis;
    }
    const remembered = (await readFile(path, 'utf8').catch(() => '')).trim();
    if (remembered !== '') return remembered;
    if (tries >= TRIES) throw unknownCluster('No node in RPC_URL tells its genesis hash.');
    await sleep(PAUSE_MS);
  }
}

const unknownCluster = (why: string): CriticalError =>
  new CriticalError('CLUSTER_UNKNOWN', `It is not known which chain the engine is on. ${why}`, {
    remedy: 'Set RPC_URL to nodes of one chain, and start when one of them answers.',
  });
