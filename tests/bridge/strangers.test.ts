/** A flood of connections that show no token keeps nobody out who has one. */
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { Strangers } from '../../src/bridge/strangers.ts';
import { refuseUpgrade } from '../../src/bridge/upgrade.ts';

const ROOM = 3;

async function door(): Promise<number> {
  const server = createServer((request, response) => {
    if (request.headers.authorization !== undefined) strangers.admit(request.socket);
    response.end('here');
  });
  const strangers = new Strangers(server, ROOM);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Over one connection that stays open. */
const ask = async (socket: Socket): Promise<string> => {
  socket.write('GET / HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer right\r\n\r\n');
  const [answer] = await once(socket, 'data');
  return String(answer);
};

describe('connections without a token', () => {
  it('end from the oldest on when there are too many, and one that has shown a token stays', async () => {
    const port = await door();
    const owner = await open(port);
    expect(await ask(owner)).toContain('200 OK');
    const silent: Socket[] = [];
    for (let count = 0; count < ROOM; count += 1) silent.push(await open(port));
    const firstEnds = once(silent[0] as Socket, 'close');
    silent.push(await open(port));
    await firstEnds;
    expect(silent.map(({ destroyed }) => destroyed)).toEqual([true, false, false, false]);
    expect(await ask(owner)).toContain('200 OK');
  });

  it('leave room for a new one with its request, however many stand there', async () => {
    const port = await door();
    for (let count = 0; count < 10 * ROOM; count += 1) await open(port);
    const answer = new Promise((resolve, reject) => {
      get({ port, host: '127.0.0.1', headers: { authorization: 'Bearer right' } }, resolve).on('error', reject);
    });
    expect(await answer).toMatchObject({ statusCode: 200 });
  });

  it('end with the refusal of their upgrade, even where the other side never closes', async () => {
    const server = createTcpServer({ allowHalfOpen: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const taken = once(server, 'connection');
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    onTestFinished(() => {
      client.destroy();
      server.close();
    });
    const [ours] = (await taken) as [Socket];
    const gone = once(ours, 'close');
    let heard = '';
    client.on('data', (part) => {
      heard += String(part);
    });
    const told = once(client, 'end');
    refuseUpgrade(ours, 401, { code: 'UNAUTHORIZED', message: 'No.' });
    await Promise.all([gone, told]);
    expect(heard).toContain('401 Unauthorized');
  });
});
