/** One command, traced from the bridge through Temporal, workflows and activities to a call to a node, on a real Temporal server. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { commandRunner } from '../../src/bridge/commands.ts';
import { journalLookup } from '../../src/bridge/journal-lookup.ts';
import { OpenEnds } from '../../src/bridge/open-ends.ts';
import { temporalGateway } from '../../src/bridge/temporal-gateway.ts';
import { endpointsOf } from '../../src/chain/endpoint.ts';
import { RpcPool, readSlot } from '../../src/chain/rpc-pool.ts';
import { RightOfWay } from '../../src/journal/right-of-way.ts';
import { operationWorkflowId } from '../../src/lib/ids.ts';
import { createRedactor } from '../../src/runtime/redaction.ts';
import { openTracing, type Tracing } from '../../src/runtime/tracing.ts';
import { TRACE_HEADER } from '../../workflows/trace-header.ts';
import { TEST_COMMAND_KEY } from '../support/command-key.ts';
import {
  type Activities,
  atRest,
  EngineHarness,
  type HarnessOptions,
  lamportsOf,
  SILENT,
} from '../support/engine-harness.ts';
import { SpanCollector } from '../support/span-collector.ts';
import { SteadyFeed } from '../support/steady-feed.ts';
import { temporalAddress } from '../support/temporal-address.ts';

const KEY = 'a-key-of-a-provider';
const clock = { nowMs: () => Date.now() };
const collector = new SpanCollector();
const node = createServer((_request, response) => response.end('{"jsonrpc":"2.0","id":1,"result":7}'));
let tracing: Tracing;
let pool: RpcPool;
let engine: AskingEngine;

/** Paper asks no node: here each send asks one first. */
class AskingEngine extends EngineHarness {
  static override async start(options: HarnessOptions): Promise<AskingEngine> {
    return await EngineHarness.begin(new AskingEngine(options), options);
  }

  protected override served(activities: Activities): Activities {
    const { submit } = activities;
    const asking = async (...args: unknown[]) => {
      await pool.read('getSlot', [], readSlot);
      return await submit?.(...args);
    };
    return { ...activities, submit: asking };
  }
}

beforeAll(async () => {
  const endpoint = await collector.start();
  await new Promise<void>((resolve) => node.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(node.address() as AddressInfo).port}/?api-key=${KEY}`;
  const settings = { endpoint, serviceName: 'driftless-test' };
  tracing = openTracing({ settings, logger: SILENT, redactor: createRedactor() });
  pool = new RpcPool({ endpoints: endpointsOf([url]), clock, observe: tracing.observeRpc });
  engine = await AskingEngine.start({ address: temporalAddress(), feed: new SteadyFeed() });
});
afterAll(async () => {
  await engine?.close();
  await tracing?.stop();
  await collector.close();
  node.closeAllConnections();
  node.close();
});

/** A deposit as the bridge sends it, to the end of its operation. */
async function deposit(traceCommand: Tracing['traceCommand'] | undefined): Promise<string> {
  const { engineId, client, journal } = engine;
  const commandId = crypto.randomUUID();
  const find = journalLookup(journal, 4);
  const gateway = temporalGateway({ client, clock, logger: SILENT });
  const ends = new OpenEnds({
    ...{ engineId, lookup: find, clock, tell: () => {} },
    askAgain: () => Promise.reject(new Error('asked again')),
  });
  const { run } = commandRunner({
    ...{
      engineId,
      mode: 'paper',
      gateway,
      find,
      record: find,
      clock,
      sharedClock: clock,
      logger: SILENT,
      ends,
      traceCommand,
      rightOfWay: new RightOfWay(),
    },
    commandKey: () => TEST_COMMAND_KEY,
    state: async () => null,
  });
  const request = { kind: 'deposit', asset: 'SOL', amount: lamportsOf(0.1) } as const;
  const { answer } = await run({ kind: 'command', request, commandId, mode: null, confirmationToken: null }, 'test');
  expect(answer).toMatchObject({ data: { status: expect.stringMatching(/^(done|pending|unknown)$/) } });
  await engine.untilState('rest', atRest);
  // Its span is told at its end: after that it has nothing more to do, and its history can be replayed whole.
  await engine.operation(commandId).result();
  return commandId;
}

const operationWorkflow = (commandId: string): string => operationWorkflowId(engine.operationId(commandId));

async function headersIn(workflowId: string): Promise<readonly string[]> {
  const { events } = await engine.client.workflow.getHandle(workflowId).fetchHistory();
  const carrying = (events ?? []).filter((event) =>
    JSON.stringify(event, (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value)).includes(
      TRACE_HEADER,
    ),
  );
  return carrying.map(({ eventId }) => String(eventId));
}

it('is one trace when it is switched on, leaves nothing when it is off, and both replay', async () => {
  const untraced = await deposit(undefined);
  expect(await headersIn(engine.engineId)).toEqual([]);
  expect(await headersIn(operationWorkflow(untraced))).toEqual([]);

  await engine.traceWith(tracing);
  const commandId = await deposit(tracing.traceCommand);
  expect(await headersIn(operationWorkflow(commandId))).not.toEqual([]);
  await engine.traceWith(null);
  const after = await deposit(undefined);
  expect(await headersIn(operationWorkflow(after))).toEqual([]);
  await tracing.stop();

  expect([...collector.paths]).toEqual(['/v1/traces']);
  const [call] = collector.named('RPC:getSlot');
  if (call === undefined) throw new Error(`no call among ${collector.spans.map(({ name }) => name).join(', ')}`);
  expect(collector.path(call)).toEqual([
    ...[
      'RPC:getSlot',
      'RunActivity:submit',
      'RunWorkflow:deposit',
      'HandleUpdate:command',
      'StartWorkflowUpdate:command',
      'Command',
    ],
  ]);
  expect(collector.named('RunActivity:admitCommand')).not.toEqual([]);
  expect(new Set(collector.spans.map(({ traceId }) => traceId)).size).toBe(1);
  const ids = {
    'driftless.command_id': commandId,
    'driftless.engine_id': engine.engineId,
    'driftless.operation_id': engine.operationId(commandId),
  };
  const place = { 'driftless.workflow_id': operationWorkflow(commandId) };
  // On a slow machine the answer may be that its acceptance is unknown, and names no operation.
  const { 'driftless.operation_id': _operation, ...always } = ids;
  expect(collector.named('Command')[0]?.attributes).toMatchObject({ ...always, 'driftless.action': 'DRIFT_DEPOSIT' });
  expect(collector.named('RunWorkflow:deposit')[0]?.attributes).toMatchObject({ ...ids, ...place });
  expect(collector.named('HandleUpdate:command')[0]?.attributes).toMatchObject({
    'driftless.command_id': commandId,
    'driftless.workflow_id': engine.engineId,
  });
  expect(call.attributes).toMatchObject({ ...ids, ...place, 'driftless.outcome': 'answer' });
  expect(collector.text).not.toContain(KEY);
  expect(collector.text).not.toContain(TEST_COMMAND_KEY);

  expect(await engine.replay(engine.engineId)).toBe(1);
  for (const id of [untraced, commandId, after]) expect(await engine.replay(operationWorkflow(id))).toBe(1);
}, 60_000);
