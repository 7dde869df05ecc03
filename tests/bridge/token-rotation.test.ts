/** A token that is replaced while the bridge runs: the former one opens nothing, its sockets are closed, commands go on. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { AccessTokens } from '../../src/bridge/tokens.ts';
import { commandDoubt, commandKeyOf } from '../../src/domain/order/signed-command.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { ENGINE_ID, type TestBridge, TOKEN, testBridge } from '../support/bridge.ts';
import { openTestJournal } from '../support/journal.ts';

const READ = 'read-only-token-of-the-tests';
const NEW = 'another-token-of-the-tests';
let journal: Journal;
let bridge: TestBridge;
beforeAll(async () => {
  journal = await openTestJournal();
});
afterAll(async () => {
  await bridge.close();
  await journal.close();
});
beforeEach(async () => {
  await bridge?.close();
  bridge = await testBridge({ journal, settings: { readToken: READ }, newToken: async () => NEW });
});

const ask = (path: string, token: string, method = 'GET', headers: Record<string, string> = {}) =>
  fetch(`${bridge.url}${path}`, { method, headers: { Authorization: `Bearer ${token}`, ...headers } });
const rotate = async (access: string) => await ask(`/api/token?access=${access}`, TOKEN, 'POST');
const opens = async (token: string): Promise<boolean> => (await ask('/api/state', token)).status === 200;

it('the full one: the former opens nothing, its sockets are closed, the read token stays', async () => {
  const [full, read] = [await bridge.connect(), await bridge.connect({ token: READ })];
  expect(await (await rotate('full')).json()).toEqual({ access: 'full', token: NEW });
  expect(await full.closed()).toMatchObject({ code: 1008 });
  expect([await opens(TOKEN), await opens(NEW), await opens(READ)]).toEqual([false, true, true]);
  await read.ofType('SYSTEM_STATS');
  expect(bridge.sockets()).toBe(1);
  read.close();
});

it('the read one: the full one stays, with its sockets', async () => {
  const [full, read] = [await bridge.connect(), await bridge.connect({ token: READ })];
  expect((await rotate('read')).status).toBe(200);
  expect(await read.closed()).toMatchObject({ code: 1008 });
  expect([await opens(TOKEN), await opens(NEW), await opens(READ)]).toEqual([true, true, false]);
  expect((await ask('/api/config', NEW)).status).toBe(200);
  await full.ofType('SYSTEM_STATS');
  full.close();
});

it('commands are signed by the new one', async () => {
  await rotate('full');
  const client = await bridge.connect({ token: NEW });
  await client.command('DRIFT_DEPOSIT', { amount: 1 });
  const [envelope] = bridge.gateway.received;
  if (envelope === undefined) throw new Error('nothing was sent');
  expect(commandDoubt(commandKeyOf(NEW), ENGINE_ID, envelope)).toBeNull();
  expect(commandDoubt(commandKeyOf(TOKEN), ENGINE_ID, envelope)).not.toBeNull();
  client.close();
});

it.each([
  ['a page', '/api/token?access=full', (): Record<string, string> => ({ origin: bridge.url }), 403],
  ['another kind of token', '/api/token?access=all', () => ({}), 400],
  ['none named', '/api/token', () => ({}), 400],
])('is refused: %s', async (_, path, headers, status) => {
  expect((await ask(path, TOKEN, 'POST', headers())).status).toBe(status);
  expect(await opens(TOKEN)).toBe(true);
});

it('what the former one signed counts for a moment, while it may be on its way', () => {
  const tokens = new AccessTokens(TOKEN, READ);
  expect(tokens.signing).toEqual([TOKEN]);
  tokens.replace('read', 'x');
  expect(tokens.signing).toEqual([TOKEN]);
  tokens.replace('full', NEW);
  expect(tokens.signing).toEqual([NEW, TOKEN]);
  expect([tokens.opens(TOKEN, 'full'), tokens.opens(NEW, 'full')]).toEqual([false, true]);
});
