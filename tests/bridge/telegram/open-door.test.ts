/** The whole door: a Bot API over HTTP that fails as the real one does, a bridge, a journal, and a scripted engine. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pino from 'pino';
import { until } from '../../../localnet/tests/support/until.ts';
import { DEFAULT_POLICY } from '../../../src/domain/hedge/policy.ts';
import { actionOf, done, refused } from '../../../src/domain/order/command.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import { takeLease } from '../../../src/journal/lease.ts';
import { readMutes } from '../../../src/journal/muting.ts';
import { engineOf, operationOf, snapshotAt, T0 } from '../../journal/records.ts';
import { ENGINE_ID, type TestBridge, testBridge } from '../../support/bridge.ts';
import { openTestJournal } from '../../support/journal.ts';
import { scriptedGateway } from '../../support/scripted-gateway.ts';

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

const apiUrl = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

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
      api: apiUrl(),
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
  expect((await readMutes(journal.db)).allUntilMs).toBeGreaterThan(Date.now() + 3_500_000);
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

describe('with several engines', () => {
  const CALM = 'engine:paper:synthetic:7:1';
  let several: TestBridge;
  let store: Journal;
  const commanded: string[] = [];

  beforeAll(async () => {
    // One bridge reads a bot's messages at a time.
    await bridge.close();
    waiting.length = 0;
    store = await openTestJournal();
    for (const engineId of [ENGINE_ID, CALM]) {
      await store.recordSnapshot({ engineId, generation: 1, attempt: 1 }, snapshotAt(T0));
      await store.publishEngine(engineOf({ engineId, holds: [], unresolved: [] }));
      await store.openOperation(operationOf({ operationId: `op-${engineId.at(-1)}`, engineId }));
    }
    const gateway = scriptedGateway();
    several = await testBridge({
      journal: store,
      gateway: {
        ...gateway,
        command: async (engineId, { request }) => {
          commanded.push(engineId);
          return done(`${actionOf(request)} done`);
        },
      },
      engines: [{ engineId: CALM, name: 'calm', policy: DEFAULT_POLICY, accountAddress: null, inForce: () => [] }],
      telegram: { token: TOKEN, users: [OWNER], pollSeconds: 0, api: apiUrl() },
    });
  });
  afterAll(async () => {
    await several.close();
    await store.close();
  });

  it('an exit goes to the engine that was named, and to no other', async () => {
    const question = await answer('/flatten calm');
    expect(question).toMatch(/^calm: Close every position .*\nAccount engine:paper:synthetic:7:1, paper mode\./s);
    expect(await answer(`/confirm ${/\/confirm (\d{6})/.exec(question)?.[1]}`)).toMatch(/^calm: FLATTEN done/);
    expect(commanded).toEqual([CALM]);
  });

  it('a verdict is refused where the operation is of another engine', async () => {
    expect(await answer('/resolve calm op-0 landed')).toBe(
      'calm: Operation op-0 is of another engine, own. Nothing was done.',
    );
    expect(await answer('/resolve calm op-1 landed')).toMatch(/operation op-1 landed.*\/confirm/s);
    expect(several.gateway.verdicts).toEqual([]);
  });

  it('the list has all, and one of them is told as before', async () => {
    expect(await answer('/status')).toMatch(
      /^2 engines\npaper: 2, equity \$[\d.]+, none waits for a person\n- own: running, .*\n- calm: running, /,
    );
    expect(await answer('/status calm')).toMatch(/^calm: engine:paper:synthetic:7:1, paper mode\n/);
  });

  it('mutes one of them by the journal', async () => {
    expect(await answer('/mute calm 1h')).toContain('critical alerts of calm');
    expect([...(await readMutes(store.db)).engines.keys()]).toEqual([CALM]);
  });
});
