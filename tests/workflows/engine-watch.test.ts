import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { EngineHarness, type HarnessOptions, lamportsOf, SOL, until } from '../support/engine-harness.ts';
import { itLong } from '../support/long.ts';
import { SteadyFeed } from '../support/steady-feed.ts';
import { temporalAddress } from '../support/temporal-address.ts';

const OPEN = (size: number) => ({ kind: 'open', market: 'SOL-PERP', size: lamportsOf(-size) }) as const;
const CLOSE = { kind: 'close', market: 'SOL-PERP' } as const;
const DEPOSIT = (sol: number) => ({ kind: 'deposit', asset: 'SOL', amount: lamportsOf(sol) }) as const;
const REBALANCE = { kind: 'rebalance', market: 'SOL-PERP' } as const;
const RESUME = { action: 'RESUME' } as const;
const ADOPT = { action: 'ADOPT_POSITION', market: 'SOL-PERP' } as const;

let engine: EngineHarness;
let feed: SteadyFeed;
const start = async (options: Partial<HarnessOptions> = {}) => {
  feed = new SteadyFeed();
  engine = await EngineHarness.start({ address: temporalAddress(), feed, ...options });
};
afterEach(async () => await engine?.close());

/** So many more snapshots than now, each of them looked at by the watch. */
async function polls(count: number): Promise<void> {
  let last = (await engine.latest())?.takenAtMs ?? 0;
  for (let seen = 0; seen < count; seen += 1) {
    last = await until('another poll', async () => {
      const at = (await engine.latest())?.takenAtMs ?? 0;
      return at > last ? at : null;
    });
  }
}
const told = async (code: string) => (await engine.alerts()).filter((alert) => alert.code === code);
const opened = async (size: number) => {
  await engine.carryOut(OPEN(size));
  await engine.untilState('the target', ({ hedgeTarget, operation }) => hedgeTarget > 0 && operation === null);
};
const held = (code: string) => engine.untilState(code, ({ holds }) => holds.some((hold) => hold.code === code));

describe('drift that a gate keeps from being corrected', () => {
  it('is told once, told as over once, and does not grow the history with the polls', async () => {
    await start();
    await opened(5);
    // Shorts pay now: to enlarge the short would not pay, and drift stays under what waives that.
    feed.rate = -1e-4;
    await engine.edit((state) => ({ ...state, sol: (state.sol + 500_000_000n) as typeof state.sol }));
    await engine.untilAlert('GATE_BLOCKED');
    await polls(3);
    const before = await engine.historyLength();
    await polls(8);
    expect((await engine.historyLength()) - before).toBeLessThanOrEqual(3);
    expect(await told('GATE_BLOCKED')).toHaveLength(1);
    expect(await engine.perp()).toBe(-5n * SOL);
    feed.rate = 5e-5;
    await engine.untilAlert('GATE_BLOCKED', 'recovered');
    await until('the correction', async () => (await engine.perp()) < -5n * SOL);
  });
});

describe('a process that starts', () => {
  it('begins the watch anew where a silent worker would be missed late, and goes on reading', async () => {
    await start({ tuning: { watchSilenceMs: 60_000 } });
    await polls(2);
    const watches = async () => {
      const { events } = await engine.handle.fetchHistory();
      const scheduled = (events ?? []).flatMap((event) => event.activityTaskScheduledEventAttributes ?? []);
      return scheduled.filter(({ activityType }) => activityType?.name === 'watch').length;
    };
    const before = await watches();
    await engine.configure();
    await until('another watch', async () => (await watches()) > before);
    await polls(2);
    expect(await watches()).toBe(before + 1);
    await engine.replay(engine.engineId);
  });
});

describe('a venue that cannot be read', () => {
  it('halts, is told, and is read again before anything trades', async () => {
    await start();
    await opened(2);
    engine.faults.failReads(100_000);
    const lost = await held('connection');
    expect(lost).toMatchObject({ tradingState: 'halted' });
    await engine.untilAlert('CONNECTION_LOST');
    expect(await engine.carryOut(OPEN(1))).toMatchObject({ error: { code: 'ENGINE_HALTED' } });
    // While nobody looked, somebody else traded: that is seen before anything else.
    await engine.foreignPerp(-1);
    engine.faults.failReads(0);
    await engine.untilAlert('CONNECTION_LOST', 'recovered');
    await held('foreign_trade');
    expect(await engine.carryOut(OPEN(1))).toMatchObject({ error: { code: 'ENGINE_REDUCING' } });
    expect(await engine.perp()).toBe(-SOL);
  });
});

describe('what others do with the account', () => {
  it('a reduction: held until RESUME, which takes what stands', async () => {
    await start();
    await opened(5);
    await engine.foreignPerp(-3);
    await held('foreign_trade');
    await engine.untilAlert('FOREIGN_TRADE');
    await polls(3);
    expect(await engine.perp()).toBe(-3n * SOL);
    expect(await engine.carryOut(RESUME)).toMatchObject({ data: { cleared: ['foreign_trade'] } });
    const free = await engine.untilState('active', ({ tradingState }) => tradingState === 'active');
    expect(free.hedgeTarget).toBeCloseTo(0.3, 4);
    await engine.untilAlert('FOREIGN_TRADE', 'recovered');
    await polls(3);
    expect(await engine.perp()).toBe(-3n * SOL);
  });

  itLong('a close: target 0, told each time, and no hold', async () => {
    await start();
    for (const times of [1, 2]) {
      await opened(2);
      await engine.foreignPerp(0);
      await until('the alert', async () => (await told('FOREIGN_CLOSE')).length === times);
      expect(await engine.untilState('the target 0', ({ hedgeTarget }) => hedgeTarget === 0)).toMatchObject({
        tradingState: 'active',
      });
    }
  });

  itLong('an increase: nothing automatic, and OPEN waits, until ADOPT_POSITION', async () => {
    await start();
    await opened(2);
    await engine.foreignPerp(-6);
    await held('foreign_trade');
    expect((await engine.untilAlert('FOREIGN_POSITION')).severity).toBe('critical');
    expect(await engine.carryOut(OPEN(1))).toMatchObject({ error: { code: 'ENGINE_REDUCING' } });
    await polls(3);
    expect(await engine.perp()).toBe(-6n * SOL);
    expect(await engine.carryOut(ADOPT)).toMatchObject({ success: true });
    const free = await engine.untilState('active', ({ tradingState }) => tradingState === 'active');
    expect(free.hedgeTarget).toBeCloseTo(0.6, 4);
    expect(await engine.carryOut(CLOSE)).toMatchObject({ success: true, data: { filled_size: 6 } });
  });

  it('a short beyond spot: RESUME does not take it over, and nothing is bought back before a person says how', async () => {
    await start();
    await opened(2);
    await engine.foreignPerp(-12);
    await held('foreign_trade');
    expect(await engine.carryOut(RESUME)).toMatchObject({
      success: false,
      error: { code: 'ENGINE_REDUCING', message: expect.stringMatching(/ADOPT_POSITION.*REBALANCE/s) },
    });
    await polls(3);
    expect(await engine.perp()).toBe(-12n * SOL);
    const asked = await engine.carryOut(ADOPT);
    expect(asked).toMatchObject({ error: { code: 'CONFIRMATION_REQUIRED' } });
    expect(await engine.carryOut(REBALANCE)).toMatchObject({ success: true });
    expect(await engine.perp()).toBe(-10n * SOL);
    expect(await engine.carryOut(RESUME)).toMatchObject({ data: { cleared: ['foreign_trade'] } });
  });

  itLong('is seen by a command, before the watch comes to look', async () => {
    await start({ policy: { pollIntervalMs: 60_000, loopIntervalMs: 60_000 } });
    await opened(2);
    await engine.foreignPerp(-6);
    expect(await engine.carryOut(OPEN(1))).toMatchObject({ error: { code: 'ENGINE_REDUCING' } });
    expect(await engine.perp()).toBe(-6n * SOL);
  });

  itLong('a liquidation: halted and told as critical, until RESUME; told again when there is another', async () => {
    await start();
    await opened(5);
    const liquidate = async (sol: number) =>
      await engine.edit((state) => ({
        ...state,
        lastLiquidationMs: Date.now(),
        perp: { ...state.perp, baseAmount: BigInt(lamportsOf(sol)) as typeof state.perp.baseAmount },
      }));
    await liquidate(-3);
    const halted = await held('liquidation');
    expect(halted.tradingState).toBe('halted');
    expect((await engine.untilAlert('LIQUIDATED')).severity).toBe('critical');
    await engine.carryOut(RESUME);
    await engine.untilState('active', ({ tradingState }) => tradingState === 'active');
    // A foreign trade after it is no liquidation.
    await engine.foreignPerp(-2);
    await held('foreign_trade');
    await engine.carryOut(RESUME);
    await engine.untilState('active again', ({ tradingState }) => tradingState === 'active');
    await liquidate(-1);
    await until(
      'the second',
      async () => (await told('LIQUIDATED')).filter(({ kind }) => kind === 'alert').length === 2,
    );
  });
});

describe('a trade of the engine that fails', () => {
  itLong('waits its backoff; after three a person must look, and is told', async () => {
    // An hour of the market in a second and more: backoffs of minutes pass at once.
    await start({ policy: { marketSpeed: 3_000, loopIntervalMs: 1_000 } });
    await opened(5);
    const fails = { kind: 'fails', error: { code: 'TRANSACTION_FAILED', message: 'on purpose' } } as const;
    for (let at = 0; at < 12; at += 1) engine.faults.onSubmit(fails);
    await engine.edit((state) => ({ ...state, sol: (state.sol + 2_000_000_000n) as typeof state.sol }));
    const state = await engine.untilState('three failures', ({ holds }) =>
      holds.some((hold) => hold.code === 'backoff' && hold.clearedBy === 'person'),
    );
    expect(state).toMatchObject({ tradingState: 'reducing', cooldownUntilMs: null });
    await engine.untilAlert('AUTOMATIC_TRADES_FAILED');
    const tried = (await engine.journal.operations({ engineId: engine.engineId, limit: 50 })).items.filter(
      ({ kind }) => kind === 'rebalance',
    );
    expect(tried).toHaveLength(3);
    await polls(4);
    expect(await engine.perp()).toBe(-5n * SOL);
    expect(await engine.details()).toContain('Action needed');
  });
});

describe('the guard', () => {
  it('reduces by itself near liquidation, and holds to reductions until RESUME', async () => {
    await start();
    const commandId = randomUUID();
    feed.rate = -5e-5;
    const LONG = { ...OPEN(20), size: lamportsOf(20) };
    const asked = await engine.send(LONG, { commandId });
    const confirmationToken = asked.data.confirmation_token as string;
    expect(await engine.carryOut(LONG, { commandId, confirmationToken })).toMatchObject({ success: true });
    await engine.untilAlert('LONG_POSITION');
    feed.move(95);
    const state = await held('guarded');
    expect(state.tradingState).toBe('reducing');
    expect((await engine.untilAlert('GUARD_ACTED')).severity).toBe('critical');
    const perp = await engine.perp();
    expect(perp).toBeLessThan(20n * SOL);
    expect(perp).toBeGreaterThan(0n);
    expect(await engine.carryOut(OPEN(1))).toMatchObject({ success: false });
  });
});

describe('carry and the end of data', () => {
  itLong('tells CARRY_NEGATIVE once while shorts pay, and does not close', async () => {
    await start();
    await opened(5);
    feed.rate = -1e-4;
    await engine.untilAlert('CARRY_NEGATIVE');
    await polls(4);
    expect((await told('CARRY_NEGATIVE')).filter(({ kind }) => kind === 'alert')).toHaveLength(1);
    expect(await engine.perp()).toBe(-5n * SOL);
  });

  itLong('holds at the end of a feed, and CLOSE works under it', async () => {
    await start();
    await opened(2);
    feed.endMs = Date.now();
    await held('feed_ended');
    expect(await engine.carryOut(OPEN(1))).toMatchObject({ success: false });
    expect(await engine.carryOut(CLOSE)).toMatchObject({ success: true });
  });
});

describe('a deposit while the engine cools down', () => {
  itLong('is not corrected before the cooldown is over, unless the short is naked', async () => {
    await start({ policy: { cooldownMs: 600_000 } });
    await opened(10);
    await engine.carryOut(DEPOSIT(1));
    await engine.untilState('the cooldown', ({ cooldownUntilMs }) => cooldownUntilMs !== null);
    expect(await engine.perp()).toBe(-11n * SOL);
    await engine.carryOut(DEPOSIT(1));
    await polls(3);
    expect(await engine.perp()).toBe(-11n * SOL);
    await engine.edit((state) => ({ ...state, sol: (state.sol - 4_000_000_000n) as typeof state.sol }));
    await until('the naked short', async () => (await engine.perp()) === -8n * SOL);
  });
});
