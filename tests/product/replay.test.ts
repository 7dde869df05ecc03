/** The real product replays a market's history and pays exactly what an independent calculation finds. */

import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { itUnless } from '../../localnet/tests/support/unless.ts';
import { FUNDING_HEADER, fundingCsv, historyFile } from '../market-data/history-file.ts';
import { longOnly } from '../support/long.ts';
import { until } from '../support/product.ts';
import { ProductRun } from '../support/product-run.ts';
import { imbalances } from '../support/product-sums.ts';
import { withContext } from '../support/with-context.ts';

const HOURS = Number(process.env.DRIFTLESS_REPLAY_HOURS ?? 600);
const YEAR = '../shared/data/drift-sol-perp-funding-hourly-2025.csv';
const LEND = '../shared/data/drift-lend-rates-hourly-2025.csv';
const noYear = !existsSync(YEAR) && '../shared/data is not here';
const SIZE = 5;
const PATIENCE_MS = 300_000;

const runs: ProductRun[] = [];
const open = async (settings: NodeJS.ProcessEnv): Promise<ProductRun> => {
  const run = await ProductRun.open({ MARKET_SPEED: 'max', ...settings });
  runs.push(run);
  return run;
};
afterAll(async () => {
  for (const run of runs) await run.end();
});

/** Straight from the file, in floating point, knowing nothing of the product: what a short received after `fromMs`. */
function expectedFrom(path: string, fromMs: number): { received: number; periods: number[]; notional: number } {
  let received = 0;
  let notional = 0;
  const periods: number[] = [];
  for (const row of readFileSync(path, 'utf8').trim().split('\n').slice(2)) {
    const [ts = 0, rate = 0, , , oracle = 0] = row.split(',').map(Number);
    if (ts * 1_000 < fromMs) continue;
    received += SIZE * rate;
    notional = Math.max(notional, SIZE * oracle);
    periods.push(ts * 1_000);
  }
  return { received, periods, notional };
}

async function openAtTheStart(run: ProductRun): Promise<void> {
  const product = run.launch();
  await product.ready();
  const caller = await run.caller();
  const order = { market: 'SOL-PERP', direction: 'short', size: SIZE };
  // A real market's first hours may not pay: then the first hour that does.
  const opened = await until('an hour that passes the gate', async () => {
    const answer = await caller.end('DRIFT_OPEN_POSITION', order);
    return answer.error?.code !== 'GATE_BLOCKED' && answer;
  });
  withContext(JSON.stringify(opened), () =>
    expect(opened).toMatchObject({ success: true, data: { filled_size: SIZE } }),
  );
  caller.close();
}

const ended = (run: ProductRun) =>
  until('the data to end', async () => (await run.state().catch(() => null))?.market?.ended === true, 2 * PATIENCE_MS);

async function expectPaid(run: ProductRun, path: string): Promise<void> {
  const rows = [...(await run.list('funding'))].sort((a, b) => (a.period_ts < b.period_ts ? -1 : 1));
  const held = rows.filter(({ position }) => position !== 0);
  expect(new Set(held.map(({ position }) => position))).toEqual(new Set([-SIZE]));
  const expected = expectedFrom(path, Date.parse(held[0]?.period_ts));
  expect(held.map(({ period_ts }) => Date.parse(period_ts))).toEqual(expected.periods);
  const received = Number(held.reduce((sum, { amount_base }) => sum + BigInt(amount_base), 0n)) / 1e6;
  expect(Math.abs(received - expected.received)).toBeLessThan(expected.notional * 1e-6);
  expect(await imbalances(run)).toEqual([]);
}

longOnly(describe)('a replay', () => {
  const csv = historyFile(
    fundingCsv(
      Array.from({ length: HOURS + 1 }, (_, hour) => ({
        hour,
        rate: (0.008 + 0.003 * Math.sin(hour / 9)).toFixed(9),
        oracle: (140 + 20 * Math.sin(hour / 50)).toFixed(6),
      })),
    ),
  );
  let run: ProductRun;

  it('pays each hour once, across a SIGKILL in the middle, as an independent calculation finds', async () => {
    run = await open({ MARKET_FEED: `replay:${csv}` });
    await openAtTheStart(run);
    const { row } = (await run.state()).market;
    await until('some hours to pass', async () => (await run.state()).market.row > row + HOURS / 10);
    await run.killNode();
    await run.launch().ready();
    await ended(run);
    await expectPaid(run, csv);
    const held = (await run.list('funding')).filter(({ position }) => position !== 0);
    expect(held.length).toBeGreaterThan(HOURS / 10);
  });

  it('holds when its data has ended: nothing opens, and what stands can be closed', async () => {
    const held = await until('the hold', async () => {
      const { engine } = await run.state();
      return engine.holds.find(({ code }: { code: string }) => code === 'feed_ended');
    });
    expect(held).toMatchObject({ permits: 'reducing', cleared_by: 'itself', reason: expect.any(String) });
    const caller = await run.caller();
    const opened = await caller.end('DRIFT_OPEN_POSITION', { market: 'SOL-PERP', direction: 'short', size: 1 });
    expect(opened).toMatchObject({ success: false, error: { code: 'ENGINE_REDUCING' } });
    expect(await caller.end('DRIFT_DEPOSIT', { amount: 1 })).toMatchObject({ success: true });
    const closed = await caller.end('DRIFT_CLOSE_POSITION', { market: 'SOL-PERP' });
    expect(closed).toMatchObject({ success: true, data: { filled_size: SIZE, closed_by: 'us' } });
    expect((await run.state()).market).toMatchObject({ ended: true, row: HOURS + 1, rows: HOURS + 1 });
    expect(await imbalances(run)).toEqual([]);
  });

  it.each([
    ['a bad header', 'time,rate\n1,2\n', 'line 1'],
    ['a bad number', `${FUNDING_HEADER}\n1750000000,x,0,0,150,150,0\n`, 'line 2'],
    [
      'a time that goes backward',
      `${FUNDING_HEADER}\n1750003600,0.01,0,0,150,150,0\n1750000000,0.01,0,0,150,150,0\n`,
      'line 3',
    ],
    ['a row that is cut off', `${FUNDING_HEADER}\n1750000000,0.01\n`, 'line 2'],
  ])('does not start on %s, and names the line', async (_name, text, line) => {
    const bad = await open({ MARKET_FEED: `replay:${historyFile(text)}` });
    const product = bad.launch();
    const { code } = await product.exited;
    expect(code).toBe(1);
    expect(product.output).toContain(line);
  });

  itUnless(noYear)(
    `of Drift's 2025 pays its year`,
    async () => {
      // Interest on the spot leg would have the hedge corrected; the calculation beside it knows one size.
      const year = await open({
        MARKET_FEED: `replay:${resolve(YEAR)},${resolve(LEND)}`,
        HOLDING_HORIZON_HOURS: '87660',
        DRIFT_TOLERANCE_PCT: '100',
      });
      const startedAt = performance.now();
      await openAtTheStart(year);
      await ended(year);
      await expectPaid(year, YEAR);
      process.stdout.write(`a year replayed in ${Math.round((performance.now() - startedAt) / 1_000)} s\n`);
    },
    900_000,
  );
});
