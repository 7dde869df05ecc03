import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import { lamports } from '../../src/domain/money/units.ts';
import { DEFAULT_HOLDINGS } from '../../src/venues/paper/parameters.ts';
import { atRest, EngineHarness, lamportsOf, QUICK_TIMING, SOL, until } from '../support/engine-harness.ts';
import { LONG, longOnly } from '../support/long.ts';
import { SteadyFeed } from '../support/steady-feed.ts';
import { temporalAddress } from '../support/temporal-address.ts';

const OPEN = (size: number) => ({ kind: 'open', market: 'SOL-PERP', size: lamportsOf(-size) }) as const;
const CLOSE = { kind: 'close', market: 'SOL-PERP' } as const;
const DEPOSIT = (sol: number) => ({ kind: 'deposit', asset: 'SOL', amount: lamportsOf(sol) }) as const;
const WITHDRAW = (sol: number) => ({ kind: 'withdraw', asset: 'SOL', amount: lamportsOf(sol) }) as const;

let engine: EngineHarness;
beforeAll(async () => {
  engine = await EngineHarness.start({
    address: temporalAddress(),
    feed: new SteadyFeed(),
    policy: { cooldownMs: 4_000 },
    tuning: { maxHistoryEvents: 40, timing: { ...QUICK_TIMING, confirmMs: 300, queryMs: 300 } },
  });
});
afterAll(async () => await engine?.close());

const runId = async (): Promise<string> => (await engine.handle.describe()).runId;
const renewed = async (since: string): Promise<void> =>
  void (await until('a new run', async () => (await runId()) !== since));

describe('an engine that renews itself all the time', () => {
  it('goes through a paper day with the same answers, the same deadlines and nothing doubled', async () => {
    const first = await runId();
    const commandId = randomUUID();
    const opened = await engine.carryOut(OPEN(5), { commandId });
    expect(opened).toMatchObject({ success: true, data: { filled_size: 5 } });
    await engine.carryOut(DEPOSIT(2));
    const cooling = await engine.untilState('the rebalance', ({ cooldownEndsAtMs }) => cooldownEndsAtMs !== null);
    expect(await engine.perp()).toBe(-6n * SOL);

    // A question, answered after a renewal.
    const asked = randomUUID();
    const question = await engine.send(OPEN(9), { commandId: asked });
    expect(question).toMatchObject({ error: { code: 'CONFIRMATION_REQUIRED' } });
    const during = await runId();
    for (let at = 0; at < 4; at += 1) await engine.carryOut({ action: 'GET_STATE' });
    await renewed(during);
    const still = await engine.state();
    if (still.cooldownUntilMs !== null) {
      expect(still).toMatchObject({
        cooldownUntilMs: cooling.cooldownUntilMs,
        cooldownEndsAtMs: cooling.cooldownEndsAtMs,
      });
    }
    const confirmationToken = question.data.confirmation_token as string;
    expect(await engine.carryOut(OPEN(9), { commandId: asked, confirmationToken })).toMatchObject({
      success: true,
      data: { filled_size: 9 },
    });
    expect(await engine.send(OPEN(5), { commandId })).toEqual(opened);

    await engine.untilState('the cooldown over', ({ cooldownUntilMs }) => cooldownUntilMs === null);
    expect(await engine.carryOut(CLOSE)).toMatchObject({ success: true });
    expect(await engine.perp()).toBe(0n);
    expect(await runId()).not.toBe(first);
  });

  it('keeps a running operation, a command that waits for it, and a hold', async () => {
    await engine.untilState('the CLOSE to have settled', atRest);
    const wallet = (await engine.snapshot()).wallet.sol;
    engine.faults.silence(100_000);
    const unknown = randomUUID();
    await engine.send(DEPOSIT(0.5), { commandId: unknown });
    // Whatever becomes of the first, this one is answered, and has at most one effect.
    const waiting = randomUUID();
    const second = engine.carryOut(WITHDRAW(0.1), { commandId: waiting });
    await engine.untilState('the hold', ({ unresolved }) => unresolved.length === 1);
    const during = await runId();
    for (let at = 0; at < 6; at += 1) await engine.carryOut({ action: 'GET_STATE' });
    await renewed(during);
    expect((await engine.state()).unresolved).toEqual([engine.operationId(unknown)]);
    expect((await engine.state()).holds.map((hold) => hold.code)).toContain('unresolved');
    engine.faults.silence(0);
    await engine.untilState('its proof', atRest);
    const answer = await second;
    const spent = wallet - (await engine.snapshot()).wallet.sol;
    const withdrawn = answer.success ? SOL / 10n : 0n;
    expect(Number(spent + withdrawn) / 1e9).toBeCloseTo(0.5, 3);
    expect((await engine.journal.command(unknown))?.answer).toMatchObject({ success: true });
  });

  it('replays every one of its runs, and every kind of operation', async () => {
    await engine.carryOut(OPEN(2));
    await engine.carryOut(CLOSE);
    await engine.carryOut({ kind: 'settle', market: 'SOL-PERP' });
    const { items } = await engine.journal.operations({ engineId: engine.engineId, limit: 100 });
    await until('all ended', async () =>
      (await engine.journal.operations({ engineId: engine.engineId, limit: 100 })).items.every(
        ({ endedAtMs }) => endedAtMs !== null,
      ),
    );
    expect(new Set(items.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(4);
    for (const { operationId } of items) expect(await engine.replay(`operation:${operationId}`)).toBeGreaterThan(0);
    expect(await engine.replay(engine.engineId)).toBeGreaterThan(5);
  });
});

describe('many commands at once, quick and slow', () => {
  it('are replayed in the order in which they were answered', async () => {
    const busy = await EngineHarness.start({ address: temporalAddress(), feed: new SteadyFeed() });
    try {
      for (let round = 0; round < (LONG ? 8 : 2); round += 1) {
        await Promise.all([
          busy.send({ action: 'GET_STATE' }),
          busy.send(OPEN(5_000)),
          busy.send({ action: 'STOP_ENGINE' }),
          busy.send(DEPOSIT(5_000)),
          busy.send({ action: 'START_ENGINE', mode: 'paper' }),
          busy.send({ action: 'RESUME' }),
          busy.send(CLOSE),
        ]);
      }
      expect(await busy.replay(busy.engineId)).toBe(1);
    } finally {
      await busy.close();
    }
  });
});

longOnly(describe)('many commands at once, each admitted slowly', () => {
  // Eight of these in one workflow task would last longer than a task may: it would be cut in two.
  it('are replayed in the order in which they were answered', async () => {
    const slow = await EngineHarness.start({ address: temporalAddress(), feed: new SteadyFeed(), admissionMs: 1_300 });
    try {
      for (let round = 0; round < 2; round += 1) {
        await Promise.all([
          slow.send({ action: 'GET_STATE' }),
          slow.send(OPEN(5_000)),
          slow.send({ action: 'STOP_ENGINE' }),
          slow.send(DEPOSIT(5_000)),
          slow.send({ action: 'START_ENGINE', mode: 'paper' }),
          slow.send({ action: 'RESUME' }),
          slow.send(CLOSE),
          slow.send({ action: 'GET_STATE' }),
        ]);
      }
      expect(await slow.replay(slow.engineId)).toBe(1);
    } finally {
      await slow.close();
    }
  });
});

longOnly(describe)('an engine under load', () => {
  const LIMIT = 150;
  const MARGIN = 100;

  it('renews itself near its bound: ordinary commands are refused for a moment, exits are not', async () => {
    const loaded = await EngineHarness.start({
      address: temporalAddress(),
      feed: new SteadyFeed(),
      defaults: { ...DEFAULT_HOLDINGS, walletSol: lamports(1_000n * SOL) },
      tuning: { maxHistoryEvents: LIMIT, renewalMarginEvents: MARGIN },
    });
    expect(await loaded.carryOut(OPEN(2))).toMatchObject({ success: true });
    let stopped = false;
    const seen = { busy: 0, done: 0, longest: 0 };
    const failed: unknown[] = [];
    const deposit = async () => {
      while (!stopped) {
        const { success, error } = await loaded.carryOut(DEPOSIT(0.01)).catch((failure: unknown) => {
          const cause = failure instanceof Error ? failure.cause : null;
          if (!(cause instanceof ApplicationFailure && cause.type === 'ENGINE_BUSY')) throw failure;
          return { success: false, error: { code: 'ENGINE_BUSY' } };
        });
        if (success) seen.done += 1;
        else if (error?.code === 'ENGINE_BUSY') seen.busy += 1;
        else throw new Error(`a deposit ended with ${JSON.stringify(error)}`);
      }
    };
    const deposits = Array.from({ length: 4 }, () => deposit().catch((error: unknown) => failed.push(error)));
    try {
      const runs = new Set<string>();
      await until('three runs', async () => {
        const { runId: run, historyLength } = await loaded.handle.describe();
        runs.add(run);
        seen.longest = Math.max(seen.longest, historyLength);
        if (failed.length > 0) throw failed[0];
        return runs.size >= 3;
      });
      expect(await loaded.carryOut(CLOSE)).toMatchObject({ success: true });
      expect(failed).toEqual([]);
      expect(seen.busy).toBeGreaterThan(0);
      expect(seen.done).toBeGreaterThan(10);
      // What was in hand when admission paused still ends in the same run.
      expect(seen.longest).toBeLessThan(LIMIT + MARGIN + 250);
    } finally {
      stopped = true;
      await Promise.all(deposits);
      await loaded.close();
    }
  });
});
