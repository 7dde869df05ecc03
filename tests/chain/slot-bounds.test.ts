import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { recentBlockhash } from '../../src/chain/blockhash.ts';
import { endpointsOf } from '../../src/chain/endpoint.ts';
import { RpcPool } from '../../src/chain/rpc-pool.ts';
import { SLOT_SLACK, SlotBounds } from '../../src/chain/slot-bounds.ts';
import { result, type Script, type ScriptedRpc, scriptedRpc } from '../support/scripted-rpc.ts';

const NOW_MS = Date.parse('2026-01-01T00:00:00Z');
const SLOT = 372_000_000;
const HEIGHT = 350_000_000;

function boundsAt(monotonic: { ms: number }): SlotBounds {
  return new SlotBounds({ nowMs: () => NOW_MS, monotonicMs: () => monotonic.ms });
}

describe('slots that a chain can have come to', () => {
  it('are not judged before a clock account was read', () => {
    expect(boundsAt({ ms: 0 }).doubt(10 ** 15)).toBeNull();
  });

  it('take what a node can be ahead of one that lags, and nothing beyond', () => {
    const bounds = boundsAt({ ms: 0 });
    bounds.anchor('an hour behind', { slot: SLOT - 9_000, timeMs: NOW_MS - 3_600_000 });
    expect(bounds.doubt(SLOT)).toBeNull();
    expect(bounds.doubt(10 * SLOT)).toMatch(/^slot 3720000000, but the chain cannot be past slot \d+ yet$/);
  });

  it('never doubt a chain of real slots, however long nobody looked', () => {
    fc.assert(
      fc.property(fc.nat(10 ** 9), fc.integer({ min: 380, max: 800 }), fc.nat(7_200_000), (passed, slotMs, lagMs) => {
        const monotonic = { ms: 0 };
        const bounds = boundsAt(monotonic);
        bounds.anchor('node', { slot: SLOT, timeMs: NOW_MS - lagMs });
        monotonic.ms = passed;
        return bounds.doubt(SLOT + Math.floor((lagMs + passed) / slotMs)) === null;
      }),
    );
  });
});

const opened: ScriptedRpc[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

const clockAccount = (slot: number) => {
  const data = Buffer.alloc(40);
  data.writeBigUInt64LE(BigInt(slot), 0);
  data.writeBigInt64LE(BigInt(NOW_MS / 1_000), 32);
  return {
    owner: 'Sysvar1111111111111111111111111111111111111',
    lamports: 1,
    data: [data.toString('base64'), 'base64'],
  };
};

interface Claims {
  readonly slot?: number;
  readonly clockSlot?: number;
  readonly height?: number;
  readonly lastValid?: number;
}

function nodeThat({ slot = SLOT, clockSlot = SLOT, height = HEIGHT, lastValid = HEIGHT + 150 }: Claims): Script {
  return {
    getSlot: () => result(slot),
    getMultipleAccounts: () => result({ context: { slot: clockSlot }, value: [clockAccount(clockSlot)] }),
    getEpochInfo: () => result({ absoluteSlot: slot, blockHeight: height }),
    getLatestBlockhash: () =>
      result({ context: { slot }, value: { blockhash: 'hash', lastValidBlockHeight: lastValid } }),
  };
}

async function poolOf(...nodes: readonly Claims[]) {
  const servers = await Promise.all(nodes.map((claims) => scriptedRpc(nodeThat(claims))));
  opened.push(...servers);
  const endpoints = endpointsOf(servers.map(({ url }) => url));
  const pool = new RpcPool({ endpoints, clock: { nowMs: () => NOW_MS }, monotonicMs: () => 1_000_000 });
  pool.slots.anchor('known', { slot: SLOT, timeMs: NOW_MS });
  return pool;
}

describe('what a node claims', () => {
  it('of a slot that cannot be moves nothing, and makes no other node late', async () => {
    const pool = await poolOf({ slot: 10 ** 12 }, {});
    await pool.probe();
    expect(pool.newestSlot).toBe(SLOT);
    expect(pool.health().map(({ lagSlots }) => lagSlots)).toEqual([null, null]);
    expect(await pool.isStale(SLOT)).toBe(false);
  });

  it('is taken where its own clock account says the same: a chain may jump', async () => {
    const pool = await poolOf({ slot: SLOT + 10_000, clockSlot: SLOT + 10_000 });
    await pool.probe();
    expect(pool.newestSlot).toBe(SLOT + 10_000);
  });

  it('and what was believed before any clock was read is judged by the first one', async () => {
    const pool = new RpcPool({ endpoints: endpointsOf(['http://127.0.0.1:1']), clock: { nowMs: () => NOW_MS } });
    pool.sawSlot(10 ** 12);
    pool.slots.anchor('node', { slot: SLOT, timeMs: NOW_MS });
    expect(pool.newestSlot).toBe(SLOT);
  });

  it.each([
    ['a slot that cannot be', { slot: 10 ** 12 }],
    ['a height that its blockhash cannot be good until', { lastValid: HEIGHT + 150 + SLOT_SLACK + 1 }],
    ['a blockhash that is over already', { lastValid: HEIGHT - 1 }],
  ])('%s: another node gives the blockhash', async (_, claims) => {
    const pool = await poolOf(claims, {});
    await expect(recentBlockhash(pool)).resolves.toMatchObject({ slot: SLOT, lastValidBlockHeight: HEIGHT + 150 });
    const alone = await poolOf(claims);
    await expect(recentBlockhash(alone)).rejects.toMatchObject({ category: 'transient' });
  });
});
