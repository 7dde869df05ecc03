/** `replay:<funding.csv>[,<lend.csv>]`: a market's own history, told at market time and never ahead of it. */
import type { Price } from '../domain/money/units.ts';
import { ValidationError } from '../lib/errors.ts';
import { type ColumnSpec, type HistoryRow, indexAt, readHistory } from './csv.ts';
import type { FundingPeriod, LendRates, MarketFeed, Quote } from './feed.ts';

const FUNDING_COLUMNS = [
  // USD per SOL for the period that ends at ts, positive when longs pay.
  { name: 'fundingRate', scale: 9, positive: false },
  { name: 'oraclePriceTwap', scale: 6, positive: true },
  { name: 'markPriceTwap', scale: 6, positive: true },
] as const satisfies readonly ColumnSpec<string>[];

// Per cent a year; 4 more places make a fraction at 1e6.
const LEND_COLUMNS = [
  { name: 'solLendAprPct', scale: 4, positive: false },
  { name: 'solBorrowAprPct', scale: 4, positive: false },
  { name: 'usdcLendAprPct', scale: 4, positive: false },
  { name: 'usdcBorrowAprPct', scale: 4, positive: false },
] as const satisfies readonly ColumnSpec<string>[];

type FundingRow = HistoryRow<(typeof FUNDING_COLUMNS)[number]['name']>;
type LendRow = HistoryRow<(typeof LEND_COLUMNS)[number]['name']>;

/** Rows of a real market are seconds off the hour; half a period late means that one is missing. */
const isGap = (spacingMs: number, periodMs: number): boolean => spacingMs * 2 > periodMs * 3;

/** So many rows in a row at one other distance are no gaps: each rate there is of another period than ours. */
const OTHER_PERIOD_ROWS = 3;
/** Rows of one period are at most this much further apart than others. */
const SAME_SPACING = 1.05;

const isPeriod = (spacingMs: number, periodMs: number): boolean =>
  spacingMs * 2 > periodMs && !isGap(spacingMs, periodMs);

/**
 * A rate is of the period that ends at its row. Rows 8 h apart, taken for hourly ones, would pay each rate eight times.
 * @throws ValidationError MARKET_DATA_INVALID, naming file, line and remedy
 */
function refuseOtherPeriod(file: string, rows: readonly FundingRow[], periodMs: number): void {
  let run = 0;
  let runMs = 0;
  for (const [index, row] of rows.entries()) {
    const before = rows[index - 1];
    if (before === undefined) continue;
    const spacingMs = row.tsMs - before.tsMs;
    const same = run > 0 && Math.max(spacingMs, runMs) <= Math.min(spacingMs, runMs) * SAME_SPACING;
    run = isPeriod(spacingMs, periodMs) ? 0 : same ? run + 1 : 1;
    runMs = spacingMs;
    if (run === OTHER_PERIOD_ROWS || (run === rows.length - 1 && run > 1)) {
      throw otherPeriod(file, rows[index - run] as FundingRow, row, spacingMs, periodMs);
    }
  }
}

function otherPeriod(file: string, from: FundingRow, to: FundingRow, spacingMs: number, periodMs: number) {
  const [rowSeconds, ourSeconds] = [spacingMs / 1_000, periodMs / 1_000];
  return new ValidationError(
    'MARKET_DATA_INVALID',
    `${file}, lines ${from.line} to ${to.line}: the rows are ${rowSeconds} s apart, and FUNDING_PERIOD_SECONDS is ${ourSeconds}. ` +
      `If each rate is of ${rowSeconds} s, set FUNDING_PERIOD_SECONDS=${rowSeconds}. One file holds rates of one period.`,
    { file, line: from.line, field: 'ts', got: `${rowSeconds} s`, expected: `${ourSeconds} s` },
  );
}

export interface ReplayOptions {
  readonly id: string;
  readonly fundingPath: string;
  readonly lendPath: string | null;
  readonly periodMs: number;
}

/** @throws ValidationError MARKET_DATA_INVALID, naming file and line */
export function openReplay({ id, fundingPath, lendPath, periodMs }: ReplayOptions): MarketFeed {
  const rows: readonly FundingRow[] = readHistory(fundingPath, FUNDING_COLUMNS);
  const lend: readonly LendRow[] = lendPath === null ? [] : readHistory(lendPath, LEND_COLUMNS);
  refuseOtherPeriod(fundingPath, rows, periodMs);
  const firstMs = (rows[0] as FundingRow).tsMs;
  const endMs = (rows.at(-1) as FundingRow).tsMs;

  const settled = (row: FundingRow): FundingPeriod => ({
    tsMs: row.tsMs,
    rate: row.values.fundingRate,
    oracleTwap: row.values.oraclePriceTwap as Price,
    warning: null,
  });

  return {
    id,
    synthetic: false,
    endMs,
    startMs: () => firstMs,
    quoteAt(tsMs) {
      const row = rows[indexAt(rows, tsMs)];
      if (row === undefined || tsMs > endMs) return null;
      return quoteOf(row, tsMs, !isGap(tsMs - row.tsMs, periodMs));
    },
    ratesAt(tsMs) {
      const row = lend[indexAt(lend, tsMs)];
      return row === undefined ? null : ratesOf(row);
    },
    nextRatesChange: (tsMs) => lend[indexAt(lend, tsMs) + 1]?.tsMs ?? null,
    nextPeriod(tsMs) {
      const at = indexAt(rows, tsMs);
      const next = rows[at + 1];
      if (next === undefined) return null;
      const before = rows[at];
      return (before && missingPeriod(before, next, tsMs, periodMs, fundingPath)) ?? settled(next);
    },
    recentPeriods(tsMs, count) {
      const end = indexAt(rows, tsMs) + 1;
      return rows.slice(Math.max(0, end - count), end).map(settled);
    },
    progress: (tsMs) => ({ row: indexAt(rows, tsMs) + 1, rows: rows.length }),
  };
}

const quoteOf = (row: FundingRow, tsMs: number, valid: boolean): Quote => ({
  tsMs,
  oracle: row.values.oraclePriceTwap as Price,
  oracleTwap: row.values.oraclePriceTwap as Price,
  mark: row.values.markPriceTwap as Price,
  valid,
});

const ratesOf = (row: LendRow): LendRates => ({
  solDeposit: row.values.solLendAprPct,
  solBorrow: row.values.solBorrowAprPct,
  usdcDeposit: row.values.usdcLendAprPct,
  usdcBorrow: row.values.usdcBorrowAprPct,
});

/** The first missing period after `tsMs` between two rows, one period apart each; null when none is left or missing. */
function missingPeriod(
  before: FundingRow,
  next: FundingRow,
  tsMs: number,
  periodMs: number,
  file: string,
): FundingPeriod | null {
  if (!isGap(next.tsMs - before.tsMs, periodMs)) return null;
  const missing = Math.round((next.tsMs - before.tsMs) / periodMs) - 1;
  const ordinal = Math.floor((tsMs - before.tsMs) / periodMs) + 1;
  const atMs = before.tsMs + ordinal * periodMs;
  if (ordinal > missing || atMs >= next.tsMs) return null;
  const periods = missing === 1 ? '1 period is' : `${missing} periods are`;
  return {
    tsMs: atMs,
    rate: null,
    oracleTwap: before.values.oraclePriceTwap as Price,
    warning:
      ordinal === 1
        ? `${file}, line ${next.line}: ${periods} missing before this row; no funding is paid for them`
        : null,
  };
}
