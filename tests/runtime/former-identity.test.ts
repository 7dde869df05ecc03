/** A live engine of a version whose id did not name its chain: adopted only where its own transactions prove it. */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Client } from '@temporalio/client';
import type { Journal } from '../../src/journal/journal.ts';
import type { EngineRecord } from '../../src/journal/records.ts';
import { engineChain, engineIdOf } from '../../src/lib/ids.ts';
import type { Settings } from '../../src/runtime/config.ts';
import { engineIdInForce } from '../../src/runtime/former-identity.ts';
import { isOfCluster } from '../../src/runtime/other-engines.ts';
import { attemptOf, engineOf, operationOf, T0 } from '../journal/records.ts';
import { openTestJournal } from '../support/journal.ts';
import { result, type ScriptedRpc, scriptedRpc } from '../support/scripted-rpc.ts';

const PROGRAM = 'dRiftyHA39MWEi3m9aunc5MzRF1JYuBsbn6VPcn33UH';
const OTHER_PROGRAM = 'vELoC1ayuYYJ8Rn5LdpPZkJmpwYcXB9cBrWbu3J1i9j';
const WALLET = '7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU';
const GENESIS = '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d';
const FORMER = engineIdOf({ venue: 'drift', authority: WALLET, subAccount: 0 });
const OWN = engineIdOf({ venue: 'drift', authority: WALLET, subAccount: 0, chain: engineChain(GENESIS, PROGRAM) });

let journal: Journal;
let node: ScriptedRpc;
afterEach(async () => {
  await node.close();
  await journal.close();
});

/** @param keys what a node knows the transaction to name; null: it does not know it */
async function start(keys: readonly string[] | null, change: Partial<EngineRecord> = {}, open = false) {
  journal = await openTestJournal();
  const known = keys === null ? null : { transaction: { message: { accountKeys: keys } } };
  node = await scriptedRpc({ getTransaction: () => result(known) });
  await journal.publishEngine(engineOf({ engineId: FORMER, mode: 'live', ...change }));
  const operation = operationOf({ engineId: FORMER, operationId: 'op-1', status: open ? 'unresolved' : 'done' });
  await journal.openOperation(operation);
  if (!open) await journal.updateOperation('op-1', { status: 'done', endedAtMs: T0, updatedAtMs: T0 } as never);
  await journal.recordAttempt(attemptOf({ operationId: 'op-1', outcome: 'confirmed' }));
  const ended: string[] = [];
  const handle = {
    describe: async () => ({ status: { name: 'RUNNING' } }),
    terminate: async (reason: string) => void ended.push(reason),
  };
  const client = {
    options: { namespace: 'test', loadedDataConverter: {} },
    workflow: { getHandle: () => handle },
    connection: { withDeadline: (_: number, work: () => unknown) => work() },
  } as unknown as Client;
  const live = { venue: 'drift', driftEnv: 'mainnet-beta', genesis: GENESIS, programId: PROGRAM, rpcUrls: [node.url] };
  const settings = { engineId: OWN, live } as unknown as Settings;
  const said: string[] = [];
  const clock = { nowMs: () => Date.now() };
  const say = (line: string) => void said.push(line);
  const inForce = () => engineIdInForce({ settings, client, journal, clock, say, mayAdopt: true });
  return { inForce, ended, said };
}

describe('an engine of before', () => {
  it('whose transactions are of this chain and program continues under the full id, with all its records', async () => {
    const { inForce, ended, said } = await start([WALLET, PROGRAM]);
    expect(await inForce()).toBe(OWN);
    expect(ended).toEqual([`it continues as ${OWN}`]);
    expect(said.join()).toMatch(/chain and program match/);
    expect(await journal.engine(FORMER)).toBeNull();
    expect(await journal.engine(OWN)).toMatchObject({ engineId: OWN });
    expect((await journal.operations({ engineId: OWN, limit: 5 })).items).toMatchObject([{ operationId: 'op-1' }]);
    // A second start finds nothing of before.
    expect(await inForce()).toBe(OWN);
    expect(ended).toHaveLength(1);
  });

  it('keeps its id for this start while a transaction of its own is unresolved: no second engine starts', async () => {
    const { inForce, ended, said } = await start([WALLET, PROGRAM], {}, true);
    expect(await inForce()).toBe(FORMER);
    expect(ended).toEqual([]);
    expect(said.join()).toMatch(/until its last transaction is resolved/);
  });

  it.each([
    ['another program', [WALLET, OTHER_PROGRAM]],
    ['another chain, or older than what the node has', null],
  ])('of %s stops the start while it holds something', async (_, keys) => {
    const { inForce, ended } = await start(keys, {}, true);
    await expect(inForce()).rejects.toMatchObject({ code: 'ENGINE_OF_ANOTHER_CHAIN' });
    expect(ended).toEqual([]);
  });

  it('of another program that holds nothing is ended under its id, and its records stay there', async () => {
    const { inForce, ended, said } = await start([WALLET, OTHER_PROGRAM]);
    expect(await inForce()).toBe(OWN);
    expect(ended).toHaveLength(1);
    expect(said.join()).toMatch(/not this one: its transactions call another program/);
    expect(await journal.engine(FORMER)).toMatchObject({ state: 'stopped' });
    expect(await journal.engine(OWN)).toBeNull();
  });
});

describe('the cluster in an id', () => {
  it('is held against that of the nodes, and an id without one is of none', () => {
    const parts = { venue: 'drift', authority: WALLET, subAccount: 0 } as const;
    const chain = engineChain(GENESIS, PROGRAM);
    expect(isOfCluster({ ...parts, chain }, { genesis: GENESIS })).toBe(true);
    expect(isOfCluster({ ...parts, chain }, { genesis: 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG' })).toBe(false);
    expect(isOfCluster(parts, { genesis: GENESIS })).toBe(false);
  });
});
