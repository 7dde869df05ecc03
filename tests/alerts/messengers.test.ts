/** Each messenger against a local endpoint that answers as the real one does. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EnginePages } from '../../src/alerts/engine-pages.ts';
import { discord } from '../../src/alerts/messengers/discord.ts';
import { alertsMessage, type Message } from '../../src/alerts/messengers/message.ts';
import type { Messenger, Sent } from '../../src/alerts/messengers/messenger.ts';
import { telegram } from '../../src/alerts/messengers/telegram.ts';
import { webhook } from '../../src/alerts/messengers/webhook.ts';
import { newAlert, raised, recovered } from '../../src/domain/alerts/alert.ts';
import { EngineNames } from '../../src/domain/engine/engine-names.ts';
import { alertOf, T0 } from '../journal/records.ts';
import { MessengerEndpoint, type Scripted } from '../support/messenger-endpoint.ts';

const KEY = Buffer.from('0123456789abcdef0123456789abcdef');
const SECRET = `whsec_${KEY.toString('base64')}`;
const TOKEN = '123456:ABC-def_ghi';
const PAGE = 'http://127.0.0.1:8765/';

const near = newAlert({
  id: 'near',
  engineId: 'engine:paper:synthetic:1:0',
  tsMs: T0,
  draft: raised('LIQUIDATION_NEAR', { health: 4.2, liquidation_price: '163.456789', distance_pct: 3.1 }),
});
const over = newAlert({ id: 'over', engineId: null, tsMs: T0, draft: recovered('LIQUIDATION_NEAR') });
const ALONE = new EngineNames('engine:paper:synthetic:1:0');
const repeated = (repeats: number, alerts: readonly (typeof near)[], names = ALONE): Message =>
  alertsMessage({
    id: 'message-1',
    items: alerts.map((alert) => ({ alert, repeats })),
    pages: new EnginePages(PAGE, () => names),
    sentAtMs: T0,
  });
const messageOf = (...alerts: readonly (typeof near)[]): Message => repeated(0, alerts);

let endpoint: MessengerEndpoint;
beforeAll(async () => {
  endpoint = await MessengerEndpoint.open();
});
afterAll(() => endpoint.close());
beforeEach(() => {
  endpoint.received.length = 0;
  endpoint.script = [];
});

const MESSENGERS: Readonly<Record<string, () => Messenger>> = {
  webhook: () => webhook(`${endpoint.url}/hook?key=secret-of-the-url`, SECRET),
  telegram: () => telegram({ token: TOKEN, chat: '42', api: endpoint.url }),
  discord: () => discord(`${endpoint.url}/api/webhooks/1/secret-of-the-url`),
};

const RATE_LIMITED: Readonly<Record<string, Scripted>> = {
  webhook: { status: 429, headers: { 'retry-after': '7' } },
  telegram: {
    status: 429,
    body: '{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 7","parameters":{"retry_after":7}}',
  },
  discord: { status: 429, body: '{"message":"You are being rate limited.","retry_after":7,"global":false}' },
};

describe.each(Object.keys(MESSENGERS))('%s', (name) => {
  const send = async (answer?: Scripted): Promise<Sent> => {
    if (answer !== undefined) endpoint.script = [answer];
    return await (MESSENGERS[name] as () => Messenger)().send(messageOf(near));
  };

  it('sends what happened, what to do and where to look', async () => {
    expect(await send()).toEqual({ kind: 'sent' });
    const text = endpoint.received[0]?.text ?? '';
    expect(JSON.stringify(JSON.parse(text))).toContain('Liquidation is near');
    expect(text).toContain('8765');
  });

  it('waits as long as a rate limit says', async () => {
    expect(await send(RATE_LIMITED[name])).toMatchObject({ kind: 'later', afterMs: 7_000 });
  });

  it.each<readonly [Scripted, Partial<Sent>]>([
    [{ status: 500 }, { kind: 'later', afterMs: null, why: 'the endpoint answered 500' }],
    [
      { status: 503, headers: { 'retry-after': '2' } },
      { kind: 'later', afterMs: 2_000 },
    ],
    ['drop', { kind: 'later', afterMs: null }],
    [{ status: 401, body: '{"message":"Unauthorized"}' }, { kind: 'refused' }],
    [{ status: 404, body: '<html>not here</html>' }, { kind: 'refused' }],
    [{ status: 302, headers: { location: 'http://127.0.0.1:1/' } }, { kind: 'refused' }],
  ])('takes %j for what it is, and quotes no secret', async (answer, expected) => {
    const sent = await send(answer);
    expect(sent).toMatchObject(expected);
    expect(JSON.stringify(sent)).not.toMatch(/secret-of-the-url|ABC-def|whsec/);
    expect(endpoint.received).toHaveLength(1);
  });
});

it('a webhook is signed as Standard Webhooks says: id, time and body', async () => {
  await (MESSENGERS.webhook as () => Messenger)().send(messageOf(near));
  const { headers, text } = endpoint.received[0] as (typeof endpoint.received)[number];
  const signed = `message-1.${T0 / 1_000}.${text}`;
  expect(headers).toMatchObject({
    'webhook-id': 'message-1',
    'webhook-timestamp': String(T0 / 1_000),
    'webhook-signature': `v1,${createHmac('sha256', KEY).update(signed).digest('base64')}`,
  });
  expect(JSON.parse(text)).toMatchObject({
    type: 'driftless.alerts',
    data: {
      alerts: [{ id: 'near', severity: 'critical', code: 'LIQUIDATION_NEAR', engine_id: near.engineId, url: PAGE }],
    },
  });
});

it('Telegram gets plain text in the chat of the setting, under the token in the path', async () => {
  await (MESSENGERS.telegram as () => Messenger)().send(messageOf(near));
  const { path, text } = endpoint.received[0] as (typeof endpoint.received)[number];
  expect(path).toBe(`/bot${TOKEN}/sendMessage`);
  const body = JSON.parse(text);
  expect(body).toMatchObject({ chat_id: '42', disable_notification: false });
  expect(body).not.toHaveProperty('parse_mode');
});

it('Discord gets no mention and no markup from outside', async () => {
  const hostile = alertOf({ message: '@everyone [free SOL](https://evil.example) `x` **y**' });
  await (MESSENGERS.discord as () => Messenger)().send(messageOf(hostile));
  const body = JSON.parse(endpoint.received[0]?.text ?? '');
  expect(body.allowed_mentions).toEqual({ parse: [] });
  expect(body.content).toContain('\\[free SOL\\](https://evil.example) \\`x\\` \\*\\*y\\*\\*');
});

describe('the text', () => {
  it('of one alert is what a sleepy person needs, in this order', () => {
    const text = messageOf(near).text(4_096);
    expect(text.split('\n')[0]).toBe('CRITICAL: Liquidation is near');
    expect(text).toContain('\nWhat to do: ');
    expect(text.endsWith(`2026-01-15 12:00 UTC · ${PAGE}`)).toBe(true);
  });

  it('of several names the worst first, and how many there are', () => {
    const lines = messageOf(over, alertOf({ severity: 'warning' }), near)
      .text(4_096)
      .split('\n');
    expect(lines[0]).toMatch(/^3 alerts, /);
    expect(lines[1]).toMatch(/^- CRITICAL: Liquidation is near\./);
    expect(lines[3]).toMatch(/^- Over: Liquidation is near\./);
  });

  it('says that it was sent before', () => {
    expect(repeated(2, [near]).text(4_096)).toMatch(/^CRITICAL: Liquidation is near \(sent 2 times before\)\n/);
  });

  it('never exceeds its limit and always ends with the link', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 3_000 }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 200, max: 4_096 }),
        (messages, limit) => {
          const text = messageOf(...messages.map((message) => alertOf({ engineId: null, message }))).text(limit);
          expect(text.length).toBeLessThanOrEqual(limit);
          expect(text.endsWith(PAGE)).toBe(true);
        },
      ),
    );
  });
});

describe('with several engines', () => {
  const LONG = `engine:paper:replay:/${'data/'.repeat(60)}funding.csv:0`;
  const names = new EngineNames('engine:paper:synthetic:1:0', [
    { engineId: 'engine:paper:synthetic:7:0', name: 'seed7' },
    { engineId: LONG, name: 'replayed' },
  ]);
  const of = (engineId: string | null, code = 'NAKED_SHORT') => alertOf({ engineId, code, severity: 'critical' });
  const SEED7 = `${PAGE}engines/engine%3Apaper%3Asynthetic%3A7%3A0`;

  it.each([
    ['one of ENGINES_FILE', of('engine:paper:synthetic:7:0'), 'CRITICAL, seed7: ', SEED7],
    ['the own one', of('engine:paper:synthetic:1:0'), 'CRITICAL, own: ', PAGE],
    ['one with a long id', of(LONG), 'CRITICAL, replayed: ', `${PAGE}engines`],
    ['one of another process', of('engine:x'), 'CRITICAL, engine:x: ', `${PAGE}engines/engine%3Ax`],
    ['the process', of(null), 'CRITICAL, all engines: ', PAGE],
    ['a part', of('engine:paper:synthetic:1:0', 'TEMPORAL_UNAVAILABLE'), 'CRITICAL, all engines: ', PAGE],
  ])('a message about %s names it first, and leads to its page', (_of, alert, start, link) => {
    const message = repeated(0, [alert], names);
    expect(message.text(4_096).startsWith(start)).toBe(true);
    expect(message.text(4_096).endsWith(` · ${link}`)).toBe(true);
    const name = start.slice('CRITICAL, '.length, -2);
    expect(message.data).toMatchObject({ alerts: [{ engine_id: alert.engineId, engine_name: name, url: link }] });
  });

  it('of several each line names its engine, and the link leads to all of them or to the one', () => {
    const both = repeated(0, [of('engine:paper:synthetic:7:0'), of('engine:paper:synthetic:1:0')], names).text(4_096);
    expect(both).toMatch(/\n- CRITICAL, seed7: .*\n- CRITICAL, own: /);
    expect(both.endsWith(`\n${PAGE}engines`)).toBe(true);
    const one = repeated(0, [of('engine:paper:synthetic:7:0'), of('engine:paper:synthetic:7:0')], names).text(4_096);
    expect(one.endsWith(`\n${SEED7}`)).toBe(true);
  });
});
