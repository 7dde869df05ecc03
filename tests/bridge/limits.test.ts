import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  MAX_COMMANDS_PER_SOCKET,
  MAX_MESSAGE_BYTES,
  MESSAGES_PER_SECOND,
  RATE_LIMIT_PATIENCE_MS,
} from '../../src/bridge/limits.ts';
import { RateLimit } from '../../src/bridge/rate-limit.ts';
import { done } from '../../src/domain/order/command.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { type Client, type TestBridge, TOKEN, testBridge } from '../support/bridge.ts';
import { eventually } from '../support/eventually.ts';
import { openTestJournal } from '../support/journal.ts';
import { never } from '../support/scripted-gateway.ts';

let journal: Journal;
let bridge: TestBridge;

beforeAll(async () => {
  journal = await openTestJournal();
  bridge = await testBridge({ journal });
});
afterAll(async () => {
  await bridge.close();
  await journal.close();
});

const isStillServed = async (client: Client) => expect((await client.command('STOP_ENGINE')).data.status).toBe('done');

describe('what cannot be understood', () => {
  it.each([
    ['not JSON', 'hello'],
    ['an array', '[]'],
    ['null', 'null'],
    ['binary', Buffer.from('{"type":"COMMAND","action":"STOP_ENGINE"}')],
    ['empty', ''],
    ['a nesting bomb', '['.repeat(900_000)],
  ])('is answered with an ERROR and the connection stays open: %s', async (_name, message) => {
    const client = await bridge.connect();
    client.send(message);
    expect(await client.ofType('ERROR')).toMatchObject({ level: 'warning', error: { code: 'INVALID_MESSAGE' } });
    await isStillServed(client);
    client.close();
  });

  it('gets a COMMAND_RESULT when it is a COMMAND, under what it gave of action and id', async () => {
    const client = await bridge.connect();
    client.send({ type: 'COMMAND', action: 'FLY', command_id: 'f-1' });
    expect(await client.result('f-1')).toMatchObject({
      action: 'FLY',
      success: false,
      data: { status: 'rejected', mode: 'paper' },
      error: { code: 'UNKNOWN_ACTION' },
    });
    client.send({ type: 'COMMAND', action: 'DRIFT_DEPOSIT', command_id: 7, data: { amount: 1 } });
    expect(await client.result(null)).toMatchObject({ action: 'DRIFT_DEPOSIT', error: { code: 'INVALID_FIELD' } });
    client.send({ type: 'COMMAND', action: 'WALK' });
    expect((await client.ofType('COMMAND_RESULT')).command_id).toEqual(expect.any(String));
    client.close();
  });
});

describe('size', () => {
  it.each([
    ['10 MB in one frame', 10 * 1024 * 1024],
    ['one byte too many', MAX_MESSAGE_BYTES + 1],
  ])('over 1 MiB is told MESSAGE_TOO_LARGE, then closed with 1009: %s', async (_name, bytes) => {
    const client = await bridge.connect();
    client.send(`"${'x'.repeat(bytes - 2)}"`);
    expect((await client.ofType('ERROR')).error).toMatchObject({
      code: 'MESSAGE_TOO_LARGE',
      details: { limit_bytes: MAX_MESSAGE_BYTES },
    });
    expect((await client.closed()).code).toBe(1009);
  });

  it('counts a message in fragments as a whole', async () => {
    const client = await bridge.connect();
    for (let part = 0; part < 20; part += 1) client.socket.send('x'.repeat(64 * 1024), { fin: false });
    expect((await client.ofType('ERROR')).error?.code).toBe('MESSAGE_TOO_LARGE');
    expect((await client.closed()).code).toBe(1009);
  });

  it('of exactly 1 MiB is read', async () => {
    const client = await bridge.connect();
    client.send(`"${'x'.repeat(MAX_MESSAGE_BYTES - 2)}"`);
    expect((await client.ofType('ERROR')).error?.code).toBe('INVALID_MESSAGE');
    await isStillServed(client);
    client.close();
  });
});

describe('rate', () => {
  it('over 200 a second is dropped, told about once a second, and the connection stays open', async () => {
    const client = await bridge.connect();
    for (let sent = 0; sent < 1_000; sent += 1) client.send('x');
    expect((await client.ofType('ERROR', 2_000)).error?.code).toBe('INVALID_MESSAGE');
    await client.next((message) => message.error?.code === 'RATE_LIMITED');
    const more = client.received.filter((message) => message.error?.code === 'RATE_LIMITED');
    expect(more.length).toBeLessThan(3);
    const answered = client.received.filter((message) => message.error?.code === 'INVALID_MESSAGE').length;
    expect(answered).toBeLessThan(MESSAGES_PER_SECOND * 3);
    await eventually(async () => {
      client.send({ type: 'COMMAND', action: 'STOP_ENGINE', command_id: 'after' });
      await client.result('after', 500);
    }, 5_000);
    client.close();
  });

  it('is a bucket of 200 that refills by 200 a second, long messages costing more', () => {
    const rate = new RateLimit(0);
    const passed = (bytes: number, at: number, count: number) =>
      Array.from({ length: count }, () => rate.take(bytes, at)).filter((verdict) => verdict.kind === 'pass').length;
    expect(passed(10, 0, 300)).toBe(200);
    expect(passed(10, 500, 300)).toBe(100);
    expect(passed(1024 * 1024, 10_000, 50)).toBe(6);
  });

  it('closes after 10 s over it, and forgives whoever pauses', () => {
    const flood = (rate: RateLimit, fromMs: number, toMs: number) => {
      for (let at = fromMs; at < toMs; at += 1) if (rate.take(10, at).kind === 'close') return at - fromMs;
      return null;
    };
    expect(flood(new RateLimit(0), 0, 20_000)).toBeGreaterThanOrEqual(RATE_LIMIT_PATIENCE_MS);
    expect(flood(new RateLimit(0), 0, 20_000)).toBeLessThan(RATE_LIMIT_PATIENCE_MS + 1_000);
    const paused = new RateLimit(0);
    expect(flood(paused, 0, 9_000)).toBeNull();
    expect(flood(paused, 12_000, 21_000)).toBeNull();
  });

  it('closes a socket that floods for 10 s with 1008, and says why', async () => {
    let nowMs = Date.now();
    const fast = await testBridge({ journal, clock: { nowMs: () => nowMs } });
    const client = await fast.connect();
    // The bridge's own clock moves: the flood is ten seconds long on it.
    for (let second = 0; second < 12 && client.closedWith === null; second += 1) {
      for (let sent = 0; sent < 450; sent += 1) client.send('x');
      await client.roundTrip();
      nowMs += 990;
    }
    expect((await client.closed()).code).toBe(1008);
    expect(client.received.some((message) => message.error?.message.includes('closed') === true)).toBe(true);
    await fast.close();
  });

  it('survives 100,000 malformed messages on ten sockets: no growth, and the others are served meanwhile', async () => {
    const JUNK = [
      '{',
      '[]',
      'null',
      '{"type":"COMMAND"}',
      '{"type":"COMMAND","action":"DRIFT_DEPOSIT","data":{"amount":"x"}}',
      '\u0000',
      '['.repeat(100),
    ];
    const honest = await bridge.connect();
    const culprits = await Promise.all(Array.from({ length: 10 }, () => bridge.connect()));
    for (const culprit of culprits) culprit.socket.removeAllListeners('message');
    global.gc?.();
    const before = process.memoryUsage().rss;
    const waits: number[] = [];
    for (let round = 0; round < 100; round += 1) {
      for (const culprit of culprits) {
        for (let sent = 0; sent < 100; sent += 1) culprit.socket.send(JUNK[(round + sent) % JUNK.length] ?? '');
      }
      if (round % 10 !== 0) {
        await new Promise((resolve) => setImmediate(resolve));
        continue;
      }
      const asked = Date.now();
      await isStillServed(honest);
      waits.push(Date.now() - asked);
    }
    // Drained, or closed for flooding longer than the patience where the machine is slow.
    const isOver = (culprit: Client) => culprit.closedWith !== null || culprit.socket.bufferedAmount === 0;
    await eventually(() => expect(culprits.every(isOver)).toBe(true));
    await isStillServed(honest);
    const grownMb = (process.memoryUsage().rss - before) / 1024 / 1024;
    expect(Math.max(...waits)).toBeLessThan(5_000);
    // Both ends live in this process, so this bounds the bridge with room to spare.
    expect(grownMb).toBeLessThan(150);
    for (const client of [honest, ...culprits]) client.close();
  });
});

describe('commands without an answer', () => {
  it(`are bounded per socket at ${MAX_COMMANDS_PER_SOCKET}`, async () => {
    let nowMs = Date.now();
    const slow = await testBridge({ journal, clock: { nowMs: () => nowMs } });
    slow.gateway.script = never;
    const client = await slow.connect();
    for (const count of [190, 100]) {
      for (let sent = 0; sent < count; sent += 1)
        client.send({ type: 'COMMAND', action: 'FLATTEN', command_id: 'same' });
      await client.roundTrip();
      nowMs += 1_000;
    }
    const over = await client.result('same', 2_000);
    expect(over.error?.code).toBe('ENGINE_BUSY');
    client.close();
    await slow.close();
  });
});

describe('a reader that does not read', () => {
  it('misses figures, then is closed, while the others are told everything', async () => {
    const own = await testBridge({ journal });
    own.gateway.script = async () => done('x'.repeat(600_000));
    const reader = await own.connect();
    const stuck = await own.connect();
    stuck.socket.pause();
    // More than the kernel's buffers between the two ends ever hold; one id, so that no place is lacking.
    for (let sent = 0; sent < 100; sent += 1) stuck.send({ type: 'COMMAND', action: 'REBALANCE', command_id: 'large' });
    await eventually(() => expect(own.sockets()).toBe(1));
    await isServedWith(reader);
    const metrics = await own.registry.getSingleMetricAsString('driftless_sockets_closed_total');
    expect(metrics).toContain('slow reader');
    stuck.close();
    reader.close();
    await own.close();
  });

  const isServedWith = async (client: Client) => expect((await client.command('STOP_ENGINE')).data.status).toBe('done');
});

describe('a peer that is silent', () => {
  it('does not hold an upgrade that never speaks WebSocket', async () => {
    const stream = connect(bridge.port, '127.0.0.1');
    stream.write(
      `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${bridge.port}\r\nAuthorization: Bearer ${TOKEN}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    );
    const answer = await new Promise<string>((resolve) => stream.once('data', (data) => resolve(data.toString())));
    expect(answer).toMatch(/^HTTP\/1.1 400/);
    stream.destroy();
  });
});
