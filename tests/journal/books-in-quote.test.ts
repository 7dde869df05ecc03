/** Migration 0011: what was recorded in USD becomes the quote asset. Cases: docs/architecture/books.md, "Rows from before". */
import { beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sql } from 'kysely';
import { EQUITY_SOURCES } from '../../src/domain/figures/equity-sources.ts';
import { SERIES_NAMES } from '../../src/domain/figures/series-names.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { up } from '../../src/journal/migrations/0011-books-in-quote.ts';
import type { EquityRecord } from '../../src/journal/records.ts';
import { addToSeries } from '../../src/journal/series.ts';
import { BooksStore } from '../../src/venues/solana-perps/books/store.ts';
import { worthOf } from '../../src/venues/solana-perps/books/value.ts';
import { onBothDatabases } from './both-databases.ts';
import { equityOf, newEngineId, T0 } from './records.ts';

const MINUTE_MS = 60_000;
const FEMTO = 1_000_000_000n;

interface Row {
  /** Null: none was written down. */
  readonly at: number | null;
  readonly figures: Partial<Record<keyof EquityRecord, number>>;
}

/** In micro-USD, `price` as the rest of the sum. */
function recorded(engineId: string, { at, figures }: Row, index: number): EquityRecord {
  const known = { equity: 0, baseline: 0, ...figures };
  const others = EQUITY_SOURCES.filter((source) => source !== 'price');
  const rest = known.equity - known.baseline - others.reduce((sum, source) => sum + (figures[source] ?? 0), 0);
  const { quotePrice: _, ...row } = equityOf({
    engineId,
    tsMs: T0 + index * MINUTE_MS,
    marketTimeMs: T0 + index * MINUTE_MS,
  });
  return {
    ...row,
    ...Object.fromEntries(Object.entries({ ...known, price: rest }).map(([name, value]) => [name, String(value)])),
    ...(at === null ? {} : { quotePrice: String(at) }),
  };
}

/** The document of version 1: 10 SOL at 150 USD, 500 of the quote asset, a short of 10 SOL with 1,510 received for it. */
const stateInUsd = (at: number, baseline: bigint, sources: Readonly<Record<string, bigint>>) => ({
  ...{ version: 1, slot: 9, wallet: { sol: '0', usdc: '0' }, other: '0', premium: '0' },
  ...{ base: tokens('10000000000'), quote: tokens('500000000'), perp: { base: '-10000000000', quote: '1510000000' } },
  ...{ prices: { base: '150000000', perp: '150000000', quote: String(at) }, baseline: baseline.toString() },
  sources: Object.fromEntries(EQUITY_SOURCES.map((source) => [source, (sources[source] ?? 0n).toString()])),
  ...{ ledger: { own: '0', foreign: '0', liquidated: '0', unexplained: 0 }, lastLiquidationMs: null },
  ...{ since: { liquidated: false, unclear: [] }, orders: [], unclaimed: [], periods: [], paidPeriods: [] },
});
const tokens = (amount: string) => ({
  ...{ tokens: amount, moved: '0', turnover: '0', moves: 0, depositIndex: '10000000000', borrowIndex: '10000000000' },
});

await onBothDatabases((open) => {
  let journal: Journal;
  beforeAll(async () => {
    journal = await open();
  });

  const record = async (engineId: string, rows: readonly Row[]): Promise<void> => {
    for (const [index, row] of rows.entries()) await journal.recordEquity(recorded(engineId, row, index));
  };
  const keepBooks = async (engineId: string, state: object): Promise<void> => {
    await sql`INSERT INTO drift_books VALUES (${engineId}, ${JSON.stringify(state)}::jsonb, 1, 0, 0)
      ON CONFLICT (engine_id) DO UPDATE SET state = excluded.state`.execute(journal.db);
  };
  const migrate = async (): Promise<void> => {
    await journal.db.transaction().execute(async (trx) => await up(trx as never));
  };
  const rowsOf = async (engineId: string) => (await journal.equity({ engineId, limit: 100 })).items.toReversed();
  const forget = async (): Promise<void> => {
    await sql`TRUNCATE equity, drift_books, series`.execute(journal.db);
  };

  it('divides equity by the price beside it, and each step of a figure by the price of its row', async () => {
    await forget();
    const engineId = newEngineId();
    const first = { equity: 2_000_000_000, baseline: 2_000_000_000 };
    await record(engineId, [
      { at: null, figures: first },
      { at: 800_000, figures: { ...first, gas: -4_000, funding: 70_000, interest: 8_000 } },
      { at: 500_000, figures: { ...first, equity: 1_000_000_000, gas: -5_000, funding: 90_000, interest: 8_000 } },
    ]);
    await keepBooks(
      engineId,
      stateInUsd(500_000, 2_000_000_000n * FEMTO, { gas: -5_000n * FEMTO, funding: 90_000n * FEMTO }),
    );
    const newEquity = SERIES_NAMES.map((name) => (name === 'equity' ? 2_000 : name === 'equity_gas' ? -0.004 : null));
    await journal.db.transaction().execute(async (trx) => {
      await addToSeries(trx, engineId, { tsMs: T0 + MINUTE_MS + 5_000, values: newEquity });
    });
    await migrate();
    const rows = await rowsOf(engineId);
    expect(
      rows.map(({ equity, baseline, gas, funding, interest, quotePrice }) => [
        ...[equity, baseline, gas, funding, interest, quotePrice],
      ]),
    ).toEqual([
      ['2500000000', '2500000000', '0', '0', '0', undefined],
      ['2500000000', '2500000000', '-5000', '70000', '10000', '800000'],
      ['2000000000', '2500000000', '-7000', '90000', '10000', '500000'],
    ]);
    expect(rows.map(({ price }) => Number(price))).toEqual([0, -75_000, -500_093_000]);
    const { series } = await journal.series({ engineId, names: ['equity', 'equity_gas', 'price'], points: 9 });
    expect(series).toEqual({
      equity: [[T0 + MINUTE_MS + 5_000, 2_500, 2_500, 2_500]],
      equity_gas: [[T0 + MINUTE_MS + 5_000, -0.005, -0.005, -0.005]],
      price: [],
    });
  });

  it('leaves paper alone, whose quote asset is a dollar', async () => {
    await forget();
    const engineId = newEngineId();
    await record(engineId, [
      { at: null, figures: { equity: 7, gas: -3 } },
      { at: 1_000_000, figures: { equity: 9, gas: -4, interest: 1 } },
    ]);
    const before = await rowsOf(engineId);
    await migrate();
    expect(await rowsOf(engineId)).toEqual(before);
  });

  it('keeps every sum and every receipt, and the books go on where the rows end, whatever was recorded', async () => {
    const figure = fc.integer({ min: -1_000_000_000, max: 1_000_000_000 });
    const AT = fc.integer({ min: 900_000, max: 1_100_000 });
    const ROW = fc.record({
      at: fc.option(AT),
      figures: fc.record(
        Object.fromEntries(
          ['equity', ...EQUITY_SOURCES.filter((name) => name !== 'price')].map((name) => [name, figure]),
        ),
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(ROW, { minLength: 1, maxLength: 6 }), AT, figure, async (rows, at, baseline) => {
        await forget();
        const engineId = newEngineId();
        const [newest] = rows.slice(-1);
        await record(
          engineId,
          rows.map((row) => ({ ...row, figures: { ...row.figures, baseline } })),
        );
        const before = await rowsOf(engineId);
        // The state knows a little more than the row, which is rounded.
        const sources = Object.fromEntries(
          EQUITY_SOURCES.map((name) => [
            name,
            BigInt((newest?.figures as Record<string, number> | undefined)?.[name] ?? 0) * FEMTO + 17n,
          ]),
        );
        await keepBooks(engineId, stateInUsd(at, BigInt(baseline) * FEMTO, sources));
        await migrate();
        const after = await rowsOf(engineId);
        for (const [index, row] of after.entries()) {
          const sum = EQUITY_SOURCES.reduce((total, name) => total + BigInt(row[name]), BigInt(row.baseline));
          expect(sum).toBe(BigInt(row.equity));
          for (const name of ['basis', 'slippage', 'funding', 'fees', 'quotePrice'] as const) {
            expect(row[name]).toBe(before[index]?.[name]);
          }
          const rowAt = rows.slice(index).find((each) => each.at !== null)?.at ?? at;
          expect(Math.abs(Number(row.equity) - (Number(before[index]?.equity) * 1e6) / rowAt)).toBeLessThanOrEqual(
            0.51,
          );
          expect(row.baseline).toBe(after[0]?.baseline);
        }
        const state = (await new BooksStore(journal.db, engineId).load())?.state;
        if (state === undefined) throw new Error('the books are gone');
        const explained = EQUITY_SOURCES.reduce((sum, name) => sum + state.sources[name], state.baseline);
        expect(explained).toBe(worthOf(state));
        const last = after.at(-1);
        for (const name of EQUITY_SOURCES) {
          if (name === 'price') continue;
          const further = state.sources[name] - BigInt(last?.[name] ?? 0) * FEMTO;
          expect(further >= 14n && further <= 20n).toBe(true);
        }
      }),
      { numRuns: 10 },
    );
  });
});
