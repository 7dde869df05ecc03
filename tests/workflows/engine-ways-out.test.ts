import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  atRest,
  EngineHarness,
  type HarnessOptions,
  lamportsOf,
  QUICK_TIMING,
  SOL,
  until,
} from '../support/engine-harness.ts';
import { firstOf, itLong } from '../support/long.ts';
import { SteadyFeed } from '../support/steady-feed.ts';
import { temporalAddress } from '../support/temporal-address.ts';

const OPEN = (size: number) => ({ kind: 'open', market: 'SOL-PERP', size: lamportsOf(-size) }) as const;
const CLOSE = { kind: 'close', market: 'SOL-PERP' } as const;
const DEPOSIT = (sol: number) => ({ kind: 'deposit', asset: 'SOL', amount: lamportsOf(sol) }) as const;

/** Bytes that live long, and windows to match: what lands late is not unknown. */
const PATIENT = { ...QUICK_TIMING, confirmMs: 20_000, queryMs: 5_000 };
const LATE = { kind: 'late', slots: 250 } as const;
/** So late that a busy machine fills the line meanwhile, and before its outcome is unknown. */
const LATER = { kind: 'late', slots: 800 } as const;

let engine: EngineHarness;
const start = async (options: Partial<HarnessOptions> = {}) => {
  engine = await EngineHarness.start({
    address: temporalAddress(),
    feed: new SteadyFeed(),
    chain: { blockhashLife: 2_000 },
    ...options,
    tuning: { timing: PATIENT, answerWithinMs: 1_000, ...options.tuning },
  });
};
afterEach(async () => await engine?.close());

/** An operation that holds the slot for some seconds. */
async function slow(lands: typeof LATE | typeof LATER = LATE): Promise<string> {
  engine.faults.onSubmit(lands);
  const commandId = randomUUID();
  await engine.send(DEPOSIT(0.1), { commandId });
  await engine.untilState('the slot taken', ({ operation }) => operation !== null);
  return commandId;
}

describe('the way out', () => {
  itLong('finds a place in Temporal beside the ordinary commands of any number of bridges', async () => {
    await start({ tuning: { answerWithinMs: 2_500 } });
    await engine.carryOut(OPEN(2));
    await slow();
    // Three bridges, each with all its ordinary places taken: Temporal takes ten at once.
    const rush = Array.from({ length: 18 }, () => engine.send(DEPOSIT(0.01)).catch((error: unknown) => error));
    await Promise.race(rush);
    const askedAtMs = Date.now();
    const first = await engine.send(CLOSE);
    expect(Date.now() - askedAtMs).toBeLessThan(5_000);
    expect(first.success).toBe(true);
    const answers = await Promise.all(rush);
    expect(answers.some((answer) => answer instanceof Error)).toBe(true);
  });

  it('goes before all that wait, tells what runs to stand down, and is never busy', async () => {
    await start({ tuning: { answerWithinMs: 300 } });
    await engine.carryOut(OPEN(2));
    const running = await slow(LATER);
    const waiting = Array.from({ length: 8 }, () => randomUUID());
    for (const some of [waiting.slice(0, 4), waiting.slice(4)]) {
      await Promise.all(some.map((commandId) => engine.send(DEPOSIT(0.01), { commandId })));
    }

    const refused = randomUUID();
    await expect(engine.send(DEPOSIT(0.02), { commandId: refused })).rejects.toThrow();
    expect(await engine.journal.command(refused)).toBeNull();

    const closed = await engine.carryOut(CLOSE);
    expect(closed).toMatchObject({ success: true, data: { filled_size: 2, closed_by: 'us' } });
    const record = async (commandId: string) => await engine.journal.operation(engine.operationId(commandId));
    for (const commandId of [running, ...waiting]) {
      await until('its answer', async () => (await engine.journal.command(commandId))?.answer);
    }
    const closing = (await engine.journal.operations({ engineId: engine.engineId, limit: 50 })).items.find(
      ({ kind }) => kind === 'close',
    );
    for (const commandId of waiting) {
      const own = await record(commandId);
      if (own !== null) expect(own.createdAtMs).toBeGreaterThanOrEqual(closing?.createdAtMs ?? Number.NaN);
    }
    // Refused as busy leaves no record: the same id works now.
    expect(await engine.carryOut(DEPOSIT(0.02), { commandId: refused })).toMatchObject({ success: true });
    expect(await engine.perp()).toBe(0n);
  });

  it('closes what an OPEN from flat leaves, and only then says that nothing is open', async () => {
    await start();
    engine.faults.onSubmit(LATE);
    const opening = randomUUID();
    await engine.send(OPEN(2), { commandId: opening });
    const sent = async () => (await engine.journal.operation(engine.operationId(opening)))?.attempts[0];
    await until('its attempt', sent);
    // Sent and not landed: the account is flat, and two SOL short when the CLOSE has its turn.
    expect(await engine.carryOut(CLOSE)).toMatchObject({ success: true, data: { filled_size: 2, closed_by: 'us' } });
    expect((await engine.journal.command(opening))?.answer?.success).toBe(true);
    await engine.untilState('at rest', atRest);
    expect(await engine.carryOut(CLOSE)).toMatchObject({ success: false, error: { code: 'NO_POSITION' } });
  });

  itLong('waits for a FLATTEN that runs already, instead of starting it over', async () => {
    await start();
    await engine.carryOut(OPEN(2));
    engine.faults.onSubmit(LATE);
    const flatten = randomUUID();
    await engine.send({ kind: 'flatten', market: 'SOL-PERP' }, { commandId: flatten });
    await engine.untilState('the slot taken', ({ operation }) => operation !== null);
    const closed = await engine.carryOut(CLOSE);
    expect(closed.success || closed.error?.code === 'NO_POSITION').toBe(true);
    expect((await engine.journal.command(flatten))?.answer).toMatchObject({ success: true, data: { filled_size: 2 } });
    expect(await engine.perp()).toBe(0n);
    await engine.untilState('the halt', ({ holds }) => holds.some((hold) => hold.code === 'flattened'));
  });
});

describe('the line for the slot', () => {
  itLong('tells ENGINE_BUSY to what waited too long, and nothing of it is done', async () => {
    await start({ tuning: { slotWaitMs: 600 } });
    await slow();
    const wallet = (await engine.snapshot()).wallet.sol;
    const commandId = randomUUID();
    expect(await engine.carryOut(DEPOSIT(0.2), { commandId })).toMatchObject({ error: { code: 'ENGINE_BUSY' } });
    expect(await engine.journal.operation(engine.operationId(commandId))).toBeNull();
    await engine.untilState('the slot free', ({ operation }) => operation === null);
    expect(wallet - (await engine.snapshot()).wallet.sol).toBeLessThan(SOL / 5n);
  });
});

describe('STOP while an operation runs', () => {
  itLong('is stopping, then stopped; the operation ends in its own time', async () => {
    await start();
    const commandId = await slow();
    const running = { operation_id: engine.operationId(commandId), goes_on: true };
    expect(await engine.carryOut({ action: 'STOP_ENGINE' })).toMatchObject({ data: { state: 'stopping', running } });
    await engine.untilState('stopped', ({ state }) => state === 'stopped');
    expect(await until('its answer', async () => (await engine.journal.command(commandId))?.answer)).toMatchObject({
      success: true,
    });
  });
});

describe('STOP while something enlarges', () => {
  it('stands it down, says so, and follows what is signed', async () => {
    await start();
    engine.faults.onSubmit(LATE);
    const commandId = randomUUID();
    await engine.send(OPEN(1), { commandId });
    await engine.untilState('the slot taken', ({ operation }) => operation !== null);
    const stopped = await engine.carryOut({ action: 'STOP_ENGINE' });
    const running = { operation_id: engine.operationId(commandId), goes_on: false };
    expect(stopped).toMatchObject({ success: true, data: { running } });
    expect(stopped.message).toContain('it makes no further attempt');
    await until('its answer', async () => (await engine.journal.command(commandId))?.answer);
    const record = await engine.journal.operation(running.operation_id);
    expect(record?.attempts.length).toBeLessThanOrEqual(1);
  });
});

describe('a worker that dies', () => {
  it.each(
    firstOf([
      ['while it is out', 400],
      ['before it is sent', 0],
      ['when it has landed', 1_200],
    ] as const),
  )('%s: the operation goes on and has one effect', async (_name, afterMs) => {
    await start();
    await until('the first look', async () => await engine.latest());
    const wallet = (await engine.snapshot()).wallet.sol;
    engine.faults.onSubmit({ kind: 'late', slots: 40 });
    const commandId = randomUUID();
    const first = engine.send(DEPOSIT(1), { commandId });
    if (afterMs > 0) await until('the slot taken', async () => (await engine.state()).operation !== null);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await engine.stopWorker();
    await engine.startWorker();
    await engine.startEngine();
    await first;
    const answer = await until('its answer', async () => (await engine.journal.command(commandId))?.answer);
    expect(answer).toMatchObject({ success: true });
    const spent = wallet - (await engine.snapshot()).wallet.sol;
    expect(Number(spent) / 1e9).toBeCloseTo(1, 2);
    const free = await engine.untilState('quiet', atRest);
    expect(free.state).toBe('running');
  });
});
