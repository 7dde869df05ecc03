import { afterEach, describe, expect, it } from '@jest/globals';
import { endpointsOf } from '../../src/chain/endpoint.ts';
import { RpcPool, readSlot } from '../../src/chain/rpc-pool.ts';
import { TransientError } from '../../src/lib/errors.ts';
import { type Reply, refusal, result, type Script, type ScriptedRpc, scriptedRpc } from '../support/scripted-rpc.ts';

const opened: ScriptedRpc[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

const slot = (reply: Reply): Script => ({ getSlot: () => reply });
/** Honest answers must come within it on a busy machine; each hang costs it. */
const TIMEOUT_MS = 2_000;

async function poolOf(...scripts: readonly Script[]) {
  const servers = await Promise.all(scripts.map((script) => scriptedRpc(script)));
  opened.push(...servers);
  let nowMs = 1_000;
  const pool = new RpcPool({
    endpoints: endpointsOf(servers.map(({ url }) => url)),
    clock: { nowMs: () => Date.parse('2026-01-01T00:00:00Z') },
    monotonicMs: () => nowMs,
    tuning: { timeoutMs: TIMEOUT_MS },
  });
  const forward = (ms: number) => {
    nowMs += ms;
  };
  return { pool, servers, forward };
}

const readOf = (pool: RpcPool) => pool.read('getSlot', [], readSlot);
const errorOf = async (pool: RpcPool): Promise<TransientError> => {
  const error = await readOf(pool).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TransientError);
  return error as TransientError;
};

describe('a read of what a node may not know', () => {
  const readNumber = (value: unknown) => (value === null || typeof value === 'number' ? value : undefined);
  const known = (pool: RpcPool) => pool.readKnown('getSlot', [], readNumber);

  it('goes on to the one that knows it, where another denies it for ever', async () => {
    const { pool } = await poolOf(slot(result(null)), slot(result(7)));
    expect([await known(pool), await known(pool)]).toEqual([7, 7]);
  });

  it('is null where one denies it and the other does not answer', async () => {
    const { pool } = await poolOf(slot({ status: 500 }), slot(result(null)));
    expect(await known(pool)).toBeNull();
  });

  it('is an error where none answers', async () => {
    const { pool } = await poolOf(slot({ status: 500 }), slot({ fault: 'cut' }));
    await expect(known(pool)).rejects.toBeInstanceOf(TransientError);
  });
});

describe('a read', () => {
  it('without an endpoint is a critical error that names the setting', () => {
    expect(() => new RpcPool({ endpoints: [], clock: { nowMs: () => 0 } })).toThrow(/RPC_URL/);
  });

  const faults: readonly (readonly [string, Reply, string])[] = [
    ['hangs', { fault: 'hang' }, 'RPC_TIMEOUT'],
    ['cuts the connection', { fault: 'cut' }, 'RPC_UNREACHABLE'],
    ['answers 500', { status: 500 }, 'RPC_UNREACHABLE'],
    ['answers 429', { status: 429 }, 'RPC_RATE_LIMITED'],
    ['limits within a 200', refusal(-32429, 'slow down'), 'RPC_RATE_LIMITED'],
    ['calls itself unhealthy', refusal(-32005, 'Node is behind by 200 slots'), 'RPC_UNHEALTHY'],
    ['answers nonsense', { status: 200, body: 'hello' }, 'RPC_UNREADABLE'],
    ['answers another shape', result('1'), 'RPC_UNREADABLE'],
    ['keeps no history', refusal(-32011, 'Transaction history is not available from this node'), 'RPC_REFUSED'],
    ['has pruned it', refusal(-32001, 'Block 5 cleaned up, does not exist on node'), 'RPC_REFUSED'],
    ['serves it to other plans only', refusal(-32600, 'Not available on your plan'), 'RPC_REFUSED'],
    ['lacks the method', refusal(-32601, 'Method not found'), 'RPC_REFUSED'],
  ];
  for (const [what, reply, code] of faults) {
    it(`goes to the next node when one ${what}, and alone ends as ${code}`, async () => {
      const two = await poolOf(slot(reply), slot(result(7)));
      expect(await readOf(two.pool)).toBe(7);
      const one = await poolOf(slot(reply));
      const error = await errorOf(one.pool);
      expect(error.code).toBe(code);
      expect(error.details.remedy).toMatch(/RPC_URL/);
    });
  }

  it('that every node refuses is an error with each one’s words', async () => {
    const { pool } = await poolOf(slot(refusal(-32011, 'no history')), slot(refusal(-32602, 'Invalid params')));
    const error = await errorOf(pool);
    expect(error.code).toBe('RPC_REFUSED');
    expect(error.message).toMatch(/-32011 no history.*-32602 Invalid params/);
  });

  it('ends at its timeout, and not before', async () => {
    const startMs = performance.now();
    const { pool } = await poolOf(slot({ fault: 'hang' }));
    await errorOf(pool);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(TIMEOUT_MS - 50);
  });

  it('keeps a provider’s key out of names and errors', async () => {
    const urls = ['http://127.0.0.1:9/KEY-IN-PATH?api-key=KEY-IN-QUERY', 'http://user:KEY-AS-PASSWORD@127.0.0.1:9/'];
    const endpoints = endpointsOf(urls);
    expect(endpoints.map(({ name }) => name)).toEqual(['127.0.0.1:9', '127.0.0.1:9#2']);
    const pool = new RpcPool({ endpoints, clock: { nowMs: () => 0 }, tuning: { timeoutMs: TIMEOUT_MS } });
    const error = await errorOf(pool);
    expect(`${error.stack} ${JSON.stringify(error.report())} ${String(error.cause)}`).not.toMatch(/KEY-/);
  });
});

describe('a node that answers 429', () => {
  it('rests as long as it asks, and is asked again after that', async () => {
    const { pool, servers, forward } = await poolOf(slot({ status: 429, headers: { 'retry-after': '3' } }));
    await errorOf(pool);
    await errorOf(pool);
    expect(servers[0]?.count('getSlot')).toBe(1);
    expect(pool.health()[0]?.restsMs).toBe(3_000);
    forward(3_000);
    servers[0]?.script(slot(result(7)));
    expect(await readOf(pool)).toBe(7);
  });

  it('reads Retry-After as a date too', async () => {
    const headers = { 'retry-after': 'Thu, 01 Jan 2026 00:00:05 GMT' };
    const { pool } = await poolOf(slot({ status: 429, headers }));
    await errorOf(pool);
    expect(pool.health()[0]?.restsMs).toBe(5_000);
  });

  it('without Retry-After rests longer each time, within a bound', async () => {
    const { pool, forward } = await poolOf(slot({ status: 429 }));
    const rests: number[] = [];
    for (let i = 0; i < 8; i += 1) {
      await errorOf(pool);
      rests.push(pool.health()[0]?.restsMs ?? 0);
      forward(60_000);
    }
    expect(rests).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });
});

describe('health', () => {
  it('asks a node that lags by more than 50 slots last', async () => {
    const { pool, servers } = await poolOf(slot(result(100)), slot(result(151)));
    await pool.probe();
    expect(pool.health().map(({ lagSlots }) => lagSlots)).toEqual([51, 0]);
    expect(await readOf(pool)).toBe(151);
    servers[0]?.script(slot(result(101)));
    await pool.probe();
    expect(await readOf(pool)).toBe(101);
    expect(pool.newestSlot).toBe(151);
  });

  it('returns to the first of RPC_URL when it answers again', async () => {
    const { pool, servers } = await poolOf(slot({ status: 500 }), slot(result(151)));
    expect(await readOf(pool)).toBe(151);
    servers[0]?.script(slot(result(150)));
    await pool.probe();
    for (let i = 0; i < 5; i += 1) await pool.probe();
    expect(await readOf(pool)).toBe(150);
    expect(pool.health()[0]?.errorRate).toBeGreaterThan(0);
  });

  it('of a node alone costs no question', async () => {
    const { pool, servers } = await poolOf(slot(result(1)));
    await readOf(pool);
    expect(servers[0]?.calls).toHaveLength(1);
    expect(pool.health()[0]?.lagSlots).toBeNull();
  });

  it('tells the median latency of the node that is asked first, and unknown before the first answer', async () => {
    const servers = [await scriptedRpc(slot(result(1)))];
    opened.push(...servers);
    let nowMs = 0;
    const steps = [5, 900, 7];
    let call = 0;
    const pool = new RpcPool({
      endpoints: endpointsOf(servers.map(({ url }) => url)),
      clock: { nowMs: () => 0 },
      // Read at rest check, start and end of each call: only the last step takes time.
      monotonicMs: () => {
        call += 1;
        if (call % 3 === 0) nowMs += steps[call / 3 - 1] ?? 0;
        return nowMs;
      },
    });
    const first = pool.nodes[0];
    expect(first?.health.latencyMs).toBeNull();
    for (const _ of steps) await first?.ask('getSlot', [], readSlot);
    expect(first?.health.latencyMs).toBe(7);
  });
});

describe('a Connection from the pool', () => {
  it('fails over, and has a timeout', async () => {
    const { pool } = await poolOf(slot({ fault: 'hang' }), slot(result(9)));
    expect(await pool.connection().getSlot()).toBe(9);
  });

  it('does not retry a 429 by itself', async () => {
    const { pool, servers } = await poolOf(slot({ status: 429 }));
    await expect(pool.connection().getSlot()).rejects.toThrow(/rate limited/);
    expect(servers[0]?.calls).toHaveLength(1);
  });
});
