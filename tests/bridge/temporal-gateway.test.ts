import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import pino from 'pino';
import { Registry } from 'prom-client';
import { AlertChannels } from '../../src/alerts/channels.ts';
import { startBridge } from '../../src/bridge/server.ts';
import { temporalGateway } from '../../src/bridge/temporal-gateway.ts';
import { AccessTokens } from '../../src/bridge/tokens.ts';
import { DEFAULT_POLICY } from '../../src/domain/hedge/policy.ts';
import type { CommandEnvelope } from '../../src/domain/order/command.ts';
import { RightOfWay } from '../../src/journal/right-of-way.ts';
import { ENGINE_ID, journalThatIsDown, READY, Client as SocketClient, TOKEN } from '../support/bridge.ts';
import { temporalAddress } from '../support/temporal-address.ts';

const clock = { nowMs: () => Date.now() };
const logger = pino({ level: 'silent' });
const run = crypto.randomUUID();
const TASK_QUEUE = `bridge-gateway-${run}`;
const ENGINE = `engine:paper:gateway-${run}:0`;
const UNATTENDED = `engine:paper:unattended-${run}:0`;

const envelope = (commandId: string, change: Partial<CommandEnvelope> = {}): CommandEnvelope => ({
  commandId,
  request: { kind: 'rebalance', market: 'SOL-PERP' },
  requestHash: 'hash-1',
  operator: 'test',
  receivedAtMs: Date.now(),
  notAfterMs: Date.now() + 5_000,
  ...change,
});
const inMs = (ms: number) => Date.now() + ms;

describe('with Temporal out of reach', () => {
  const connection = Connection.lazy({ address: '127.0.0.1:1' });
  const gateway = temporalGateway({ client: new Client({ connection }), clock, logger });
  afterAll(() => connection.close());

  it('says UNAVAILABLE, nothing sent, long before the deadline', async () => {
    const at = Date.now();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => gateway.command(ENGINE, envelope(`c-${index}`), inMs(3_600))),
    );
    expect(Date.now() - at).toBeLessThan(3_600);
    for (const answer of answers) {
      expect(answer).toMatchObject({
        success: false,
        data: { status: 'rejected' },
        error: { code: 'UNAVAILABLE', details: { part: 'temporal', retry_after_s: 5 } },
      });
    }
  });

  it('fails a ping and a state query by their deadline', async () => {
    const at = Date.now();
    await expect(gateway.ping(inMs(500))).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { part: 'temporal' } });
    await expect(gateway.state(ENGINE, inMs(500))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(Date.now() - at).toBeLessThan(3_000);
  });

  it('answers every action over the socket within 5 s, with the journal down as well', async () => {
    const bridge = await startBridge({
      journal: journalThatIsDown(),
      alerts: new AlertChannels(logger),
      gateway,
      clock,
      logger,
      readiness: async () => READY,
      metricsRegistry: new Registry(),
      policy: DEFAULT_POLICY,
      rightOfWay: new RightOfWay(),
      settings: {
        host: '127.0.0.1',
        port: 0,
        tokens: new AccessTokens(TOKEN),
        engineId: ENGINE_ID,
        mode: 'paper',
        pageDir: null,
        temporalUiUrl: null,
        explorerUrl: null,
      },
    });
    const client = await SocketClient.connect(bridge.url.replace('http', 'ws'), { Authorization: `Bearer ${TOKEN}` });
    const at = Date.now();
    const results = await Promise.all([
      client.command('START_ENGINE', { mode: 'paper' }),
      client.command('DRIFT_DEPOSIT', { amount: 1 }),
      client.command('DRIFT_CLOSE_POSITION', { market: 'SOL-PERP' }),
      client.command('FLATTEN'),
      client.command('GET_STATE'),
      client.command('RESOLVE_TRANSACTION', { operation_id: 'op', verdict: 'landed' }),
    ]);
    expect(Date.now() - at).toBeLessThan(5_000);
    for (const result of results) expect(result).toMatchObject({ success: false, error: { code: 'UNAVAILABLE' } });
    client.close();
    await bridge.close();
  });
});

describe('with Temporal there', () => {
  let connection: Connection;
  let native: NativeConnection;
  let worker: Worker;
  let running: Promise<void>;
  let client: Client;
  let gateway: ReturnType<typeof temporalGateway>;

  beforeAll(async () => {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    const address = temporalAddress();
    connection = await Connection.connect({ address });
    native = await NativeConnection.connect({ address });
    client = new Client({ connection });
    worker = await Worker.create({
      connection: native,
      taskQueue: TASK_QUEUE,
      workflowsPath: fileURLToPath(new URL('./support/answering-workflow.ts', import.meta.url)),
    });
    running = worker.run();
    gateway = temporalGateway({ client, clock, logger });
    for (const [workflowId, taskQueue] of [
      [ENGINE, TASK_QUEUE],
      ['operation:op-1', TASK_QUEUE],
      [UNATTENDED, `${TASK_QUEUE}-nobody`],
    ] as const) {
      const id = workflowId === 'operation:op-1' ? `operation:op-${run}` : workflowId;
      await client.workflow.start('answeringEngine', { workflowId: id, taskQueue });
    }
    // The first update of a worker waits for its sandbox.
    await gateway.command(ENGINE, envelope('warm-up'), inMs(30_000));
  });
  afterAll(async () => {
    for (const id of [ENGINE, UNATTENDED, `operation:op-${run}`]) await client.workflow.getHandle(id).terminate();
    worker.shutdown();
    await running;
    await native.close();
    await connection.close();
  });

  it('gives the answer of the engine, and runs the same id and data once', async () => {
    const given = envelope('same');
    const answers = await Promise.all([1, 2, 3].map(() => gateway.command(ENGINE, given, inMs(10_000))));
    expect(answers[0]).toMatchObject({ success: true, data: { status: 'done' } });
    expect(new Set(answers.map((answer) => answer.message)).size).toBe(1);
    const again = await gateway.command(ENGINE, { ...given, receivedAtMs: Date.now() + 1 }, inMs(10_000));
    expect(again.message).toBe(answers[0]?.message);
  });

  it('asks anew after a refusal: Temporal alone would repeat it for ever', async () => {
    const given = envelope('refused-once');
    const first = await gateway.command(ENGINE, given, inMs(10_000));
    expect(first.error?.code).toBe('UNAVAILABLE');
    const second = await gateway.command(ENGINE, given, inMs(10_000));
    expect(second).toMatchObject({ success: true, data: { status: 'done' } });
    expect((await gateway.command(ENGINE, given, inMs(10_000))).message).toBe(second.message);
  });

  it('sends a confirmation, and other data under the same id, as updates of their own', async () => {
    const messages = [];
    for (const change of [{}, { confirmationToken: 'tok' }, { requestHash: 'hash-2' }]) {
      messages.push((await gateway.command(ENGINE, envelope('varied', change), inMs(10_000))).message);
    }
    expect(new Set(messages).size).toBe(3);
  });

  it.each([
    ['fails', 'TRANSACTION_FAILED', 'failed', { signature: 'sig' }],
    ['fails-as-report', 'VENUE_PAUSED', 'rejected', { part: 'deposit' }],
    ['busy', 'ENGINE_BUSY', 'rejected', { waiting: 8 }],
    ['fails-unnamed', 'ACCEPTANCE_UNKNOWN', 'unknown', { part: 'engine' }],
  ])('tells a failure by its code, with its details: %s', async (commandId, code, status, details) => {
    const answer = await gateway.command(ENGINE, envelope(commandId), inMs(10_000));
    expect(answer).toMatchObject({ success: false, data: { status }, error: { code, details } });
  });

  it('says that acceptance is unknown when the engine, or its worker, does not answer', async () => {
    for (const [engineId, commandId] of [
      [ENGINE, 'waits'],
      [UNATTENDED, 'c-1'],
    ] as const) {
      const at = Date.now();
      const answer = await gateway.command(engineId, envelope(commandId), inMs(1_000));
      expect(answer).toMatchObject({
        success: false,
        data: { status: 'unknown' },
        error: { code: 'ACCEPTANCE_UNKNOWN' },
      });
      expect(Date.now() - at).toBeLessThan(3_000);
    }
  });

  it('says UNAVAILABLE, nothing sent, for an engine that does not run', async () => {
    const answer = await gateway.command(`${ENGINE}-none`, envelope('c-2'), inMs(5_000));
    expect(answer).toMatchObject({
      data: { status: 'rejected' },
      error: { code: 'UNAVAILABLE', details: { part: 'engine' } },
    });
  });

  it('gives a verdict to its operation once, and refuses one for an operation that does not run', async () => {
    const verdict = { verdict: 'landed', operator: 'test', note: '' } as const;
    const first = await gateway.resolve(`op-${run}`, verdict, 'u-1', inMs(10_000));
    const second = await gateway.resolve(`op-${run}`, verdict, 'u-1', inMs(10_000));
    expect(first.message).toMatch(/^landed/);
    expect(second).toEqual(first);
    const none = await gateway.resolve('none', verdict, 'u-2', inMs(5_000));
    expect(none).toMatchObject({ success: false, error: { code: 'VERDICT_REFUSED' } });
  });

  it('answers a ping', async () => {
    await expect(gateway.ping(inMs(5_000))).resolves.toBeUndefined();
  });
});
