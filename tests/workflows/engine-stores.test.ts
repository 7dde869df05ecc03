import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { operationWorkflowId } from '../../src/lib/ids.ts';
import {
  atRest,
  EngineHarness,
  type HarnessOptions,
  lamportsOf,
  QUICK_TIMING,
  SOL,
  until,
} from '../support/engine-harness.ts';
import { openTestJournal } from '../support/journal.ts';
import { itLong } from '../support/long.ts';
import { SteadyFeed } from '../support/steady-feed.ts';
import { temporalAddress } from '../support/temporal-address.ts';

const OPEN = (size: number) => ({ kind: 'open', market: 'SOL-PERP', size: lamportsOf(-size) }) as const;
const CLOSE = { kind: 'close', market: 'SOL-PERP' } as const;
const RESUME = { action: 'RESUME' } as const;

let engine: EngineHarness;
const start = async (options: Partial<HarnessOptions> = {}) => {
  engine = await EngineHarness.start({
    address: temporalAddress(),
    feed: new SteadyFeed(),
    tuning: { timing: { ...QUICK_TIMING, confirmMs: 300, queryMs: 300 } },
    ...options,
  });
};
afterEach(async () => await engine?.close());

const held = (code: string) => engine.untilState(code, ({ holds }) => holds.some((hold) => hold.code === code));

describe('a journal that is lost under a running engine', () => {
  it('is held and told, its account is never made anew, and the engine stops without filling its history', async () => {
    await start();
    await engine.carryOut(OPEN(2));
    await engine.untilState('the target', ({ hedgeTarget }) => hedgeTarget > 0);
    await engine.stopWorker();
    const lost = engine.journal;
    engine.journal = await openTestJournal();
    await engine.openVenue(false);
    await engine.startWorker();
    await engine.startEngine();
    const state = await held('stores_diverged');
    expect(state.holds.find((hold) => hold.code === 'stores_diverged')?.details).toMatchObject({
      verdict: 'account_missing',
    });
    expect((await engine.untilAlert('STORES_DIVERGED')).severity).toBe('critical');
    await engine.untilAlert('PAPER_ACCOUNT_MISSING');
    expect((await engine.untilState('stopped', ({ state }) => state === 'stopped')).tradingState).toBe('halted');
    expect(await engine.carryOut(OPEN(1))).toMatchObject({ success: false });
    expect(await engine.carryOut(RESUME)).toMatchObject({ success: false, error: { code: 'UNAVAILABLE' } });
    await held('stores_diverged');
    // What its last commands left behind is written first; an engine that filled its history would have no such two seconds.
    await until('two seconds with hardly an event', async () => {
      const before = await engine.historyLength();
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      return (await engine.historyLength()) - before < 10;
    });
    expect((await engine.journal.latestSnapshot(engine.engineId)) ?? null).toBeNull();
    await lost.close();
  });
});

/** Temporal loses the engine and every operation: what is left of them is closed and tells nothing. */
async function loseTemporal(): Promise<void> {
  const { items } = await engine.journal.operations({ engineId: engine.engineId, limit: 100 });
  for (const id of [engine.engineId, ...items.map(({ operationId }) => operationWorkflowId(operationId))]) {
    await engine.client.workflow
      .getHandle(id)
      .terminate('lost')
      .catch(() => undefined);
  }
}

describe('a Temporal that is lost', () => {
  it('proves what was under way, doubles nothing, and RESUME keeps what stands', async () => {
    await start();
    await engine.carryOut(OPEN(2));
    const commandId = randomUUID();
    engine.faults.silence(100_000);
    await engine.send(OPEN(1), { commandId });
    await held('unresolved');
    await engine.stopWorker();
    await loseTemporal();
    await engine.startWorker();
    await engine.startEngine();
    await held('stores_diverged');
    await engine.untilState('the operation', ({ unresolved }) => unresolved.includes(engine.operationId(commandId)));
    expect(await engine.carryOut(OPEN(1))).toMatchObject({ error: { code: 'ACCOUNT_UNRESOLVED' } });
    engine.faults.silence(0);
    await until('its end', async () => (await engine.journal.operation(engine.operationId(commandId)))?.endedAtMs);
    await engine.untilState('nothing unresolved', ({ unresolved }) => unresolved.length === 0);
    expect(await engine.perp()).toBe(-3n * SOL);
    expect(await engine.carryOut(RESUME)).toMatchObject({ success: true, data: { changed: true } });
    const resumed = await engine.untilState('active', ({ tradingState }) => tradingState === 'active');
    expect(resumed.hedgeTarget).toBeCloseTo(0.3, 4);
    // The engine decides on what stands, and leaves it.
    const look = Date.now();
    await until('a look after RESUME', async () => ((await engine.latest())?.takenAtMs ?? 0) > look + 500);
    expect(await engine.perp()).toBe(-3n * SOL);
    expect(await engine.send(OPEN(1), { commandId })).toMatchObject({ success: true });
    expect(await engine.carryOut(CLOSE)).toMatchObject({ success: true, data: { filled_size: 3 } });
  });

  itLong('takes the target from what stands when a person resumes before the proof', async () => {
    await start();
    const commandId = randomUUID();
    engine.faults.silence(100_000);
    await engine.send(OPEN(4), { commandId });
    await held('unresolved');
    await engine.stopWorker();
    await loseTemporal();
    await engine.startWorker();
    await engine.startEngine();
    await held('stores_diverged');
    await engine.carryOut(RESUME);
    engine.faults.silence(0);
    const free = await engine.untilState(
      'free',
      ({ tradingState, hedgeTarget }) => tradingState === 'active' && hedgeTarget > 0,
    );
    expect(free.hedgeTarget).toBeCloseTo(0.4, 4);
    expect(await engine.perp()).toBe(-4n * SOL);
  });

  itLong('takes back an operation whose workflow still runs, and lets nothing start beside it', async () => {
    // Its transaction outlives the engine's absence.
    await start({ chain: { blockhashLife: 500 } });
    const commandId = randomUUID();
    engine.faults.onSubmit({ kind: 'late', slots: 40 });
    await engine.send(OPEN(2), { commandId }).catch(() => undefined);
    await engine.handle.terminate('lost');
    await engine.startEngine();
    const second = await engine.send(CLOSE);
    expect(second.data.status === 'pending' || second.error !== undefined || second.success).toBe(true);
    await until('its end', async () => (await engine.journal.operation(engine.operationId(commandId)))?.endedAtMs);
    const record = await engine.journal.operation(engine.operationId(commandId));
    expect(record?.attempts).toHaveLength(1);
    expect((await engine.untilState('quiet', atRest)).state).toBe('running');
  });
});

describe("an operation's workflow that somebody ended", () => {
  itLong('is proven by its signatures under its own id, and the slot is free meanwhile', async () => {
    await start();
    const commandId = randomUUID();
    engine.faults.silence(100_000);
    await engine.send({ kind: 'deposit', asset: 'SOL', amount: lamportsOf(0.5) }, { commandId });
    await held('unresolved');
    await engine.operation(commandId).terminate('a mistake');
    engine.faults.silence(0);
    await engine.startEngine();
    await until('its end', async () => (await engine.journal.operation(engine.operationId(commandId)))?.endedAtMs);
    const free = await engine.untilState('free', ({ tradingState }) => tradingState === 'active');
    expect(free).toMatchObject({ operation: null, unresolved: [] });
    expect(await engine.journal.operation(engine.operationId(commandId))).toMatchObject({ status: 'done' });
    expect((await engine.journal.command(commandId))?.answer).toMatchObject({ success: true });
  });
});
