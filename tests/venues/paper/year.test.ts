import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { itUnless } from '../../../localnet/tests/support/unless.ts';
import { openJournal } from '../../../src/journal/open-journal.ts';
import { openFeed } from '../../../src/market-data/open-feed.ts';
import { fundingCsv, historyFile } from '../../market-data/history-file.ts';
import { LONG } from '../../support/long.ts';
import { land, openBench, order, SOL } from './support.ts';

jest.setTimeout(600_000);

const FUNDING_2025 = '../shared/data/drift-sol-perp-funding-hourly-2025.csv';
const LEND_2025 = '../shared/data/drift-lend-rates-hourly-2025.csv';
const shared = existsSync(FUNDING_2025) && existsSync(LEND_2025);
const SIZE = 10n * SOL;

/** Straight from the file, in floating point, knowing nothing of the product: what a short of 10 SOL receives. */
function expectedFrom(path: string): { readonly received: number; readonly notional: number } {
  const rows = readFileSync(path, 'utf8').trim().split('\n').slice(1);
  let received = 0;
  let notional = 0;
  for (const row of rows.slice(1)) {
    const [, rate, , , oracle] = row.split(',').map(Number);
    received += 10 * (rate ?? 0);
    notional = Math.max(notional, 10 * (oracle ?? 0));
  }
  return { received, notional };
}

/** Walks a feed to its end as the watch does, on a journal folder that is closed and opened again in the middle. */
async function replayed(feedId: string) {
  const folder = mkdtempSync(join(tmpdir(), 'driftless-year-'));
  const dataDir = join(folder, 'journal');
  const feed = openFeed(feedId);
  const rows = feed.progress(0)?.rows ?? 0;
  try {
    let journal = await openJournal({ databaseUrl: null, dataDir });
    let bench = await openBench(journal, { feed, speed: 'max' });
    await land(bench.venue, order('sell', SIZE));
    const startedMs = performance.now();
    let steps = 0;
    for (let more = true; more; steps += 1) {
      more = (await bench.venue.advance()).more;
      const { sources } = await bench.venue.read('confirmed');
      expect(sources?.unexplained).toBe(0n);
      if (steps === Math.floor(rows / 2)) {
        await journal.close();
        journal = await openJournal({ databaseUrl: null, dataDir });
        bench = await openBench(journal, { ...bench, speed: 'max' });
      }
    }
    const seconds = (performance.now() - startedMs) / 1_000;
    const snapshot = await bench.venue.read('confirmed');
    const total = Number(await journal.fundingTotal(bench.engineId, 'SOL-PERP')) / 1e6;
    await journal.close();
    return { snapshot, total, steps, seconds };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const HOURS = LONG ? 720 : 200;

function expectPaid(
  { snapshot, total, steps }: Awaited<ReturnType<typeof replayed>>,
  path: string,
  rows: number,
): void {
  const { received, notional } = expectedFrom(path);
  expect(steps).toBe(rows - 1);
  expect(snapshot.feed).toMatchObject({ ended: true, row: rows, rows });
  expect(Math.abs(total - received)).toBeLessThan(notional * 1e-6);
  expect(Number(snapshot.sources?.funding) / 1e15).toBeCloseTo(total, 9);
}

describe('a history replayed to its end', () => {
  it('pays the funding that an independent calculation finds, to 1e-6 of notional, across a restart', async () => {
    const rows = Array.from({ length: HOURS + 1 }, (_, hour) => ({
      hour,
      rate: (Math.sin(hour / 9) * 0.01 + 0.0004).toFixed(9),
      oracle: (140 + 20 * Math.sin(hour / 50)).toFixed(6),
    }));
    const path = historyFile(fundingCsv(rows));
    expectPaid(await replayed(`replay:${path}`), path, HOURS + 1);
  });

  itUnless((!LONG && 'npm run test:long runs it') || (!shared && '../shared/data is not here'))(
    `and of Drift's 2025 likewise`,
    async () => {
      const result = await replayed(`replay:${FUNDING_2025},${LEND_2025}`);
      expectPaid(result, FUNDING_2025, 6288);
      expect(result.snapshot.sources?.interest).toBeGreaterThan(0n);
      process.stdout.write(`replayed ${result.steps} hours in ${result.seconds.toFixed(1)} s\n`);
    },
  );
});
