/** Who may command by Telegram, what is asked back, and that a message acts once and only while it is fresh. */
import { afterEach, expect, it } from '@jest/globals';
import pino from 'pino';
import { until } from '../../../localnet/tests/support/until.ts';
import type { BotMessage, Updates } from '../../../src/bridge/telegram/bot-api.ts';
import { type BotCommand, TelegramDoor } from '../../../src/bridge/telegram/telegram-door.ts';
import { EngineNames } from '../../../src/domain/engine/engine-names.ts';
import { type CommandAnswer, done, refused } from '../../../src/domain/order/command.ts';

const OWNER = 4711;
const SECOND = 4712;

/** Telegram, the engine and the clock in a test's hand. */
class Scene {
  nowMs = 1_800_000_000_000;
  held: boolean | null = true;
  leases = 0;
  size = '5';
  answer: CommandAnswer = done('Closed.');
  readonly sent: { readonly chatId: number; readonly text: string }[] = [];
  readonly ran: {
    readonly engine: string;
    readonly command: BotCommand;
    readonly commandId: string;
    readonly operator: string;
  }[] = [];
  readonly polls: (number | null)[] = [];
  readonly muted: (readonly [number, string | null])[] = [];
  readonly unmuted: (string | null)[] = [];
  impossible: string | null = null;
  readonly logged: string[] = [];
  readonly door: TelegramDoor;
  readonly #replies: Updates[] = [];
  #updateId = 100;
  #codes = 0;

  /** @param others the engines beside the own one */
  constructor(others: readonly string[] = []) {
    this.door = new TelegramDoor({
      api: {
        updates: async (offset) => {
          this.polls.push(offset);
          const reply = this.#replies.shift();
          if (reply !== undefined) return reply;
          await new Promise((resolve) => setTimeout(resolve, 2));
          return { kind: 'updates', messages: [], nextOffset: null };
        },
        send: async (chatId, text) => {
          this.sent.push({ chatId, text });
          return true;
        },
      },
      users: new Set([OWNER, SECOND]),
      botId: '99',
      market: 'SOL-PERP',
      clock: { nowMs: () => this.nowMs },
      logger: pino({ level: 'warn' }, { write: (line) => void this.logged.push(line) }),
      newCode: () => String(++this.#codes).padStart(6, '0'),
      holdsLease: async () => {
        this.leases += 1;
        return this.held;
      },
      engines: new EngineNames(
        'engine:own',
        others.map((name) => ({ name, engineId: `engine:${name}` })),
      ),
      status: async (engine) => (engine === null ? 'All engines are well.' : 'All is well.'),
      effectOf: async () =>
        this.impossible === null
          ? { kind: 'effect', text: `Close the position of ${this.size} SOL.`, shown: this.size }
          : { kind: 'impossible', why: this.impossible },
      run: async ({ engineId }, command, commandId, operator) => {
        this.ran.push({ engine: engineId, command, commandId, operator });
        return this.answer;
      },
      muteUntil: async (untilMs, engine) => void this.muted.push([untilMs, engine?.engineId ?? null]),
      unmute: async (engine) => void this.unmuted.push(engine?.engineId ?? null),
      limits: { pauseMs: 2 },
    }).start();
  }

  reply(updates: Updates): void {
    this.#replies.push(updates);
  }

  message(text: string, change: Partial<BotMessage> = {}): BotMessage {
    this.#updateId += 1;
    const own = { updateId: this.#updateId, userId: OWNER, chatId: OWNER, isPrivate: true, isForwarded: false };
    return { ...own, sentAtMs: this.nowMs - 1_000, text, ...change };
  }

  /** The answers to one message; it has been settled when this resolves. */
  async write(text: string, change: Partial<BotMessage> = {}): Promise<readonly string[]> {
    const before = this.sent.length;
    const message = this.message(text, change);
    this.reply({ kind: 'updates', messages: [message], nextOffset: message.updateId + 1 });
    await until('the message to be settled', () => this.polls.includes(message.updateId + 1));
    return this.sent.slice(before).map((one) => one.text);
  }
}

let scene: Scene;
const begin = (others: readonly string[] = []): Scene => {
  scene = new Scene(others);
  return scene;
};
afterEach(() => scene.door.stop());

it('asks back before it closes, and runs it once, under an id that comes from the message', async () => {
  begin();
  const [question] = await scene.write('/close');
  expect(question).toMatch(/Close the position of 5 SOL.*\/confirm 000001/s);
  expect(scene.ran).toEqual([]);
  expect(await scene.write('/confirm 000001')).toEqual(['Closed.']);
  expect(scene.ran).toEqual([
    {
      engine: 'engine:own',
      command: { kind: 'close', market: 'SOL-PERP' },
      commandId: 'telegram:99:101',
      operator: `telegram user ${OWNER}`,
    },
  ]);
  expect(await scene.write('/confirm 000001')).toEqual([expect.stringMatching(/Nothing waits/)]);
  expect(scene.ran).toHaveLength(1);
});

it.each([
  ['a stranger', { userId: 1, chatId: 1 }, 0],
  ['a group', { chatId: -5, isPrivate: false }, 0],
  ['a private chat of somebody else', { chatId: SECOND }, 0],
  ['a message passed on', { isForwarded: true }, 1],
] as const)('does nothing for %s', async (_name, change, answers) => {
  begin();
  expect(await scene.write('/flatten', change)).toHaveLength(answers);
  expect(await scene.write('/confirm 000001')).toEqual([expect.stringMatching(/Nothing waits/)]);
  expect(scene.ran).toEqual([]);
});

it('answers old messages "too late", once for many', async () => {
  begin();
  const old = ['/close', '/flatten', '/status'].map((text) => scene.message(text, { sentAtMs: scene.nowMs - 31_000 }));
  scene.reply({ kind: 'updates', messages: old, nextOffset: 200 });
  await until('the messages to be settled', () => scene.polls.includes(200));
  expect(scene.sent).toEqual([{ chatId: OWNER, text: expect.stringMatching(/^Too late/) }]);
});

it('does nothing while its clock is far behind Telegram’s', async () => {
  begin();
  expect(await scene.write('/close', { sentAtMs: scene.nowMs + 40_000 })).toEqual([
    expect.stringMatching(/Set the clock/),
  ]);
});

it('a confirmation is for one person, for a minute, for what was shown, and for three tries', async () => {
  begin();
  await scene.write('/close');
  expect(await scene.write('/confirm 000001', { userId: SECOND, chatId: SECOND })).toEqual([
    expect.stringMatching(/Nothing waits/),
  ]);
  for (let tried = 0; tried < 3; tried += 1) {
    expect(await scene.write('/confirm 999999')).toEqual([expect.stringMatching(/not the code/)]);
  }
  expect(await scene.write('/confirm 000001')).toEqual([expect.stringMatching(/Nothing waits/)]);
  await scene.write('/close');
  scene.nowMs += 61_000;
  expect(await scene.write('/confirm 000002')).toEqual([expect.stringMatching(/more than 60 s/)]);
  await scene.write('/close');
  scene.size = '7';
  expect(await scene.write('/confirm 000003')).toEqual([expect.stringMatching(/has changed.*7 SOL/s)]);
  expect(scene.ran).toEqual([]);
});

it('tells the end of what took longer, to whoever asked', async () => {
  begin();
  scene.answer = { success: true, message: 'Closing.', data: { status: 'pending', operation_id: 'op-1' } };
  await scene.write('/close', { userId: SECOND, chatId: SECOND });
  const [first] = await scene.write('/confirm 000001', { userId: SECOND, chatId: SECOND });
  expect(first).toMatch(/Closing\.\nI write again/);
  scene.door.ended('telegram:99:101', refused({ code: 'ORDER_NOT_FILLED', message: 'Nothing was filled.' }, 'failed'));
  scene.door.ended('telegram:99:101', done('twice'));
  scene.door.ended('of somebody else', done('foreign'));
  expect(scene.sent.at(-1)).toEqual({ chatId: SECOND, text: 'Nothing was filled.' });
});

it('a message that comes again after a crash keeps its id', async () => {
  begin();
  const message = scene.message('/close');
  for (const nextOffset of [null, message.updateId + 1])
    scene.reply({ kind: 'updates', messages: [message], nextOffset });
  await until('the message to be settled', () => scene.polls.includes(message.updateId + 1));
  await scene.write('/confirm 000002');
  expect(scene.ran.map(({ commandId }) => commandId)).toEqual([`telegram:99:${message.updateId}`]);
});

it('polls only with the lease, and goes on when nobody can tell', async () => {
  begin();
  scene.held = false;
  const asked = scene.leases;
  await until('the lease to be asked for again', () => scene.leases > asked + 1);
  const polled = scene.polls.length;
  await until('some more rounds', () => scene.leases > asked + 6);
  expect(scene.polls).toHaveLength(polled);
  scene.held = true;
  expect(await scene.write('/status')).toEqual(['All is well.']);
  scene.held = null;
  expect(await scene.write('/status')).toEqual(['All is well.']);
});

it('goes on after failures and conflicts, and says so once', async () => {
  begin();
  scene.reply({ kind: 'failed', why: 'it answered 500', waitMs: 1 });
  scene.reply({ kind: 'conflict' });
  expect(await scene.write('/status')).toEqual(['All is well.']);
  expect(scene.logged.filter((line) => line.includes('cannot be read'))).toHaveLength(1);
});

it('mutes for a while, and takes no more than twenty messages a minute', async () => {
  begin();
  expect(await scene.write('/mute 2h')).toEqual([expect.stringMatching(/only critical alerts/)]);
  expect(scene.muted).toEqual([[scene.nowMs + 7_200_000, null]]);
  await scene.write('/unmute');
  expect(scene.unmuted).toEqual([null]);
  for (let sent = 0; sent < 18; sent += 1) await scene.write('/status');
  expect(await scene.write('/status')).toEqual([]);
});

it('with several engines, what is confirmed is of the engine that was named', async () => {
  begin(['calm', 'bold']);
  const [question] = await scene.write('/close Calm');
  expect(question).toMatch(/^calm: Close the position of 5 SOL.*\/confirm 000001/s);
  expect(await scene.write('/confirm 000001')).toEqual(['calm: Closed.']);
  await scene.write('/flatten own');
  expect(await scene.write('/confirm 000002')).toEqual(['own: Closed.']);
  expect(scene.ran.map(({ engine, command }) => [engine, command])).toEqual([
    ['engine:calm', { kind: 'close', market: 'SOL-PERP' }],
    ['engine:own', { kind: 'flatten', market: 'SOL-PERP' }],
  ]);
});

it('with several engines, the end names its engine, and a change is told in its name', async () => {
  begin(['calm']);
  scene.answer = { success: true, message: 'Closing.', data: { status: 'pending', operation_id: 'op-1' } };
  await scene.write('/close calm');
  await scene.write('/confirm 000001');
  scene.door.ended('telegram:99:101', done('Closed.'));
  expect(scene.sent.at(-1)?.text).toBe('calm: Closed.');
  await scene.write('/close calm');
  scene.size = '7';
  expect(await scene.write('/confirm 000002')).toEqual([expect.stringMatching(/has changed.*\ncalm: Close .* 7 SOL/s)]);
  scene.impossible = 'It is of another engine.';
  expect(await scene.write('/resolve calm op-1 landed')).toEqual(['calm: It is of another engine.']);
  expect(scene.ran).toHaveLength(1);
});

it.each([
  ['/close', 'Which engine? Write /close <engine>. Engines: own, calm, bold.'],
  ['/resume', 'Which engine? Write /resume <engine>. Engines: own, calm, bold.'],
  ['/mute 2h', 'Which engine? Write /mute all 2h, or /mute <engine> 2h. Engines: own, calm, bold.'],
  ['/close all', 'There is no engine all. Engines: own, calm, bold.'],
  ['/flatten boldly', 'There is no engine boldly. Engines: bold, own, calm.'],
  ['/status gone', 'There is no engine gone. Engines: own, calm, bold.'],
  [
    '/resolve op-1 landed seen',
    'Write /resolve, the engine, the id of the operation, landed or failed, and what you saw.',
  ],
  ['/status', 'All engines are well.'],
  ['/status all', 'All engines are well.'],
  ['/status bold', 'All is well.'],
])('with several engines, %s is answered and nothing is done', async (text, answer) => {
  begin(['calm', 'bold']);
  expect(await scene.write(text)).toEqual([answer]);
  expect(await scene.write('/confirm 000001')).toEqual([expect.stringMatching(/Nothing waits/)]);
  expect([scene.ran, scene.muted, scene.unmuted]).toEqual([[], [], []]);
});

it('with several engines, alerts of one are muted, or of all', async () => {
  begin(['calm']);
  expect(await scene.write('/mute calm 2h')).toEqual([expect.stringMatching(/only critical alerts of calm are sent/)]);
  expect(await scene.write('/mute all 1h')).toEqual([expect.stringMatching(/only critical alerts are sent/)]);
  expect(await scene.write('/unmute calm')).toEqual([expect.stringMatching(/^The alerts of calm are sent again/)]);
  expect(await scene.write('/unmute')).toEqual(['All alerts are sent again.']);
  const until = (hours: number) => scene.nowMs + hours * 3_600_000;
  expect(scene.muted).toEqual([
    [until(2), 'engine:calm'],
    [until(1), null],
  ]);
  expect(scene.unmuted).toEqual(['engine:calm', null]);
});
