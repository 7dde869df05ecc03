import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { WebSocket } from 'ws';
import { ACTIONS, type CommandAnswer, done, refused } from '../../src/domain/order/command.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { TransientError } from '../../src/lib/errors.ts';
import {
  journalThatDoes,
  journalThatHangs,
  journalThatIsDown,
  type TestBridge,
  TOKEN,
  testBridge,
} from '../support/bridge.ts';
import { eventually } from '../support/eventually.ts';
import { openTestJournal } from '../support/journal.ts';
import { LONG, runs } from '../support/long.ts';
import { never, type Script, scriptedGateway } from '../support/scripted-gateway.ts';

const ANSWER_MS = 5_000;
const RUNS = runs(100);

const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

async function bridgeWith(script: Script, journal: Journal): Promise<TestBridge> {
  const gateway = scriptedGateway(script);
  gateway.resolveScript = never;
  const bridge = await testBridge({ journal, gateway });
  closing.push(bridge.close);
  return bridge;
}

const connectLightly = async (bridge: TestBridge): Promise<WebSocket> => {
  const socket = new WebSocket(`${bridge.url.replace('http', 'ws')}/ws?token=${TOKEN}`, { perMessageDeflate: false });
  await once(socket, 'open');
  return socket;
};

/** Milliseconds to the first COMMAND_RESULT; other frames are not read, since a thousand clients live in this process. */
const timeToAnswer = (socket: WebSocket, message: unknown): Promise<number> =>
  new Promise((resolve) => {
    const sentAt = Date.now();
    socket.on('message', (data) => {
      if (data.toString().startsWith('{"type":"COMMAND_RESULT"')) resolve(Date.now() - sentAt);
    });
    socket.send(JSON.stringify(message));
  });

/** Their answers are due together, and a busy machine takes its time to write a thousand. */
const CONNECTIONS = LONG ? 1_000 : 200;

describe(`${CONNECTIONS} connections`, () => {
  it.each([
    ['the engine hangs', async () => openTestJournal()],
    ['the engine and the journal hang', async () => journalThatHangs()],
    ['the engine hangs and the journal is down', async () => journalThatIsDown()],
  ])('are all answered within 5 s while %s', async (_how, journalOf) => {
    const journal = await journalOf();
    const bridge = await bridgeWith(never, journal);
    const sockets: WebSocket[] = [];
    for (let batch = 0; batch < CONNECTIONS / 100; batch += 1) {
      sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => connectLightly(bridge)))));
    }
    expect(bridge.sockets()).toBe(CONNECTIONS);
    const times = await Promise.all(
      sockets.map((socket, index) => {
        const action = ACTIONS[index % ACTIONS.length];
        const data = { amount: action === 'DRIFT_DEPOSIT' ? 1 : undefined, mode: 'paper' };
        return timeToAnswer(socket, { type: 'COMMAND', action, command_id: `one-of-1000-${index}`, data });
      }),
    );
    expect(times).toHaveLength(CONNECTIONS);
    expect(Math.max(...times)).toBeLessThan(ANSWER_MS);
    for (const socket of sockets) socket.terminate();
    await eventually(() => expect(bridge.sockets()).toBe(0));
  });
});

/** What the engine may do with a command; each ends, hangs or fails in its own way. */
const behaviours: readonly Script[] = [
  async () => done('Done', { changed: false }),
  async () => ({ success: true, message: 'Running', data: { status: 'pending', operation_id: 'op' } }),
  async () => refused({ code: 'GATE_BLOCKED', message: 'No', details: { gates: [] } }),
  async () => refused({ code: 'CONFIRMATION_REQUIRED', message: 'Sure?' }, 'confirmation_required'),
  async () => refused({ code: 'TRANSACTION_FAILED', message: 'On chain' }, 'failed'),
  async () => {
    throw new TransientError('UNAVAILABLE', 'gone');
  },
  async () => {
    throw 'not even an error';
  },
  never,
  () => new Promise((resolve) => setTimeout(() => resolve(done('Late')), 60)),
  (_envelope, deadlineMs) =>
    new Promise((_resolve, reject) => setTimeout(() => reject(new Error('deadline')), deadlineMs - Date.now())),
];

const anything = fc.oneof(
  fc.constantFrom(
    1,
    1.5,
    '1.5',
    0,
    -1,
    null,
    '',
    'SOL',
    'SOL-PERP',
    'short',
    'paper',
    'live',
    'landed',
    'op-1',
    true,
    [],
    {},
  ),
  fc.jsonValue({ maxDepth: 3 }),
);
const commandMessage = fc.record(
  {
    action: fc.oneof(fc.constantFrom<string>(...ACTIONS), fc.string(), fc.constant(null), fc.integer()),
    data: fc.oneof(
      fc.dictionary(
        fc.constantFrom(
          'amount',
          'asset',
          'market',
          'direction',
          'size',
          'mode',
          'operation_id',
          'verdict',
          'note',
          'other',
        ),
        anything,
      ),
      fc.record({ amount: fc.constantFrom(1.5, '2') }),
      fc.record({ market: fc.constant('SOL-PERP') }),
      fc.record({
        market: fc.constant('SOL-PERP'),
        direction: fc.constantFrom('long', 'short'),
        size: fc.double({ min: 0.001, max: 10, noNaN: true }),
      }),
      fc.record({ mode: fc.constantFrom('paper', 'live') }),
      fc.jsonValue(),
    ),
  },
  { requiredKeys: ['action'] },
);

const journalWays: readonly ('works' | 'down' | 'hangs')[] = ['works', 'down', 'hangs'];

describe('every command', () => {
  it('Feature: delta-neutral-live-mode, Property 11: For any command received via WebSocket, the system should send a response (success or error) within 5 seconds — exactly one, and structured', async () => {
    const real = await openTestJournal();
    closing.push(() => real.close());
    let way: (typeof journalWays)[number] = 'works';
    let behaviour: Script = async () => done('Done');
    const bridge = await bridgeWith(
      (envelope, deadlineMs) => behaviour(envelope, deadlineMs),
      journalThatDoes(real, () => way),
    );
    const client = await bridge.connect();
    let run = 0;
    // Runs go on side by side, since those that meet a hang take their four seconds.
    const waiting: Promise<void>[] = [];
    const slowest = { ms: 0 };
    await fc.assert(
      fc.asyncProperty(
        commandMessage,
        fc.integer({ min: 0, max: behaviours.length - 1 }),
        fc.constantFrom(...journalWays),
        async (message, chosen, journalWay) => {
          run += 1;
          const id = `property-11-${run}`;
          way = journalWay;
          behaviour = behaviours[chosen] as Script;
          const sentAt = Date.now();
          client.send({ type: 'COMMAND', command_id: id, ...message });
          const answered = client.result(id, ANSWER_MS).then((result) => {
            slowest.ms = Math.max(slowest.ms, Date.now() - sentAt);
            expect(typeof result.success).toBe('boolean');
            expect(typeof result.message).toBe('string');
            expect(result.success).toBe(['done', 'pending'].includes(result.data.status));
            if (!result.success)
              expect(result.error).toMatchObject({ code: expect.any(String), message: expect.any(String) });
          });
          waiting.push(answered);
          await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, 30))]);
        },
      ),
      { numRuns: RUNS },
    );
    await Promise.all(waiting);
    expect(slowest.ms).toBeLessThan(ANSWER_MS);
    // Exactly one: nothing more came under any of these ids. (Pending ones have no end here: the journal knows none.)
    await client.roundTrip();
    expect(client.received.filter((message) => message.type === 'COMMAND_RESULT')).toEqual([]);
    client.close();
  });

  it('gets its own answer, whatever is sent beside it: as many results as commands, under their ids', async () => {
    const real = await openTestJournal();
    closing.push(() => real.close());
    const echo = (commandId: string): CommandAnswer => done(`for ${commandId}`);
    const bridge = await bridgeWith(async ({ commandId }) => echo(commandId), real);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.constant('command'), fc.constant('junk'), fc.constant('same')), {
          minLength: 1,
          maxLength: 30,
        }),
        async (plan) => {
          const client = await bridge.connect();
          const same = crypto.randomUUID();
          const ids = plan.flatMap((kind) => {
            if (kind === 'junk') {
              client.send('{');
              return [];
            }
            const id = kind === 'same' ? same : crypto.randomUUID();
            client.send({ type: 'COMMAND', action: 'FLATTEN', command_id: id });
            return [id];
          });
          for (const id of ids) expect((await client.result(id)).message).toBe(`for ${id}`);
          expect(client.received.filter((message) => message.type === 'COMMAND_RESULT')).toEqual([]);
          client.close();
        },
      ),
      { numRuns: RUNS },
    );
  });
});

describe('a bridge that stops', () => {
  it.each([
    ['answers in time', 300, { success: true }],
    ['never answers', null, { success: false, error: { code: 'ACCEPTANCE_UNKNOWN' } }],
  ] as const)('answers a command that is on its way, while the engine %s', async (_how, afterMs, expected) => {
    const journal = await openTestJournal();
    const script: Script = async () => {
      if (afterMs === null) return await never();
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      return done('Done late');
    };
    const gateway = scriptedGateway(script);
    const bridge = await testBridge({ journal, gateway });
    const client = await bridge.connect();
    client.send({ type: 'COMMAND', action: 'RESUME', command_id: randomUUID() });
    await eventually(() => expect(gateway.inFlight()).toBe(1));
    const closed = bridge.close();
    expect(await client.ofType('COMMAND_RESULT')).toMatchObject(expected);
    await closed;
    await journal.close();
  });
});
