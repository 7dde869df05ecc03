/** Generated market histories, as the backtest reads them. */
import fc from 'fast-check';
import { type BacktestMarket, marketBetween } from '../../src/backtest/market.ts';
import type { HistoryTable } from '../../src/market-data/history-table.ts';

export const HOUR_MS = 3_600_000;
export const FIRST_MS = Date.UTC(2025, 0, 31, 20);

export interface MadeRow {
  /** Hours after the first row. */
  readonly hour: number;
  /** 1e-9 USD per SOL. */
  readonly rate: number;
  /** 1e-6 USD. */
  readonly oracle: number;
  readonly mark: number;
}

export interface MadeLend {
  readonly offsetMs: number;
  /** Yearly, 1e-6. */
  readonly rates: readonly [number, number, number, number];
}

function tableOf<Column extends string>(
  times: readonly number[],
  columns: Readonly<Record<Column, readonly number[]>>,
): HistoryTable<Column> {
  const values = Object.fromEntries(
    Object.entries<readonly number[]>(columns).map(([name, column]) => [name, Float64Array.from(column)]),
  ) as Record<Column, Float64Array>;
  return {
    rows: times.length,
    tsMs: Float64Array.from(times),
    line: Float64Array.from(times, (_, index) => index + 2),
    values,
  };
}

export function madeMarket(rows: readonly MadeRow[], lend: readonly MadeLend[] = []): BacktestMarket {
  const market = marketBetween(
    {
      name: 'made',
      file: 'made.csv',
      funding: tableOf(
        rows.map(({ hour }) => FIRST_MS + hour * HOUR_MS),
        {
          fundingRate: rows.map(({ rate }) => rate),
          oraclePriceTwap: rows.map(({ oracle }) => oracle),
          markPriceTwap: rows.map(({ mark }) => mark),
        },
      ),
      lend:
        lend.length === 0
          ? null
          : tableOf(
              lend.map(({ offsetMs }) => FIRST_MS + offsetMs),
              {
                solLendAprPct: lend.map(({ rates }) => rates[0]),
                solBorrowAprPct: lend.map(({ rates }) => rates[1]),
                usdcLendAprPct: lend.map(({ rates }) => rates[2]),
                usdcBorrowAprPct: lend.map(({ rates }) => rates[3]),
              },
            ),
      periodMs: HOUR_MS,
      notes: [],
    },
    null,
    null,
  );
  if (market === null) throw new RangeError('a market without rows');
  return market;
}

/** Prices that walk, rates that keep their sign for a while, and gaps if `gaps`. */
export const madeRows = (count: number, { gaps = false, calm = true } = {}): fc.Arbitrary<readonly MadeRow[]> =>
  fc
    .array(
      fc.record({
        move: fc.integer({ min: calm ? -8 : -60, max: calm ? 8 : 60 }),
        shock: fc.integer({ min: -40, max: 40 }),
        premium: fc.integer({ min: -6, max: 6 }),
        hours: gaps ? fc.constantFrom(1, 1, 1, 1, 1, 2, 5) : fc.constant(1),
      }),
      { minLength: count, maxLength: count },
    )
    .map((steps) => {
      let hour = 0;
      let oracle = 150_000_000;
      let level = 0;
      return steps.map(({ move, shock, premium, hours }, index) => {
        hour += index === 0 ? 0 : hours;
        oracle = Math.max(5_000_000, Math.round(oracle * (1 + move / 1_000)));
        level = 0.97 * level + shock;
        const rate = Math.round((oracle * level) / 400);
        return { hour, rate, oracle, mark: Math.round(oracle * (1 + premium / 10_000)) };
      });
    });

export const madeLend = (hours: number): fc.Arbitrary<readonly MadeLend[]> =>
  fc
    .array(
      fc.record({
        afterMs: fc.integer({ min: 1, max: 3 * HOUR_MS }),
        apr: fc.integer({ min: 0, max: 90_000 }),
      }),
      { minLength: 1, maxLength: hours },
    )
    .map((steps) => {
      let offsetMs = -2 * HOUR_MS;
      return steps.map(({ afterMs, apr }) => {
        offsetMs += afterMs;
        return { offsetMs, rates: [apr, apr + 50_000, Math.round(apr / 2), apr + 30_000] as const };
      });
    });
