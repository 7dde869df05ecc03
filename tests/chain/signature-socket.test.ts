import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type WebSocket, WebSocketServer } from 'ws';
import { SignatureSocket } from '../../src/chain/signature-socket.ts';

interface Server {
  readonly url: string;
  /** Subscriptions asked for: signature and level. */
  readonly asked: string[];
  readonly sockets: Set<WebSocket>;
  tell(signature: string, level: string): void;
  /** Until as many subscriptions were asked for. */
  until(count: number): Promise<void>;
}

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function serve({ answers = true, pongs = true } = {}): Promise<Server> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', autoPong: pongs });
  await new Promise((resolve) => server.once('listening', resolve));
  const asked: string[] = [];
  const byKey = new Map<string, (() => void)[]>();
  const waiters: (() => void)[] = [];
  const sockets = new Set<WebSocket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('message', (data) => {
      const { id, params } = JSON.parse(String(data)) as { id: number; params: [string, { commitment: string }] };
      const key = `${params[0]} ${params[1].commitment}`;
      asked.push(key);
      const send = (message: object) => socket.send(JSON.stringify({ jsonrpc: '2.0', ...message }));
      if (answers) send({ id, result: id + 100 });
      const notify = () =>
        send({
          method: 'signatureNotification',
          params: { subscription: id + 100, result: { context: { slot: 1 }, value: { err: null } } },
        });
      byKey.set(key, [...(byKey.get(key) ?? []), notify]);
      for (const wake of waiters.splice(0)) wake();
    });
  });
  closers.push(async () => {
    for (const socket of sockets) socket.terminate();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    sockets,
    tell: (signature, level) => byKey.get(`${signature} ${level}`)?.at(-1)?.(),
    until: async (count) => {
      while (asked.length < count) await new Promise<void>((resolve) => waiters.push(resolve));
    },
  };
}

function listening(url: string): SignatureSocket {
  const socket = new SignatureSocket(url, { pingMs: 100, firstReconnectMs: 20, maxReconnectMs: 50 });
  closers.push(() => socket.close());
  return socket;
}

const LONG_MS = 60_000;
async function took(wait: Promise<void>): Promise<number> {
  const startMs = performance.now();
  await wait;
  return performance.now() - startMs;
}
/** Subscribed by the server's word: then a wait is a real one. */
async function subscribed(socket: SignatureSocket, signature: string): Promise<void> {
  while ((await took(socket.news(signature, 30))) < 25) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('news of a signature', () => {
  it('wakes who waits, at confirmed and again at finalized', async () => {
    const server = await serve();
    const socket = listening(server.url);
    socket.watch('sig');
    await subscribed(socket, 'sig');
    expect(server.asked).toEqual(['sig confirmed', 'sig finalized']);
    for (const level of ['confirmed', 'finalized']) {
      const waiting = took(socket.news('sig', LONG_MS));
      server.tell('sig', level);
      expect(await waiting).toBeLessThan(LONG_MS / 2);
    }
    // Nothing more is to come: no wait.
    expect(await took(socket.news('sig', LONG_MS))).toBeLessThan(LONG_MS / 2);
  });

  it('that came before anybody waited is not lost', async () => {
    const server = await serve();
    const socket = listening(server.url);
    socket.watch('sig');
    await subscribed(socket, 'sig');
    server.tell('sig', 'confirmed');
    expect(await took(socket.news('sig', LONG_MS))).toBeLessThan(LONG_MS / 2);
  });

  it('is waited for no longer than the caller says, when the socket is silent', async () => {
    const server = await serve();
    const socket = listening(server.url);
    socket.watch('sig');
    await subscribed(socket, 'sig');
    const waited = await took(socket.news('sig', 80));
    expect(waited).toBeGreaterThan(70);
  });

  it('is not waited for where the server never said that it listens', async () => {
    const server = await serve({ answers: false });
    const socket = listening(server.url);
    socket.watch('sig');
    await server.until(2);
    expect(await took(socket.news('sig', LONG_MS))).toBeLessThan(LONG_MS / 2);
  });

  it('is not waited for where there is no server, or the signature is not watched', async () => {
    const socket = listening('ws://127.0.0.1:9');
    socket.watch('sig');
    expect(await took(socket.news('sig', LONG_MS))).toBeLessThan(LONG_MS / 2);
    expect(await took(socket.news('other', LONG_MS))).toBeLessThan(LONG_MS / 2);
  });
});

describe('a connection', () => {
  it('that ends wakes who waits, and is made again with all that is watched', async () => {
    const server = await serve();
    const socket = listening(server.url);
    socket.watch('sig');
    await subscribed(socket, 'sig');
    const waiting = took(socket.news('sig', LONG_MS));
    for (const one of server.sockets) one.terminate();
    expect(await waiting).toBeLessThan(LONG_MS / 2);
    await server.until(4);
    await subscribed(socket, 'sig');
    const again = took(socket.news('sig', LONG_MS));
    server.tell('sig', 'finalized');
    expect(await again).toBeLessThan(LONG_MS / 2);
  });

  it('that is half open is found by its missing pong, and made again', async () => {
    const server = await serve({ pongs: false });
    const socket = listening(server.url);
    socket.watch('sig');
    await server.until(4);
    expect(server.asked.filter((key) => key === 'sig confirmed').length).toBeGreaterThanOrEqual(2);
  });

  it('that sends what makes no sense is none the worse', async () => {
    const server = await serve();
    const socket = listening(server.url);
    socket.watch('sig');
    await subscribed(socket, 'sig');
    const waiting = took(socket.news('sig', LONG_MS));
    for (const one of server.sockets) {
      for (const text of [
        '',
        '{',
        '[]',
        'null',
        '1',
        '{"method":"x"}',
        '{"id":"1"}',
        '{"id":1,"result":null}',
        '{"params":null}',
      ])
        one.send(text);
    }
    server.tell('sig', 'confirmed');
    expect(await waiting).toBeLessThan(LONG_MS / 2);
  });

  it('that is closed lets everyone go', async () => {
    const server = await serve();
    const socket = listening(server.url);
    socket.watch('sig');
    await subscribed(socket, 'sig');
    const waiting = took(socket.news('sig', LONG_MS));
    socket.close();
    expect(await waiting).toBeLessThan(LONG_MS / 2);
    socket.watch('later');
    expect(socket.isWatched('later')).toBe(false);
  });
});

it('watches 512 signatures and forgets the oldest', async () => {
  const socket = listening('ws://127.0.0.1:9');
  for (let i = 0; i <= 512; i += 1) socket.watch(`sig-${i}`);
  expect(socket.isWatched('sig-0')).toBe(false);
  expect(socket.isWatched('sig-512')).toBe(true);
});
