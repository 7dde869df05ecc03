/** Nobody hands a token to whoever has taken a free port: who listens there is asked first. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { Client, NotReachable } from '../../src/cli/client.ts';
import { sendCommand } from '../../src/cli/send-command.ts';
import { ANSWERS } from '../../src/protocol/api.ts';
import { strangerAt, usersListening } from '../../src/runtime/port-users.ts';

const PORT = 8765;
const LISTENS = '0A';
const ESTABLISHED = '01';

/** A line of the kernel's table. */
const row = (address: string, user: number, state = LISTENS, port = PORT): string =>
  `   0: ${address}:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  ${user}        0 55507 1 0000000000000000 100 0 0 10 0`;
const table = (...rows: readonly string[]): string => ['  sl  local_address rem_address   st', ...rows, ''].join('\n');

describe('the users who listen on a port', () => {
  it.each([
    ['on the address', '127.0.0.1', [row('0100007F', 1001)], [1001]],
    ['on every address', '127.0.0.1', [row('00000000', 1001)], [1001]],
    ['on every address, IPv6', '127.0.0.1', [row('0'.repeat(32), 1001)], [1001]],
    ['on a mapped address', '127.0.0.1', [row('0000000000000000FFFF00000100007F', 7)], [7]],
    ['on IPv6', '::1', [row('00000000000000000000000001000000', 7)], [7]],
    ['on either of localhost', 'localhost', [row('00000000000000000000000001000000', 7), row('0100007F', 8)], [7, 8]],
    ['on the network’s address', '192.168.1.5', [row('0501A8C0', 7)], [7]],
    ['on another address', '127.0.0.1', [row('0200007F', 7), row('0501A8C0', 7)], []],
    ['on another port', '127.0.0.1', [row('0100007F', 7, LISTENS, PORT + 1)], []],
    ['as a client only', '127.0.0.1', [row('0100007F', 7, ESTABLISHED)], []],
  ])('are found: %s', (_where, host, rows, users) => {
    expect([...usersListening([table(...rows), table()], host, PORT)]).toEqual(users);
  });

  it('are never strangers where we listen ourselves', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    expect(await strangerAt('127.0.0.1', (server.address() as AddressInfo).port)).toBeNull();
  });
});

it('a stranger on the port gets no request and no token, and the person is told what to do', async () => {
  let requests = 0;
  const server = createServer((_request, response) => {
    requests += 1;
    response.end('{}');
  }).listen(0, '127.0.0.1');
  server.on('upgrade', (_request, socket) => {
    requests += 1;
    socket.destroy();
  });
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const place = { url: `http://127.0.0.1:${port}`, token: 'never-to-be-told', heldBy: 1001 };
  const command = { action: 'STOP_ENGINE', commandId: 'one', data: {} };
  const asked = await Promise.allSettled([
    new Client(place).get('/api/state', ANSWERS['/api/state']),
    sendCommand(place, command, 1_000, () => {}),
  ]);
  for (const outcome of asked) {
    const reason = outcome.status === 'rejected' ? outcome.reason : null;
    expect(reason).toBeInstanceOf(NotReachable);
    expect((reason as NotReachable).message).toMatch(/another user \(id 1001\)[\s\S]*--url[\s\S]*token rotate/);
  }
  expect(requests).toBe(0);
});
