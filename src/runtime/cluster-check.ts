/** A node of another cluster answers all the same, about another chain: found out before anything is believed. */
import type { RpcPool } from '../chain/rpc-pool.ts';
import { CriticalError } from '../lib/errors.ts';

const readHash = (result: unknown): string | undefined => (typeof result === 'string' ? result : undefined);

/**
 * @param expected of the cluster; null: not known (a local chain). A node that does not answer is asked again by those who
 * need its testimony.
 * @throws CriticalError WRONG_CLUSTER
 */
export async function checkCluster(pool: RpcPool, env: string, expected: string | null): Promise<void> {
  if (expected === null) return;
  const answers = await pool.each((node) => node.ask('getGenesisHash', [], readHash));
  for (const [node, answer] of answers) {
    if (answer.kind !== 'answer' || answer.value === expected) continue;
    throw new CriticalError(
      'WRONG_CLUSTER',
      `The node ${node.name} does not belong to ${env}: its genesis hash is ${answer.value}. Correct RPC_URL or DRIFT_ENV.`,
      { node: node.name, got: answer.value, expected },
    );
  }
}
