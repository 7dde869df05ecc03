/** The whole door: a Bot API over HTTP that fails as the real one does, a bridge, a journal, and a scripted engine. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pino from 'pino';
import { until } from '../../../localnet/tests/support/until.ts';
import { done, refused } from '../../../src/domain/order/command.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import { takeLease } from '../../../src/journal/lease.ts';
import { mutedUntilMs } from '../../../src/journal/muting.ts';
import { type TestBridge, testBridge } from '../../support/bridge.ts';
import { openTestJournal } from '../../support/journal.ts';

const TOKEN = '123456:secret-of-the-bot';
const OWNER = 4711;
const logged: string[] = [];
let server: Server;
let journal: Journal;
let bridge: TestBridge;
let updateId = 500;
const waiting: object[] = [];
const failures: number[] = [];
const sent: { readonly chat_id: number; readonly text: string; readonly parse_mode?: string }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (part) => {
      text += part;
    });
    request.on('end', () => {
      const body = JSON.parse(text);
      const reply = (status: number, json: object) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
      };
      if (!request.url?.startsWith(`/bot${TOKEN}/`)) return reply(404, { ok: false });
      const status = failures.shift();
      if (status !== undefined) return reply(status, { ok: false, parameters: { retry_after: 0 } });
      if (request.url.endsWith('/sendMessage')) {
        sent.push(body);
        return reply(200, { ok: true });
      }
      const result = waiting.filter((one) => (one as { update_id: number }).update_id >= (body.offset ?? 0));
      setTimeout(() => reply(200, { ok: true, result }), result.length > 0 ? 0 : 5);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  journal = await openTestJournal();
  bridge = await testBridge({
    journal,
    logger: pino({ level: 'trace' }, { write: (line) => void logged.push(line) }),
    telegram: {
      ...{ token: TOKEN, users: [OWNER], pollSeconds: 0 },
      api: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    },
  });
});
afterAll(async () => {
  await bridge.close();
  await journal.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const write = (text: string): void => {
  updateId += 1;
  const from = { id: OWNER, is_bot: false };
  const message = { from, chat: { id: OWNER, type: 'private' }, date: Math.floor(Date.now() / 1_000), text };
  waiting.push({ update_id: updateId, message });
};
const answer = async (to: string): Promise<string> => {
  const before = sent.length;
  write(to);
  await until('an answer', () => sent.length > before);
  return sent.at(-1)?.text ?? '';
};

it('closes after a confirmation, and spends the engine’s own question on the way', async () => {
  bridge.gateway.script = async ({ confirmationToken }) =>
    confirmationToken === 'of-the-engine'
      ? done('Closed.')
      : refused({ code: 'CONFIRMATION_REQUIRED', message: 'Confirm.' }, 'confirmation_required', {
          confirmation_token: 'of-the-engine',
        });
  const question = await answer('/close');
  expect(question).toMatch(/^Close the position of unknown size/);
  const asked = updateId;
  const [, code = ''] = /\/confirm (\d{6})/.exec(question) ?? [];
  expect(await answer(`/confirm ${code}`)).toBe('Closed.');
  expect(bridge.gateway.received.map(({ commandId }) => commandId)).toEqual([
    `telegram:123456:${asked}`,
    `telegram:123456:${asked}`,
  ]);
});

it('records a verdict, mutes by the journal, and tells the state', async () => {
  const question = await answer('/resolve op-7 landed <b>seen</b>');
  expect(question).toContain('operation op-7 landed. You saw: <b>seen</b>');
  expect(await answer(`/confirm ${/\/confirm (\d{6})/.exec(question)?.[1]}`)).toContain('Resolved');
  expect(bridge.gateway.verdicts).toMatchObject([{ operationId: 'op-7', verdict: { verdict: 'landed' } }]);
  await answer('/mute 1h');
  expect(await mutedUntilMs(journal.db)).toBeGreaterThan(Date.now() + 3_500_000);
  expect(await answer('/status')).toMatch(/paper mode[\s\S]*Restrictions: unknown/);
});

it('goes on after 429, 500 and 502; nothing is markup, and the token is in no log', async () => {
  failures.push(500, 429, 502);
  expect(await answer('/unmute')).toBe('All alerts are sent again.');
  failures.push(429);
  expect(await answer('/unmute')).toBe('All alerts are sent again.');
  expect(sent.every(({ parse_mode: mode }) => mode === undefined)).toBe(true);
  expect(logged.join('\n')).not.toContain('secret-of-the-bot');
});

it('one process polls: a lease is its holder’s until it ends', async () => {
  const { db } = journal;
  expect(await takeLease(db, 'test', 'one', 60_000)).toBe(true);
  expect(await takeLease(db, 'test', 'other', 60_000)).toBe(false);
  expect(await takeLease(db, 'test', 'one', 0)).toBe(true);
  await until('the lease to end', () => takeLease(db, 'test', 'other', 60_000));
  expect(await takeLease(db, 'test', 'one', 60_000)).toBe(false);
});
