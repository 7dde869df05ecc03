import { afterEach, describe, expect, it } from '@jest/globals';
import { endpointsOf } from '../../src/chain/endpoint.ts';
import { blockEngineUrl, Jito } from '../../src/chain/jito.ts';
import { Landing } from '../../src/chain/landing.ts';
import { RpcPool } from '../../src/chain/rpc-pool.ts';
import { attemptAt } from '../support/scripted-chain.ts';
import { type Reply, refusal, result, type ScriptedRpc, scriptedRpc } from '../support/scripted-rpc.ts';

const opened: ScriptedRpc[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

const attempt = attemptAt();
const TIMEOUT_MS = 3_000;
const TAKEN = result('a-bundle-id');

/** A block engine, and nodes that all answer the same unless set otherwise. */
async function landing(bundle: Reply | null, ...sends: readonly Reply[]) {
  const serve = async (method: string, reply: Reply) => {
    const server = await scriptedRpc({ [method]: () => reply });
    opened.push(server);
    return server;
  };
  const engine = bundle === null ? null : await serve('sendBundle', bundle);
  const nodes = await Promise.all(sends.map((reply) => serve('sendTransaction', reply)));
  let nowMs = 0;
  const ports = { clock: { nowMs: () => 0 }, monotonicMs: () => nowMs };
  const pool = new RpcPool({
    endpoints: endpointsOf(nodes.map(({ url }) => url)),
    ...ports,
    tuning: { timeoutMs: TIMEOUT_MS },
  });
  const jito = engine === null ? null : new Jito({ url: engine.url, region: null, tipLamports: 1_000 }, ports);
  return {
    land: new Landing({ pool, jito, monotonicMs: ports.monotonicMs }),
    pool,
    engine,
    nodes,
    bundles: () => engine?.count('sendBundle') ?? 0,
    sent: () => nodes.map((node) => node.count('sendTransaction')),
    forward: (ms: number) => {
      nowMs += ms;
    },
  };
}

describe('by Jito first', () => {
  it('and alone: a bundle of these very bytes, and nothing by RPC', async () => {
    const { land, engine, sent } = await landing(TAKEN, TAKEN);
    await land.submit(attempt, 0);
    expect(engine?.calls).toEqual([{ method: 'sendBundle', params: [[attempt.wire], { encoding: 'base64' }] }]);
    expect(sent()).toEqual([0]);
  });

  it('a taken bundle is left alone for 10 slots, then the try has failed; after 3 the same bytes go by RPC', async () => {
    const { land, pool, bundles, sent, nodes } = await landing(TAKEN, TAKEN);
    const seen: [number, number][] = [];
    for (const slot of [1_000, 1_005, 1_009, 1_010, 1_019, 1_020, 1_029, 1_030, 1_035]) {
      pool.sawSlot(slot);
      await land.submit(attempt, seen.length);
      seen.push([bundles(), sent()[0] ?? 0]);
    }
    expect(seen).toEqual([
      [1, 0],
      [1, 0],
      [1, 0],
      [2, 0],
      [2, 0],
      [3, 0],
      [3, 0],
      [3, 1],
      [3, 2],
    ]);
    const config = { encoding: 'base64', skipPreflight: true, maxRetries: 0 };
    expect(nodes[0]?.calls.at(-1)?.params).toEqual([attempt.wire, config]);
  });

  it('counts slots by time where no node tells them', async () => {
    const { land, forward, bundles, sent } = await landing(TAKEN, TAKEN);
    for (let i = 0; i < 4; i += 1) {
      await land.submit(attempt, i);
      forward(4_000);
    }
    expect([bundles(), sent()]).toEqual([3, [1]]);
  });

  const failures: readonly (readonly [string, Reply])[] = [
    ['an error', refusal(-32602, 'Bundle contains an already processed transaction')],
    ['an HTTP 500', { status: 500 }],
    ['a cut connection', { fault: 'cut' }],
    ['a null in place of a bundle id', result(null)],
  ];
  for (const [what, reply] of failures) {
    it(`${what} is a failed try: after 3 of them, in one go, RPC`, async () => {
      const { land, bundles, sent } = await landing(reply, TAKEN);
      await land.submit(attempt, 0);
      expect([bundles(), sent()]).toEqual([3, [1]]);
      await land.submit(attempt, 1);
      expect([bundles(), sent()]).toEqual([3, [2]]);
    });
  }

  it('a 429 is a failed try, and the block engine is left alone while it rests', async () => {
    const { land, bundles, sent } = await landing({ status: 429 }, TAKEN);
    await land.submit(attempt, 0);
    // The clock of this test stands still, so the node rests forever.
    expect([bundles(), sent()]).toEqual([1, [1]]);
  });

  it('another process goes on where the sends so far left it', async () => {
    const { land, bundles, sent } = await landing(TAKEN, TAKEN);
    await land.submit(attempt, 3);
    expect([bundles(), sent()]).toEqual([0, [1]]);
    const other = attemptAt();
    await land.submit(other, 2);
    expect([bundles(), sent()]).toEqual([1, [1]]);
  });
});

describe('by RPC', () => {
  it('goes to every node, and is taken when one takes it', async () => {
    const { land, sent } = await landing(null, { status: 500 }, TAKEN, refusal(-32002, 'no'));
    await land.submit(attempt, 0);
    expect(sent()).toEqual([1, 1, 1]);
  });

  it('does not wait for a node that hangs when another took it', async () => {
    const { land } = await landing(null, { fault: 'hang' }, TAKEN);
    const startMs = performance.now();
    await land.submit(attempt, 0);
    expect(performance.now() - startMs).toBeLessThan(TIMEOUT_MS);
  });

  for (const reply of [{ status: 500 }, { fault: 'cut' }, { fault: 'hang' }, refusal(-32003, 'bad')] as Reply[]) {
    it(`${JSON.stringify(reply)} says nothing of its fate, and is told as SEND_FAILED`, async () => {
      const { land } = await landing(null, reply);
      await expect(land.submit(attempt, 0)).rejects.toMatchObject({ code: 'SEND_FAILED', category: 'transient' });
    });
  }
});

it('finds the block engine by region or by URL', () => {
  expect(blockEngineUrl({ url: null, region: null })).toBe('https://mainnet.block-engine.jito.wtf/api/v1/bundles');
  expect(blockEngineUrl({ url: null, region: 'ny' })).toBe('https://ny.mainnet.block-engine.jito.wtf/api/v1/bundles');
  expect(blockEngineUrl({ url: 'http://127.0.0.1:8899', region: 'ny' })).toBe('http://127.0.0.1:8899/api/v1/bundles');
  expect(blockEngineUrl({ url: 'http://127.0.0.1:8899/jito', region: null })).toBe('http://127.0.0.1:8899/jito');
});
