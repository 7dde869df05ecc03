/** A node of another cluster answers all the same, about another chain: found out before anything is believed. */
import type { RpcPool } from '../chain/rpc-pool.ts';
import { genesisOf as askGenesisOf } from '../chain/testimony.ts';
import { CriticalError } from '../lib/errors.ts';

/**
 * Nodes of another cluster are left out, and named. One that does not answer is kept: those who need its testimony ask again.
 * @returns the places in the pool of the nodes to keep
 * @throws CriticalError WRONG_CLUSTER when no node is left
 */
export async function nodesOfCluster(
  pool: RpcPool,
  { env, genesis, warn }: { readonly env: string; readonly genesis: string; readonly warn: (text: string) => void },
): Promise<readonly number[]> {
  const told = await Promise.all(pool.nodes.map((node) => askGenesisOf(node)));
  const foreign = told.flatMap((hash, index) => (hash === null || hash === genesis ? [] : [{ hash, index }]));
  const words = foreign.map(
    ({ hash, index }) => `The node ${pool.nodes[index]?.name} does not belong to ${env}: its genesis hash is ${hash}.`,
  );
  if (foreign.length < pool.nodes.length) {
    for (const text of words) warn(`${text} It is not asked. Take it out of RPC_URL.`);
    return pool.nodes.flatMap((_, index) => (foreign.some((one) => one.index === index) ? [] : [index]));
  }
  throw new CriticalError('WRONG_CLUSTER', `${words.join(' ')} Correct RPC_URL or DRIFT_ENV.`, {
    nodes: pool.nodes.map(({ name }) => name),
    got: foreign.map(({ hash }) => hash),
    expected: genesis,
  });
}
