import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Journal } from '../../../src/journal/journal.ts';
import { openJournal } from '../../../src/journal/open-journal.ts';
import type { MarketFeed } from '../../../src/market-data/feed.ts';
import { openFeed } from '../../../src/market-data/open-feed.ts';
import {
  FIRST_TS,
  fundingCsv,
  type HourRow,
  historyFile,
  hourly,
  LEND_HEADER,
} from '../../market-data/history-file.ts';
import { runs } from '../../support/long.ts';
import { type Bench, land, memoryJournal, openBench, order, SOL, settle, TestClock, USD, withdraw } from './support.ts';

const HOUR = 3_600_000;
const FIRST_MS = FIRST_TS * 1000;

let journal: Journal;
beforeAll(async () => {
  journal = await memoryJournal();
});
afterAll(() => journal.close());

const replay = (rows: readonly HourRow[], lend?: string) =>
  openFeed(
    `replay:${historyFile(fundingCsv(rows))}${lend === undefined ? '' : `,${historyFile(`${LEND_HEADER}\n${lend}`, 'lend.csv')}`}`,
  );
const paymentsOf = async ({ journal: from, engineId }: Bench) =>
  [...(await from.funding({ engineId, limit: 1_000 })).items].reverse();
const hoursOf = async (bench: Bench) => ((await bench.venue.read('confirmed')).marketTimeMs - FIRST_MS) / HOUR;

describe('a file that changes under an account that has lived through it', () => {
  const rates = ['0.001', '0.015', '-0.020', '0.003', '0.004'];
  const lend = (apr: string) => `${FIRST_TS},${apr},2,3,4\n${FIRST_TS + 3_600},1,2,3,4`;

  async function livedThrough(feed: MarketFeed): Promise<(other: MarketFeed) => Promise<unknown>> {
    const bench = await openBench(journal, { feed });
    await land(bench.venue, order('sell', 2n * SOL));
    bench.clock.pass(HOUR * 2.5);
    await bench.venue.read('confirmed');
    const { engineId, clock } = bench;
    return async (other) => await openBench(journal, { feed: other, engineId, clock });
  }
  const CHANGED = { code: 'MARKET_DATA_CHANGED', message: expect.stringMatching(/until|up to|cover.*reset-paper/s) };

  it('is the same market when rows are added at its end, or the future is another one', async () => {
    const again = await livedThrough(replay(hourly(rates)));
    await again(replay(hourly([...rates, '0.005'])));
    await again(replay(hourly([...rates.slice(0, 4), '0.9'])));
  });

  it('is refused, with the time and the remedy, when the past is another one or is missing', async () => {
    const again = await livedThrough(replay(hourly(rates)));
    const [first = {} as HourRow, ...others] = hourly(rates);
    await expect(again(replay([{ ...first, oracle: '95000' }, ...others]))).rejects.toMatchObject(CHANGED);
    await expect(again(replay([{ ...first, rate: '0.002' }, ...others]))).rejects.toMatchObject(CHANGED);
    await expect(again(replay([first, ...others.slice(1)]))).rejects.toMatchObject(CHANGED);
    await expect(again(replay(hourly(rates).slice(0, 2)))).rejects.toMatchObject(CHANGED);
    await expect(again(replay(hourly(rates).slice(3)))).rejects.toMatchObject(CHANGED);
  });

  it('is refused when the lending rates of the past are others', async () => {
    const again = await livedThrough(replay(hourly(rates), lend('1')));
    await again(replay(hourly(rates), lend('1')));
    await expect(again(replay(hourly(rates), lend('9')))).rejects.toMatchObject(CHANGED);
  });
});

describe('funding', () => {
  const rates = ['0.001', '0.015', '-0.020', '0.000000001'];

  it('is paid to the short when positive, by the short when negative, on the position held at each period end', async () => {
    const bench = await openBench(journal, { feed: replay(hourly(rates)) });
    await land(bench.venue, order('sell', 10n * SOL));
    bench.clock.pass(HOUR * 1.5);
    await bench.venue.read('confirmed');
    await land(bench.venue, order('sell', 2n * SOL));
    bench.clock.pass(HOUR * 2);
    const snapshot = await bench.venue.read('confirmed');
    const payments = await paymentsOf(bench);
    expect(payments.map(({ periodTsMs, position, amount }) => [periodTsMs - FIRST_MS, position, amount])).toEqual([
      [HOUR, (-10n * SOL).toString(), '150000'],
      [2 * HOUR, (-12n * SOL).toString(), '-240000'],
      [3 * HOUR, (-12n * SOL).toString(), '0'],
    ]);
    expect(snapshot.sources?.funding).toBe(-90_000n * 1_000_000_000n);
    expect(snapshot.feed).toMatchObject({ ended: true, row: 4, rows: 4 });
  });

  it('is paid by the long when positive', async () => {
    const bench = await openBench(journal, { feed: replay(hourly(rates)) });
    await land(bench.venue, order('buy', SOL));
    bench.clock.pass(HOUR);
    await bench.venue.read('confirmed');
    expect(await paymentsOf(bench)).toMatchObject([{ amount: '-15000', rate: '100000' }]);
  });

  it('carries what is below a micro-USD to the next period, and drops nothing', async () => {
    const bench = await openBench(journal, { feed: replay(hourly(Array.from({ length: 1001 }, () => '0.000000001'))) });
    await land(bench.venue, order('sell', SOL));
    bench.clock.pass(999 * HOUR);
    await bench.venue.read('confirmed');
    const paid = async () => (await bench.venue.read('confirmed')).sources?.funding;
    // A thousandth of a micro-USD each hour.
    expect(await paid()).toBe(0n);
    bench.clock.pass(HOUR);
    expect(await paid()).toBe(1_000_000_000n);
  });

  it('Feature: delta-neutral-live-mode, Property 3: each period moves the PnL by -position x oracle x rate, once, however often, late or in parallel one looks', async () => {
    const rate = fc.integer({ min: -50_000_000, max: 50_000_000 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(rate, { minLength: 3, maxLength: 8 }),
        fc.integer({ min: -12_000, max: 12_000 }).filter((steps) => Math.abs(steps) >= 5),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 3 * HOUR }), fc.integer({ min: 1, max: 4 })), {
          minLength: 1,
          maxLength: 5,
        }),
        async (nanoRates, steps, looks) => {
          const feed = replay(
            hourly(nanoRates.map((nano) => `${nano < 0 ? '-' : ''}0.${Math.abs(nano).toString().padStart(9, '0')}`)),
          );
          const bench = await openBench(journal, { feed });
          const size = BigInt(steps) * 1_000_000n;
          await land(bench.venue, order(size < 0n ? 'sell' : 'buy', size < 0n ? -size : size));
          const before = (await bench.venue.read('confirmed')).account?.perps[0]?.quoteAmount ?? 0n;
          for (const [pause, parallel] of looks) {
            bench.clock.pass(pause);
            await Promise.all(Array.from({ length: parallel }, () => bench.venue.read('confirmed')));
          }
          const { account, marketTimeMs } = await bench.venue.read('confirmed');
          const due = nanoRates.filter((_, hour) => hour > 0 && FIRST_MS + hour * HOUR <= marketTimeMs);
          const exact = due.reduce((sum, nano) => sum - BigInt(nano) * size, 0n);
          const received = (account?.perps[0]?.quoteAmount ?? 0n) - before;
          expect(received * 1_000_000_000_000n <= exact).toBe(true);
          expect(exact - received * 1_000_000_000_000n < 1_000_000_000_000n).toBe(true);
          const payments = await paymentsOf(bench);
          expect(payments).toHaveLength(due.length);
          expect(payments.reduce((sum, { amount }) => sum + BigInt(amount), 0n)).toBe(received);
        },
      ),
      { numRuns: runs(100) },
    );
  });

  it('settles nothing in a gap, says so once, and goes on after it', async () => {
    const rows = [0, 1, 5, 6].map((hour) => ({ hour, rate: '0.010', oracle: '150' }));
    const bench = await openBench(journal, { feed: replay(rows) });
    await land(bench.venue, order('sell', 10n * SOL));
    bench.clock.pass(4 * HOUR);
    const inGap = await bench.venue.read('confirmed');
    expect(inGap.feed.warnings).toEqual([expect.stringMatching(/line 4: 3 periods are missing/)]);
    expect(inGap.markets.perps[0]?.oracle).toMatchObject({ valid: false });
    expect(inGap.markets.perps[0]?.oracle.invalidReason).toMatch(/gap/);
    expect(await bench.venue.simulate(order('sell', SOL))).toMatchObject({ ok: false });
    expect(await bench.venue.simulate(order('buy', SOL, { reduceOnly: true }))).toMatchObject({ ok: true });
    bench.clock.pass(4 * HOUR);
    await bench.venue.read('confirmed');
    expect((await paymentsOf(bench)).map(({ periodTsMs }) => (periodTsMs - FIRST_MS) / HOUR)).toEqual([1, 5, 6]);
    const { items } = await journal.alerts({ engineId: bench.engineId, limit: 10 });
    expect(items).toMatchObject([{ code: 'FUNDING_GAP', severity: 'warning' }]);
  });

  it('is foretold from what is known, and from nothing later', async () => {
    const bench = await openBench(journal, { feed: replay(hourly(['0.0015', '0.0030', '9.0'])) });
    bench.clock.pass(1.5 * HOUR);
    await land(bench.venue, order('sell', SOL));
    expect(await bench.venue.read('confirmed')).toMatchObject({
      funding: {
        lastRate: 20_000n,
        trailingMeanRate: 15_000n,
        knownHours: 2,
        lastPeriodTsMs: FIRST_MS + HOUR,
        nextPeriodTsMs: FIRST_MS + 2 * HOUR,
        recentRates: [{ rate: 10_000n }, { rate: 20_000n }],
      },
      accruedFunding: 1_500n,
    });
  });
});

describe('interest', () => {
  const year = 8_766 * HOUR;
  const lend = `${FIRST_TS},4.0000,9.0000,8.0000,10.0000`;

  it('accrues on both deposits at the rate in force, and is booked as interest', async () => {
    const feed = replay(hourly(Array.from({ length: 11 }, () => '0')), lend);
    const bench = await openBench(journal, { feed });
    bench.clock.pass(10 * HOUR);
    const { account, sources } = await bench.venue.read('confirmed');
    const sol = (account?.spot[1]?.scaledBalance ?? 0n) - 10n * SOL;
    const usdc = (account?.spot[0]?.scaledBalance ?? 0n) / 1_000n - 500n * USD;
    // Compounded hourly, hence a trifle above the simple rate.
    expect(Number(sol) / ((1e10 * 0.04 * 10 * HOUR) / year)).toBeCloseTo(1, 4);
    expect(Number(usdc) / ((5e8 * 0.08 * 10 * HOUR) / year)).toBeCloseTo(1, 4);
    expect(sources?.interest).toBe(sol * 150n * USD + usdc * 1_000_000_000n);
    expect(sources?.unexplained).toBe(0n);
  });

  it('is paid on a borrow', async () => {
    const feed = replay(hourly(Array.from({ length: 2001 }, () => '0')), lend);
    const bench = await openBench(journal, { feed });
    await land(bench.venue, withdraw(500n * USD, 'USDC'));
    await land(bench.venue, order('sell', 5n * SOL));
    await land(bench.venue, order('buy', 5n * SOL));
    await land(bench.venue, settle);
    const debt = async () => (await bench.venue.read('confirmed')).account?.spot[0]?.scaledBalance ?? 0n;
    const before = await debt();
    bench.clock.pass(2000 * HOUR);
    expect(Number(await debt()) / Number(before)).toBeCloseTo(1 + (0.1 * 2000 * HOUR) / year, 3);
  });

  it('does not depend on how often one looks', async () => {
    const feed = replay(hourly(Array.from({ length: 31 }, () => '0')), lend);
    const one = await openBench(journal, { feed });
    const other = await openBench(journal, { feed });
    one.clock.pass(30 * HOUR);
    for (let look = 0; look < 90; look += 1) {
      other.clock.pass(HOUR / 3);
      await other.venue.read('confirmed');
    }
    expect((await other.venue.read('confirmed')).account).toEqual((await one.venue.read('confirmed')).account);
  });
});

describe('liquidation', () => {
  const crash = (prices: readonly number[]) =>
    replay(prices.map((oracle, hour) => ({ hour, rate: '0', oracle: oracle.toString() })));

  it('closes a naked short at maintenance, at the oracle plus the fee, booked as external', async () => {
    const defaults = { sol: 0n, usdc: 500n * USD, walletSol: SOL } as never;
    const bench = await openBench(journal, { defaults, feed: crash([100, 100, 104, 110, 120]) });
    await land(bench.venue, order('sell', 40n * SOL));
    bench.clock.pass(2 * HOUR);
    expect((await bench.venue.read('confirmed')).lastLiquidationMs).toBeNull();
    bench.clock.pass(HOUR);
    const { account, sources, lastLiquidationMs } = await bench.venue.read('confirmed');
    expect(lastLiquidationMs).toBe(FIRST_MS + 3 * HOUR);
    expect(account?.perps[0]?.baseAmount).toBe(0n);
    expect(sources?.external).toBe(-44_000_000n * 1_000_000_000n);
    expect(sources?.unexplained).toBe(0n);
    expect((await journal.trades({ engineId: bench.engineId, limit: 1 })).items).toMatchObject([
      { operationId: null, side: 'buy', size: (40n * SOL).toString(), price: '111100000', fee: '0' },
    ]);
  });

  it('happens on the way, in its order, when nobody looked for hours', async () => {
    const defaults = { sol: 0n, usdc: 500n * USD, walletSol: SOL } as never;
    const bench = await openBench(journal, { defaults, feed: crash([100, 100, 110, 100, 100, 100]) });
    await land(bench.venue, order('sell', 40n * SOL));
    bench.clock.pass(5 * HOUR);
    const { account, lastLiquidationMs } = await bench.venue.read('confirmed');
    expect(lastLiquidationMs).toBe(FIRST_MS + 2 * HOUR);
    expect(account?.perps[0]?.baseAmount ?? 0n).toBe(0n);
    const payments = await paymentsOf(bench);
    expect(payments.map(({ position }) => position)).toEqual([
      (-40n * SOL).toString(),
      (-40n * SOL).toString(),
      '0',
      '0',
      '0',
    ]);
  });

  it('spares a short that is hedged with deposited SOL, whatever the price does', async () => {
    const bench = await openBench(journal, { feed: crash([100, 200, 400, 50, 30, 100]) });
    await land(bench.venue, order('sell', 10n * SOL));
    bench.clock.pass(5 * HOUR);
    const { account, lastLiquidationMs } = await bench.venue.read('confirmed');
    expect(lastLiquidationMs).toBeNull();
    expect(account?.perps[0]?.baseAmount).toBe(-10n * SOL);
  });

  it('sells SOL for a debt that is left, and names an account that owes more than it has', async () => {
    const defaults = { sol: 10n * SOL, usdc: 0n, walletSol: SOL } as never;
    const bench = await openBench(journal, { defaults, feed: crash([100, 100, 70, 40, 40]) });
    await land(bench.venue, order('buy', 40n * SOL));
    bench.clock.pass(4 * HOUR);
    const { account, sources, equity } = await bench.venue.read('confirmed');
    expect(account?.status).toBe('bankrupt');
    expect(account?.spot[1]?.scaledBalance).toBe(0n);
    expect(account?.spot[0]?.kind).toBe('borrow');
    expect(sources?.unexplained).toBe(0n);
    expect(equity).not.toBeNull();
    expect(await bench.venue.simulate(order('buy', SOL))).toMatchObject({ error: { code: 'ACCOUNT_BANKRUPT' } });
  });
});

describe('market time', () => {
  const day = hourly(Array.from({ length: 25 }, (_, hour) => `0.00${hour + 10}`));

  it('begins at the account’s first start and follows the clock at speed 1', async () => {
    const bench = await openBench(journal, { feed: replay(day) });
    expect(await hoursOf(bench)).toBe(0);
    bench.clock.pass(HOUR * 1.25);
    expect(await hoursOf(bench)).toBe(1.25);
    expect(await bench.venue.advance()).toEqual({ moved: true, more: false });
    bench.clock.pass(-HOUR);
    expect(await hoursOf(bench)).toBeGreaterThanOrEqual(1);
    bench.clock.pass(100 * HOUR);
    expect(await hoursOf(bench)).toBe(24);
  });

  it('in lockstep moves by the watch alone, one period at a time, and not before its time', async () => {
    const bench = await openBench(journal, { feed: replay(day), speed: 60 });
    bench.clock.pass(150_000);
    expect(await hoursOf(bench)).toBe(0);
    expect(await bench.venue.advance()).toEqual({ moved: true, more: true });
    expect(await hoursOf(bench)).toBe(1);
    expect(await bench.venue.advance()).toEqual({ moved: true, more: false });
    expect(await hoursOf(bench)).toBe(2);
    expect(await bench.venue.advance()).toEqual({ moved: true, more: false });
    expect(await hoursOf(bench)).toBe(2.5);
    expect(await bench.venue.advance()).toEqual({ moved: false, more: false });
  });

  it('at max gives the next row for the asking, until there is none', async () => {
    const bench = await openBench(journal, { feed: replay(day), speed: 'max' });
    for (let hour = 1; hour <= 24; hour += 1) {
      expect(await bench.venue.advance()).toEqual({ moved: true, more: hour < 24 });
      expect(await hoursOf(bench)).toBe(hour);
    }
    expect(await bench.venue.advance()).toEqual({ moved: false, more: false });
    expect((await bench.venue.read('confirmed')).feed).toMatchObject({ ended: true, row: 25, rows: 25, speed: 'max' });
  });

  it('waits in lockstep while an operation of this engine runs, and for no other', async () => {
    const bench = await openBench(journal, { feed: replay(day), speed: 'max' });
    const open = (operationId: string, engineId: string) =>
      journal.openOperation({
        operationId,
        engineId,
        commandId: null,
        kind: 'open',
        status: 'running',
        createdAtMs: 1,
        intent: {},
      });
    await open('another', 'engine:paper:other:0');
    expect(await bench.venue.advance()).toMatchObject({ moved: true });
    await open(`mine-${bench.engineId}`, bench.engineId);
    expect(await bench.venue.advance()).toEqual({ moved: false, more: false });
    await land(bench.venue, order('sell', SOL));
    expect(await hoursOf(bench)).toBe(1);
    await journal.updateOperation(`mine-${bench.engineId}`, { status: 'confirmed' });
    expect(await bench.venue.advance()).toMatchObject({ moved: true });
    expect(await hoursOf(bench)).toBe(2);
  });

  it('goes on where it stood when the speed is changed', async () => {
    const { engineId, clock, feed, venue } = await openBench(journal, { feed: replay(day) });
    clock.pass(2.5 * HOUR);
    await venue.close();
    const fast = await openBench(journal, { engineId, clock, feed, speed: 3600 });
    expect(await hoursOf(fast)).toBe(2.5);
    clock.pass(1_000);
    while ((await fast.venue.advance()).more);
    expect(await hoursOf(fast)).toBe(3);
    await fast.venue.advance();
    expect(await hoursOf(fast)).toBe(3.5);
  });

  it('runs on while the process is down, and pays what was missed in order, once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'driftless-paper-'));
    const clock = new TestClock();
    const feed = replay(day);
    const engineId = 'engine:paper:restarted:0';
    const openFolder = async () => {
      const store = await openJournal({ databaseUrl: null, dataDir: join(folder, 'journal') });
      return openBench(store, { engineId, clock, feed });
    };
    try {
      const first = await openFolder();
      await land(first.venue, order('sell', 10n * SOL));
      clock.pass(3.2 * HOUR);
      await first.venue.read('confirmed');
      const late = await first.venue.sign(order('buy', 4n * SOL));
      first.faults.onSubmit({ kind: 'late', slots: 100 });
      await first.venue.submit(late, 0);
      await first.journal.close();

      clock.pass(6 * HOUR);
      const second = await openFolder();
      expect(await second.venue.status(late)).toMatchObject({ kind: 'landed', commitment: 'finalized', error: null });
      await second.venue.submit(late, 1);
      const snapshot = await second.venue.read('confirmed');
      expect(snapshot.account?.perps[0]?.baseAmount).toBe(-6n * SOL);
      expect((snapshot.marketTimeMs - FIRST_MS) / HOUR).toBeCloseTo(9.2, 9);
      expect(snapshot.sources?.unexplained).toBe(0n);
      await second.journal.close();

      const third = await openFolder();
      const payments = await paymentsOf(third);
      expect(
        payments.map(({ periodTsMs, position }) => [(periodTsMs - FIRST_MS) / HOUR, BigInt(position) / SOL]),
      ).toEqual([
        [1, -10n],
        [2, -10n],
        [3, -10n],
        [4, -6n],
        [5, -6n],
        [6, -6n],
        [7, -6n],
        [8, -6n],
        [9, -6n],
      ]);
      await third.journal.close();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
