import { afterEach, expect, it } from '@jest/globals';
import { ClusterWatch } from '../../src/chain/cluster-watch.ts';
import { endpointsOf } from '../../src/chain/endpoint.ts';
import type { RpcNode } from '../../src/chain/rpc-node.ts';
import { RpcPool } from '../../src/chain/rpc-pool.ts';
import { result, type ScriptedRpc, scriptedRpc } from '../support/scripted-rpc.ts';

let server: ScriptedRpc;
afterEach(() => server.close());

async function watched(expected: string | null) {
  server = await scriptedRpc({ getGenesisHash: () => result('ours') });
  const time = { ms: 0 };
  const monotonicMs = () => time.ms;
  const pool = new RpcPool({ endpoints: endpointsOf([server.url]), clock: { nowMs: () => 0 }, monotonicMs });
  const watch = new ClusterWatch(pool, expected);
  return { watch, node: pool.nodes[0] as RpcNode, time };
}

it('a node that changes its genesis while we run is found out, and believed again once it is back', async () => {
  const { watch, node, time } = await watched('ours');
  expect(await watch.doubt(node)).toBeNull();
  server.script({ getGenesisHash: () => result('another') });
  time.ms = 60_000;
  expect(await watch.doubt(node)).toMatch(/its genesis hash is another/);
  server.script({ getGenesisHash: () => result('ours') });
  time.ms = 120_000;
  expect(await watch.doubt(node)).toBeNull();
});

it('is asked twice a minute at most, and not at all where the cluster is not known', async () => {
  const { watch, node, time } = await watched('ours');
  for (time.ms = 0; time.ms < 60_000; time.ms += 1_000) await watch.doubt(node);
  expect(server.count('getGenesisHash')).toBe(2);
  await server.close();
  const unknown = await watched(null);
  expect(await unknown.watch.doubt(unknown.node)).toBeNull();
  expect(server.count('getGenesisHash')).toBe(0);
});

it('silence is no doubt', async () => {
  const { watch, node } = await watched('ours');
  server.script({ getGenesisHash: () => ({ status: 500 }) });
  expect(await watch.doubt(node)).toBeNull();
});
