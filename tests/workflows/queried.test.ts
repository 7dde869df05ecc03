/** Anybody may look at a workflow at any time: another process, Temporal's own UI. It must replay as it ran. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Client } from '@temporalio/client';
import { operationWorkflowId } from '../../src/lib/ids.ts';
import { sleep } from '../../src/lib/sleep.ts';
import { signingCodec } from '../../src/runtime/payload-signatures.ts';
import { engineState, operationState } from '../../workflows/messages.ts';
import { TEST_PAYLOAD_KEYS } from '../support/command-key.ts';
import { EngineHarness, lamportsOf, until } from '../support/engine-harness.ts';
import { SteadyFeed } from '../support/steady-feed.ts';
import { temporalAddress } from '../support/temporal-address.ts';

const DEPOSIT = { kind: 'deposit', asset: 'SOL', amount: lamportsOf(0.01) } as const;
const WITHDRAW = { kind: 'withdraw', asset: 'SOL', amount: lamportsOf(0.01) } as const;
const ROUNDS = 2;
/** Side by side, so that one meets nearly every workflow task. */
const LOOKERS = 3;
/** What the page of a workflow in Temporal's UI asks. */
const UI_QUERY = '__temporal_workflow_metadata';

let engine: EngineHarness;
beforeAll(async () => {
  // The lookers take most of the machine's time, so an operation may take many seconds, and the next ones wait for it.
  const tuning = { slotWaitMs: 120_000 };
  engine = await EngineHarness.start({ address: temporalAddress(), feed: new SteadyFeed(), admissionMs: 15, tuning });
});
afterAll(async () => await engine?.close());

/** `beside` again and again until `work` is done; how often. */
async function whileDoing(work: Promise<unknown>, beside: readonly (() => Promise<unknown>)[]): Promise<number> {
  let times = 0;
  let running = true;
  const again = async (one: () => Promise<unknown>): Promise<void> => {
    for (; running; times += 1) await one();
  };
  const besides = Promise.all(beside.map(again));
  try {
    await work;
  } finally {
    running = false;
    await besides;
  }
  return times;
}

/** By a client of its own, at the engine and at the operation that it runs. */
function looker(): () => Promise<void> {
  const client = new Client({
    connection: engine.stranger.connection,
    dataConverter: { payloadCodecs: [signingCodec(TEST_PAYLOAD_KEYS)] },
  });
  const handle = client.workflow.getHandle(engine.engineId);
  return async () => {
    const { operation } = await handle.query(engineState);
    await handle.query(UI_QUERY);
    if (operation === null) return;
    const ofOperation = client.workflow.getHandle(operationWorkflowId(operation.operationId));
    // It may have ended.
    await Promise.all([ofOperation.query(operationState), ofOperation.query(UI_QUERY)]).catch(() => sleep(1));
  };
}

/** Of each two that start together, one waits for the other and is planned anew. */
async function trades(): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const answers = await Promise.all([engine.carryOut(DEPOSIT), engine.carryOut(WITHDRAW), engine.carryOut(DEPOSIT)]);
    expect(answers.map(({ success, error }) => error ?? success)).toEqual([true, true, true]);
  }
}

const asking = async (): Promise<void> =>
  expect(await engine.carryOut({ action: 'GET_STATE' })).toMatchObject({ success: true });

it('goes on from its history, whoever looked at it while it worked', async () => {
  const beside = [...Array.from({ length: LOOKERS }, looker), asking, asking];
  expect(await whileDoing(trades(), beside)).toBeGreaterThan(ROUNDS * beside.length);
  const operations = async () => (await engine.journal.operations({ engineId: engine.engineId, limit: 100 })).items;
  await until('every operation to have ended', async () =>
    (await operations()).every(({ endedAtMs }) => endedAtMs !== null),
  );
  expect(await engine.replay(engine.engineId)).toBe(1);
  const ids = (await operations()).map(({ operationId }) => operationWorkflowId(operationId));
  expect(ids).toHaveLength(3 * ROUNDS);
  for (const id of ids) expect(await engine.replay(id)).toBeGreaterThan(0);

  // A worker that has nothing in memory.
  await engine.stopWorker();
  await engine.startWorker();
  expect(await engine.carryOut(DEPOSIT)).toMatchObject({ success: true });
});
