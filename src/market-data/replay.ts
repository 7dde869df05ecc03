/** `replay:<funding.csv>[,<lend.csv>]`: a recorded history, revealed at market time and never ahead of it. */
import type { Price } from '../domain/money/units.ts';
import { ValidationError } from '../lib/errors.ts';
import { readHistory } from './csv.ts';
import type { FundingPeriod, LendRates, MarketFeed, Quote } from './feed.ts';
import { type ColumnSpec, type HistoryTable, indexAt, refuseCell } from './history-table.ts';
import { pastDigests } from './past-digest.ts';

export const FUNDING_COLUMNS = [
  // USD per SOL for the period that ends at ts, positive when longs pay.
  { name: 'fundingRate', scale: 9, positive: false },
  { name: 'oraclePriceTwap', scale: 6, positive: true },
  { name: 'markPriceTwap', scale: 6, positive: true },
] as const satisfies readonly ColumnSpec<string>[];

/** Per cent a year. No market lends at more. */
const LARGEST_LEND_PCT = 1_000;

// Per cent a year; 4 more places make a fraction at 1e6.
export const LEND_COLUMNS = [
  { name: 'solLendAprPct', scale: 4, positive: false, largest: LARGEST_LEND_PCT },
  { name: 'solBorrowAprPct', scale: 4, positive: false, largest: LARGEST_LEND_PCT },
  { name: 'usdcLendAprPct', scale: 4, positive: false, largest: LARGEST_LEND_PCT },
  { name: 'usdcBorrowAprPct', scale: 4, positive: false, largest: LARGEST_LEND_PCT },
] as const satisfies readonly ColumnSpec<string>[];

export type FundingHistory = HistoryTable<(typeof FUNDING_COLUMNS)[number]['name']>;
export type LendHistory = HistoryTable<(typeof LEND_COLUMNS)[number]['name']>;

/** Rows of a real market are seconds off the hour; half a period late means that one is missing. */
const isGap = (spacingMs: number, periodMs: number): boolean => spacingMs * 2 > periodMs * 3;

/** This many consecutive rows at another distance are not gaps: the rates belong to another period than ours. */
const OTHER_PERIOD_ROWS = 3;
/** Rows of one period are at most this much further apart than others. */
const SAME_SPACING = 1.05;

const isPeriod = (spacingMs: number, periodMs: number): boolean =>
  spacingMs * 2 > periodMs && !isGap(spacingMs, periodMs);

/**
 * A rate is of the period that ends at its row. Rows 8 h apart, taken for hourly ones, would pay each rate eight times.
 * @throws ValidationError MARKET_DATA_INVALID, naming file, line and remedy
 */
export function refuseOtherPeriod(file: string, { rows, tsMs, line }: FundingHistory, periodMs: number): void {
  let run = 0;
  let runMs = 0;
  for (let index = 1; index < rows; index += 1) {
    const spacingMs = (tsMs[index] as number) - (tsMs[index - 1] as number);
    const same = run > 0 && Math.max(spacingMs, runMs) <= Math.min(spacingMs, runMs) * SAME_SPACING;
    run = isPeriod(spacingMs, periodMs) ? 0 : same ? run + 1 : 1;
    runMs = spacingMs;
    if (run === OTHER_PERIOD_ROWS || (run === rows - 1 && run > 1)) {
      throw otherPeriod(file, [line[index - run] as number, line[index] as number], spacingMs, periodMs);
    }
  }
}

/** 1e-9 USD in 1e-6 USD. */
const RATE_UNITS_PER_PRICE_UNIT = 1_000;

/**
 * No venue lets a period cost more than the price itself; a rate in per cent or in another unit would.
 * @throws ValidationError MARKET_DATA_INVALID, naming file, line, field, got, expected
 */
export function refuseRatesAbovePrice(file: string, { rows, line, values }: FundingHistory, counts?: 'row'): void {
  const { fundingRate, oraclePriceTwap } = values;
  for (let row = 0; row < rows; row += 1) {
    const [rate, oracle] = [fundingRate[row] as number, oraclePriceTwap[row] as number];
    if (Math.abs(rate) <= oracle * RATE_UNITS_PER_PRICE_UNIT) continue;
    const place = { file, line: line[row] as number, ...(counts === undefined ? {} : { counts }) };
    const expected = `USD per SOL for the period, less than the price of ${oracle / 1e6} itself`;
    refuseCell(place, 'fundingRate', String(rate / 1e9), expected);
  }
}

function otherPeriod(file: string, [from, to]: readonly [number, number], spacingMs: number, periodMs: number) {
  const [rowSeconds, ourSeconds] = [spacingMs / 1_000, periodMs / 1_000];
  return new ValidationError(
    'MARKET_DATA_INVALID',
    `${file}, lines ${from} to ${to}: the rows are ${rowSeconds} s apart, and FUNDING_PERIOD_SECONDS is ${ourSeconds}. ` +
      `If each rate is of ${rowSeconds} s, set FUNDING_PERIOD_SECONDS=${rowSeconds}. One file holds rates of one period.`,
    { file, line: from, field: 'ts', got: `${rowSeconds} s`, expected: `${ourSeconds} s` },
  );
}

interface ReplayOptions {
  readonly id: string;
  readonly fundingPath: string;
  readonly lendPath: string | null;
  readonly periodMs: number;
}

/** @throws ValidationError MARKET_DATA_INVALID, naming file and line */
export function openReplay({ id, fundingPath, lendPath, periodMs }: ReplayOptions): MarketFeed {
  const funding: FundingHistory = readHistory(fundingPath, FUNDING_COLUMNS);
  const lend: LendHistory | null = lendPath === null ? null : readHistory(lendPath, LEND_COLUMNS);
  refuseOtherPeriod(fundingPath, funding, periodMs);
  refuseRatesAbovePrice(fundingPath, funding);
  return replayFeed({ id, file: fundingPath, funding, lend, periodMs });
}

interface ReplayedHistory {
  readonly id: string;
  /** Whose lines warnings name. */
  readonly file: string;
  readonly funding: FundingHistory;
  readonly lend: LendHistory | null;
  readonly periodMs: number;
}

export function replayFeed({ id, file, funding, lend, periodMs }: ReplayedHistory): MarketFeed {
  const { rows, tsMs: times } = funding;
  const firstMs = times[0] as number;
  const endMs = times[rows - 1] as number;
  const digests = [funding, ...(lend === null ? [] : [lend])].map((table) => ({ table, of: pastDigests(table) }));
  return {
    id,
    synthetic: false,
    endMs,
    startMs: () => firstMs,
    quoteAt(tsMs) {
      const at = indexAt(funding, tsMs);
      return at < 0 || tsMs > endMs ? null : quoteOf(funding, at, tsMs, !isGap(tsMs - (times[at] as number), periodMs));
    },
    ratesAt(tsMs) {
      const at = lend === null ? -1 : indexAt(lend, tsMs);
      return lend === null || at < 0 ? null : ratesOf(lend, at);
    },
    nextRatesChange(tsMs) {
      if (lend === null) return null;
      const next = indexAt(lend, tsMs) + 1;
      return next < lend.rows ? (lend.tsMs[next] as number) : null;
    },
    nextPeriod(tsMs) {
      const at = indexAt(funding, tsMs);
      if (at + 1 >= rows) return null;
      return (at < 0 ? null : missingPeriod(funding, at, tsMs, periodMs, file)) ?? settled(funding, at + 1);
    },
    recentPeriods(tsMs, count) {
      const end = indexAt(funding, tsMs) + 1;
      const from = Math.max(0, end - count);
      return Array.from({ length: end - from }, (_, offset) => settled(funding, from + offset));
    },
    pastDigest: (tsMs) => digests.map(({ table, of }) => of(indexAt(table, tsMs))).join('-'),
    progress: (tsMs) => ({ row: indexAt(funding, tsMs) + 1, rows }),
  };
}

const units = (column: Float64Array, at: number): bigint => BigInt(column[at] as number);

const settled = ({ tsMs, values }: FundingHistory, at: number): FundingPeriod => ({
  tsMs: tsMs[at] as number,
  rate: units(values.fundingRate, at),
  oracleTwap: units(values.oraclePriceTwap, at) as Price,
  warning: null,
});

function quoteOf({ values }: FundingHistory, at: number, tsMs: number, valid: boolean): Quote {
  const oracle = units(values.oraclePriceTwap, at) as Price;
  return { tsMs, oracle, oracleTwap: oracle, mark: units(values.markPriceTwap, at) as Price, valid };
}

const ratesOf = ({ values }: LendHistory, at: number): LendRates => ({
  solDeposit: units(values.solLendAprPct, at),
  solBorrow: units(values.solBorrowAprPct, at),
  usdcDeposit: units(values.usdcLendAprPct, at),
  usdcBorrow: units(values.usdcBorrowAprPct, at),
});

/** The first missing period after `tsMs` between row `at` and the next, one period apart each; null when none is left or missing. */
function missingPeriod(
  { tsMs: times, line, values }: FundingHistory,
  at: number,
  tsMs: number,
  periodMs: number,
  file: string,
): FundingPeriod | null {
  const beforeMs = times[at] as number;
  const nextMs = times[at + 1] as number;
  if (!isGap(nextMs - beforeMs, periodMs)) return null;
  const missing = missingPeriods(nextMs - beforeMs, periodMs);
  const ordinal = Math.floor((tsMs - beforeMs) / periodMs) + 1;
  const atMs = beforeMs + ordinal * periodMs;
  if (ordinal > missing || atMs >= nextMs) return null;
  return {
    tsMs: atMs,
    rate: null,
    oracleTwap: units(values.oraclePriceTwap, at) as Price,
    warning: ordinal === 1 ? gapText(file, line[at + 1] as number, missing) : null,
  };
}

/** How many periods are missing between two rows this far apart. */
export const missingPeriods = (spacingMs: number, periodMs: number): number =>
  isGap(spacingMs, periodMs) ? Math.round(spacingMs / periodMs) - 1 : 0;

export function gapText(file: string, line: number, missing: number): string {
  const periods = missing === 1 ? '1 period is' : `${missing} periods are`;
  return `${file}, line ${line}: ${periods} missing before this row; no funding is paid for them`;
}
