/**
 * Temporal's port asks nobody who they are. Each row of the table "Doors" (docs/architecture/bridge.md) is tried here by
 * a real Temporal client that has no token: no money moves, and nothing that the engine believes changes.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { defaultPayloadConverter, WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import { operationIdOf, operationWorkflowId } from '../../src/lib/ids.ts';
import { payloadKeyOf } from '../../src/runtime/payload-signatures.ts';
import {
  command,
  configure,
  configureSignal,
  operationReport,
  slotGranted,
  standDown,
} from '../../workflows/messages.ts';
import { atRest, EngineHarness, lamportsOf, until } from '../support/engine-harness.ts';
import { operationInput } from '../support/operations.ts';
import { SteadyFeed } from '../support/steady-feed.ts';
import { temporalAddress } from '../support/temporal-address.ts';

const DEPOSIT = { kind: 'deposit', asset: 'SOL', amount: lamportsOf(1) } as const;
const UNAUTHORIZED = { type: 'UNAUTHORIZED' };

let engine: EngineHarness;
beforeAll(async () => {
  engine = await EngineHarness.start({ address: temporalAddress(), feed: new SteadyFeed() });
});
afterAll(async () => await engine?.close());

const stranger = () => engine.stranger.workflow;
const failureOf = async (work: Promise<unknown>): Promise<unknown> =>
  await work.then(
    () => null,
    (error: unknown) =>
      error instanceof WorkflowFailedError || error instanceof WorkflowUpdateFailedError ? error.cause : error,
  );
/** What the account holds and what the engine believes. */
const standing = async () => {
  await engine.untilState('quiet', atRest);
  const { sequence: _sequence, updatedAtMs: _at, ...state } = await engine.state();
  const { account } = await engine.snapshot();
  return { state, perps: account?.perps, deposits: account?.spot };
};

describe('a client without the token', () => {
  it('starts no engine', async () => {
    const engineId = `${engine.engineId}-of-a-stranger`;
    const { policy, tuning, taskQueue } = engine;
    const args = [{ engineId, policy, tuning, carried: null }];
    const started = await stranger().start('engine', { workflowId: engineId, taskQueue, args });
    expect(await failureOf(started.result())).toMatchObject(UNAUTHORIZED);
  });

  it('gives the engine no settings, by signal or by update', async () => {
    const before = await standing();
    const settings = { policy: { ...engine.policy, maxSlippageBps: 5_000 }, tuning: engine.tuning };
    const handle = stranger().getHandle(engine.engineId);
    await handle.signal(configureSignal, settings);
    expect(await failureOf(handle.executeUpdate(configure, { args: [settings] }))).toMatchObject(UNAUTHORIZED);
    expect(await standing()).toEqual(before);
  });

  it('commands nothing, not even with a command that a bridge signed for another time', async () => {
    const before = await standing();
    const handle = stranger().getHandle(engine.engineId);
    for (const envelope of [engine.envelope(DEPOSIT), engine.envelope(DEPOSIT, { mac: '00' })]) {
      expect(await failureOf(handle.executeUpdate(command, { args: [envelope] }))).toMatchObject(UNAUTHORIZED);
      expect(await engine.journal.command(envelope.commandId)).toBeNull();
    }
    expect(await standing()).toEqual(before);
  });

  it('sends no message without its content, and passes off nothing signed as another message', async () => {
    const started = (await engine.handle.fetchHistory()).events?.[0]?.workflowExecutionStartedEventAttributes?.input;
    // Signed by us, for this workflow: the settings with which it was started, before those that count now.
    const later = { ...engine.policy, maxSlippageBps: engine.policy.maxSlippageBps - 1 };
    await engine.handle.executeUpdate(configure, { args: [{ policy: later, tuning: engine.tuning }] });
    const inForce = await standing();
    for (const input of [null, started ?? null]) {
      for (const signalName of ['configure', 'operationReport']) await signalAsItIs(engine.engineId, signalName, input);
    }
    const handle = stranger().getHandle(engine.engineId);
    for (const update of ['configure', 'command'])
      expect(await failureOf(handle.executeUpdate(update))).toMatchObject(UNAUTHORIZED);
    expect(await standing()).toEqual(inForce);
    // A command has the engine publish which settings are in force.
    expect(await engine.carryOut(DEPOSIT)).toMatchObject({ success: true });
    expect((await engine.journal.engine(engine.engineId))?.policy).toMatchObject({
      maxSlippageBps: later.maxSlippageBps,
    });
    await engine.handle.executeUpdate(configure, { args: [{ policy: engine.policy, tuning: engine.tuning }] });
  });

  it('starts nothing without an input, which would stand there for ever', async () => {
    const workflowId = `${engine.engineId}-without-input`;
    const started = await stranger().start('engine', { workflowId, taskQueue: engine.taskQueue });
    expect(await failureOf(started.result())).toMatchObject(UNAUTHORIZED);
  });

  it('reports for no operation', async () => {
    const before = await standing();
    const operationId = operationIdOf(engine.engineId, 'made up');
    await stranger()
      .getHandle(engine.engineId)
      .signal(operationReport, {
        ...{ operationId, kind: 'open', sequence: 9, stage: 'ended', phase: 'ended', reducing: false, answer: null },
        ...{ perpChange: lamportsOf(-5), windowClosed: true, contradicted: false, error: null },
      });
    expect(await standing()).toEqual(before);
  });

  it('starts no operation', async () => {
    const before = await standing();
    for (const workflow of ['deposit', 'withdraw', 'openPosition', 'closePosition', 'rebalance', 'settle']) {
      const operationId = randomUUID();
      const input = operationInput({ operationId, engineId: engine.engineId, request: DEPOSIT });
      const started = await stranger().start(workflow, {
        ...{ workflowId: operationWorkflowId(operationId), taskQueue: engine.taskQueue, args: [input] },
      });
      expect(await failureOf(started.result())).toMatchObject(UNAUTHORIZED);
    }
    expect(await standing()).toEqual(before);
  });

  it('stands no operation down and grants it no slot', async () => {
    engine.faults.silence(100_000);
    const commandId = randomUUID();
    await engine.send(DEPOSIT, { commandId });
    await engine.untilState('the unknown outcome', ({ unresolved }) => unresolved.length === 1);
    const handle = stranger().getHandle(operationWorkflowId(engine.operationId(commandId)));
    await handle.signal(standDown, { reason: 'a stranger' });
    for (const name of ['standDown', 'slotGranted', 'resolveTransaction'])
      await signalAsItIs(handle.workflowId, name, null);
    await handle.signal(slotGranted, { confirmedPriceLimit: null, exposureConfirmed: true });
    // What carries nothing is for everybody: it asks for proof, and to be told where it stands.
    await handle.signal('proveNow');
    await handle.signal('reportAgain');
    engine.faults.silence(0);
    const answer = await until('the end', async () => (await engine.journal.command(commandId))?.answer);
    expect(answer).toMatchObject({ success: true });
  });

  it('has none of our activities done for a workflow of its own, on any queue of ours', async () => {
    await until('quiet', async () => {
      const { items } = await engine.journal.operations({ engineId: engine.engineId, limit: 500 });
      return items.every(({ endedAtMs }) => endedAtMs !== null);
    });
    const sends = await engine.journal.operations({ engineId: engine.engineId, limit: 500 });
    const intent = { kind: 'withdraw', asset: 'SOL', amount: lamportsOf(1) };
    const tried = {
      sign: { engineId: engine.engineId, intent },
      writeOperation: { writes: [] },
      recordAnswer: { commandId: randomUUID(), answer: { success: true, message: '', data: {} }, atMs: 1 },
      publishEngine: { engineId: engine.engineId },
    };
    for (const [activity, input] of Object.entries(tried)) {
      expect(await ownWorkflow(activity, input)).toEqual('UNAUTHORIZED');
    }
    expect((await engine.journal.operations({ engineId: engine.engineId, limit: 500 })).items).toEqual(sends.items);
  });

  it('gets nothing done with a signed payload from another workflow', async () => {
    const history = await engine.handle.fetchHistory();
    const copied = (history.events ?? []).flatMap(
      (event) => event.activityTaskScheduledEventAttributes?.input?.payloads ?? [],
    );
    expect(copied.length).toBeGreaterThan(0);
    expect(await ownWorkflow('publishEngine', copied[0] as Payload, true)).toEqual('UNAUTHORIZED');
  });

  it('starts nothing by a copy: neither an operation that is over, nor the engine with what it carried', async () => {
    const [operation] = (await engine.journal.operations({ engineId: engine.engineId, limit: 1 })).items;
    const workflowId = operationWorkflowId(String(operation?.operationId));
    const copied = await stranger().getHandle(workflowId).fetchHistory();
    const { input, workflowType } = copied.events?.[0]?.workflowExecutionStartedEventAttributes ?? {};
    await until('its end', async () => (await stranger().getHandle(workflowId).describe()).status.name !== 'RUNNING');
    await engine.stranger.workflowService.startWorkflowExecution({
      ...{
        namespace: 'default',
        workflowId,
        workflowType: workflowType ?? null,
        requestId: randomUUID(),
        workflowIdReusePolicy: 1,
      },
      ...{ taskQueue: { name: engine.taskQueue }, input: input ?? null },
    });
    expect(await failureOf(stranger().getHandle(workflowId).result())).toMatchObject(UNAUTHORIZED);
  });

  it('answers no task of ours: a false result is refused and asked for again', async () => {
    await engine.stopWorker();
    await answerFalsely();
    await engine.startWorker();
    expect(await engine.carryOut(DEPOSIT)).toMatchObject({ success: true });
    await engine.untilState('no hold', ({ holds }) => holds.length === 0);
  });
});

it('an engine that is reset to an earlier point notices it, and only reduces', async () => {
  const events = (await engine.handle.fetchHistory()).events ?? [];
  const early = events.find((event) => event.workflowTaskCompletedEventAttributes)?.eventId;
  await engine.stranger.workflowService.resetWorkflowExecution({
    ...{ namespace: 'default', workflowExecution: { workflowId: engine.engineId }, requestId: randomUUID() },
    ...{ workflowTaskFinishEventId: early as never, resetReapplyType: 2 },
  });
  const { tradingState } = await engine.untilState('the restriction', ({ holds }) =>
    holds.some(({ code }) => code === 'stores_diverged'),
  );
  expect(tradingState).toBe('reducing');
});

it('replays alike with the key and, as after a change of the token, without it', async () => {
  const [operation] = (await engine.journal.operations({ engineId: engine.engineId, limit: 1 })).items;
  for (const id of [engine.engineId, operationWorkflowId(String(operation?.operationId))]) {
    expect(await engine.replay(id)).toBeGreaterThan(0);
    expect(await engine.replay(id, [payloadKeyOf('the token of next month')])).toBeGreaterThan(0);
  }
});

/** With this input as it is, or none. */
const signalAsItIs = (
  workflowId: string,
  signalName: string,
  input: temporal.api.common.v1.IPayloads | null,
): Promise<unknown> =>
  engine.stranger.workflowService.signalWorkflowExecution({
    ...{ namespace: 'default', workflowExecution: { workflowId }, signalName, input },
  });

const IDENTITY = 'a stranger';
const POLL_MS = 60_000;

/** Runs one activity on our queue from a workflow of the stranger's own, by hand: the type of its failure. */
async function ownWorkflow(activity: string, input: unknown, asItIs = false): Promise<string | null | undefined> {
  const { workflowService, connection } = engine.stranger;
  const namespace = 'default';
  const queue = `stranger-${randomUUID()}`;
  const { workflowId } = await stranger().start('attack', { workflowId: queue, taskQueue: queue });
  const { taskToken } = await connection.withDeadline(Date.now() + POLL_MS, () =>
    workflowService.pollWorkflowTaskQueue({ namespace, taskQueue: { name: queue } }),
  );
  const payload = asItIs ? (input as Payload) : defaultPayloadConverter.toPayload(input);
  await workflowService.respondWorkflowTaskCompleted({
    ...{ namespace, taskToken, identity: IDENTITY },
    commands: [
      {
        commandType: 1,
        scheduleActivityTaskCommandAttributes: {
          ...{ activityId: '1', activityType: { name: activity }, taskQueue: { name: engine.taskQueue } },
          input: { payloads: [payload as temporal.api.common.v1.IPayload] },
          startToCloseTimeout: { seconds: 10 as never },
          scheduleToCloseTimeout: { seconds: 20 as never },
          retryPolicy: { maximumAttempts: 1 },
        },
      },
    ],
  });
  const handle = stranger().getHandle(workflowId);
  const event = await until(`the end of ${activity}`, async () =>
    ((await handle.fetchHistory()).events ?? []).find(
      ({ activityTaskFailedEventAttributes: failed, activityTaskCompletedEventAttributes: done }) => failed ?? done,
    ),
  );
  await handle.terminate();
  return event.activityTaskFailedEventAttributes?.failure?.applicationFailureInfo?.type;
}

/** Takes the watch that a stopped worker left behind, and answers with a lie. */
async function answerFalsely(): Promise<void> {
  const { workflowService, connection } = engine.stranger;
  const poll = { namespace: 'default', taskQueue: { name: engine.taskQueue }, identity: IDENTITY };
  const { taskToken } = await connection.withDeadline(Date.now() + POLL_MS, () =>
    workflowService.pollActivityTaskQueue(poll),
  );
  expect(taskToken.length).toBeGreaterThan(0);
  const result = { payloads: [defaultPayloadConverter.toPayload({ kind: 'decide', why: 'a lie', snapshot: {} })] };
  await workflowService.respondActivityTaskCompleted({ ...poll, taskToken, result: result as never });
}
