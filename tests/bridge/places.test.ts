import { describe, expect, it } from '@jest/globals';
import { ORDINARY_PLACES, ORDINARY_PLACES_OF_PROCESS, RESERVED_PLACES } from '../../src/bridge/limits.ts';
import { withPlaces } from '../../src/bridge/places.ts';
import { type Action, type CommandAnswer, type CommandEnvelope, done } from '../../src/domain/order/command.ts';
import { OPERATIONS, type OperationKind } from '../../src/domain/order/operations.ts';
import { FairPlaces } from '../../src/lib/fair-places.ts';
import { eventually } from '../support/eventually.ts';
import { scriptedGateway } from '../support/scripted-gateway.ts';

const ENGINE = 'engine:paper:synthetic:7:0';
const clock = { nowMs: () => Date.now() };
function requestOf(action: Action): CommandEnvelope['request'] {
  const kind = (Object.keys(OPERATIONS) as OperationKind[]).find((each) => OPERATIONS[each].action === action);
  return (kind === undefined ? { action } : { kind }) as CommandEnvelope['request'];
}

const envelope = (action: Action): CommandEnvelope => ({
  commandId: crypto.randomUUID(),
  request: requestOf(action),
  requestHash: 'h',
  operator: 'test',
  receivedAtMs: Date.now(),
  notAfterMs: Date.now() + 5_000,
});

function heldGateway(ofProcess = new FairPlaces(ORDINARY_PLACES_OF_PROCESS), engineId = ENGINE) {
  const held: ((answer: CommandAnswer) => void)[] = [];
  const inner = scriptedGateway(() => new Promise((resolve) => held.push(resolve)));
  const places = withPlaces(inner, clock, ofProcess);
  const send = (action: Action, withinMs = 5_000) => places.command(engineId, envelope(action), Date.now() + withinMs);
  return { inner, places, send, release: () => held.shift()?.(done('ok')) };
}

const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const isSettled = async (promise: Promise<unknown>): Promise<boolean> =>
  Promise.race([promise.then(() => true), new Promise<boolean>((resolve) => setImmediate(() => resolve(false)))]);

describe('places in the engine', () => {
  it('refuses the ordinary command beyond the last place at once', async () => {
    const { inner, send, release } = heldGateway();
    const running = Array.from({ length: ORDINARY_PLACES }, () => send('DRIFT_DEPOSIT'));
    expect((await send('DRIFT_DEPOSIT')).error?.code).toBe('ENGINE_BUSY');
    expect((await send('START_ENGINE')).error?.code).toBe('ENGINE_BUSY');
    expect(inner.received).toHaveLength(ORDINARY_PLACES);
    for (const _ of running) release();
    expect((await Promise.all(running)).every((answer) => answer.success)).toBe(true);
  });

  it('gives the place of a storm that becomes free to the engine that has none', async () => {
    const ofProcess = new FairPlaces(ORDINARY_PLACES_OF_PROCESS);
    const storms = Array.from({ length: ORDINARY_PLACES_OF_PROCESS / ORDINARY_PLACES + 1 }, (_, at) =>
      heldGateway(ofProcess, `storm ${at}`),
    );
    // The last of them has to wait with all that it sends, before the quiet one comes.
    const running = storms.flatMap(({ send }) => Array.from({ length: ORDINARY_PLACES }, () => send('DRIFT_DEPOSIT')));
    const quiet = heldGateway(ofProcess);
    const sent = quiet.send('DRIFT_DEPOSIT');
    await turnOfTheLoop();
    storms[0]?.release();
    storms[1]?.release();
    await eventually(() => expect(quiet.inner.received).toHaveLength(1));
    expect(storms.at(-1)?.inner.received).toHaveLength(1);
    quiet.release();
    expect((await sent).success).toBe(true);
    while (running.length > 0) {
      for (const { release } of storms) release();
      if (await isSettled(running[0] as Promise<unknown>)) running.shift();
    }
    expect(ofProcess.taken).toBe(0);
  });

  it('refuses an ordinary command that waits too long for a place among all engines, and no exit', async () => {
    const ofProcess = new FairPlaces(ORDINARY_PLACES_OF_PROCESS);
    const engines = Array.from({ length: ORDINARY_PLACES_OF_PROCESS / ORDINARY_PLACES }, (_, at) =>
      heldGateway(ofProcess, `storm ${at}`),
    );
    const running = engines.flatMap(({ send }) => Array.from({ length: ORDINARY_PLACES }, () => send('DRIFT_DEPOSIT')));
    const other = heldGateway(ofProcess);
    expect((await other.send('DRIFT_DEPOSIT')).error?.code).toBe('ENGINE_BUSY');
    expect(other.inner.received).toHaveLength(0);
    const exit = other.send('DRIFT_CLOSE_POSITION');
    await eventually(() => expect(other.inner.received).toHaveLength(1));
    other.release();
    expect((await exit).success).toBe(true);
    for (const { release } of engines) for (let left = ORDINARY_PLACES; left > 0; left -= 1) release();
    expect((await Promise.all(running)).every((answer) => answer.success)).toBe(true);
    const later = other.send('DRIFT_DEPOSIT');
    await eventually(() => expect(other.inner.received).toHaveLength(2));
    other.release();
    expect((await later).success).toBe(true);
  });

  it.each(['DRIFT_CLOSE_POSITION', 'FLATTEN', 'STOP_ENGINE', 'RESUME'] as const)(
    'keeps a place for %s when ordinary commands hold all of theirs',
    async (action) => {
      const { inner, send, release } = heldGateway();
      const running = Array.from({ length: ORDINARY_PLACES }, () => send('DRIFT_DEPOSIT'));
      const out = send(action);
      await eventually(() => expect(inner.received).toHaveLength(ORDINARY_PLACES + 1));
      for (const _ of [...running, out]) release();
      expect((await out).success).toBe(true);
      await Promise.all(running);
    },
  );

  it('never has more in flight than Temporal takes, and lets a way out wait for its place instead of refusing it', async () => {
    const { inner, send, release } = heldGateway();
    const ordinary = Array.from({ length: ORDINARY_PLACES }, () => send('DRIFT_DEPOSIT'));
    const out = Array.from({ length: RESERVED_PLACES + 5 }, () => send('FLATTEN'));
    await eventually(() => expect(inner.inFlight()).toBe(ORDINARY_PLACES + RESERVED_PLACES));
    expect(await isSettled(out.at(-1) as Promise<unknown>)).toBe(false);
    // While a way out waits, no ordinary command goes before it.
    release();
    await ordinary[0];
    expect((await send('DRIFT_DEPOSIT')).error?.code).toBe('ENGINE_BUSY');
    for (const _ of [...ordinary, ...out]) {
      release();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await Promise.all(out)).every((answer) => answer.success)).toBe(true);
    expect(inner.highWater()).toBe(ORDINARY_PLACES + RESERVED_PLACES);
  });

  it('tells a way out that found no place in time that nothing was sent', async () => {
    const { inner, send } = heldGateway();
    const all = Array.from({ length: ORDINARY_PLACES + RESERVED_PLACES }, () => send('FLATTEN', 400));
    const late = await send('FLATTEN', 100);
    expect(late).toMatchObject({
      data: { status: 'rejected' },
      error: { code: 'UNAVAILABLE', details: { part: 'engine' } },
    });
    expect(inner.received).toHaveLength(ORDINARY_PLACES + RESERVED_PLACES);
    expect((await Promise.all(all)).every((answer) => answer.error?.code === 'ACCEPTANCE_UNKNOWN')).toBe(true);
  });

  it('gives the place back when the deadline passed without an answer', async () => {
    const { inner, send } = heldGateway();
    await Promise.all(Array.from({ length: ORDINARY_PLACES }, () => send('DRIFT_DEPOSIT', 50)));
    void send('DRIFT_DEPOSIT', 50);
    await eventually(() => expect(inner.received).toHaveLength(ORDINARY_PLACES + 1));
  });
});
