/** One market's history as a backtest reads it. */
import { type RateSums, sumRates } from '../domain/carry/rate-history.ts';
import { timeText } from '../domain/money/display.ts';
import { MS_PER_HOUR } from '../domain/money/units.ts';
import type { MarketFeed } from '../market-data/feed.ts';
import { indexAt } from '../market-data/history-table.ts';
import { type FundingHistory, gapText, type LendHistory, missingPeriods, replayFeed } from '../market-data/replay.ts';

export interface MarketHistory {
  /** What reports call it. */
  readonly name: string;
  /** The funding file. */
  readonly file: string;
  readonly funding: FundingHistory;
  readonly lend: LendHistory | null;
  readonly periodMs: number;
  /** Sentences on what the file does not tell. */
  readonly notes: readonly string[];
}

export interface BacktestMarket extends MarketHistory {
  readonly feed: MarketFeed;
  readonly rates: RateSums;
  /** A sentence for each hole in the rows. */
  readonly gaps: readonly string[];
}

/** Rows from `fromMs` to `toMs`, both included; null is the file's own end. Null when no row is left. */
export function marketBetween(
  history: MarketHistory,
  fromMs: number | null,
  toMs: number | null,
): BacktestMarket | null {
  const { funding, name, file, periodMs } = history;
  const times = funding.tsMs;
  const first = fromMs === null ? 0 : rowFrom(funding, fromMs);
  const end = toMs === null ? funding.rows : indexAt(funding, toMs) + 1;
  if (end <= first) return null;
  const cut = (column: Float64Array): Float64Array => column.subarray(first, end);
  const { fundingRate, oraclePriceTwap, markPriceTwap } = funding.values;
  const table: FundingHistory = {
    rows: end - first,
    tsMs: cut(times),
    line: cut(funding.line),
    values: {
      fundingRate: cut(fundingRate),
      oraclePriceTwap: cut(oraclePriceTwap),
      markPriceTwap: cut(markPriceTwap),
    },
  };
  const feed = replayFeed({ id: `replay:${name}`, file, funding: table, lend: history.lend, periodMs });
  const rates = sumRates(table.tsMs, table.values.fundingRate, table.values.oraclePriceTwap, periodMs);
  const notes = [...history.notes, ...lendNotes(history.lend, table)];
  return { ...history, notes, funding: table, feed, rates, gaps: gapsOf(table, file, periodMs) };
}

/** A lend rate holds until the next one. Longer than this it is old news. */
const LEND_HOLDS_MS = 7 * 24 * MS_PER_HOUR;

/** Where the lend rates do not cover the funding. */
function lendNotes(lend: LendHistory | null, { rows, tsMs }: FundingHistory): readonly string[] {
  if (lend === null) return [];
  const [firstMs, endMs] = [tsMs[0] as number, tsMs[rows - 1] as number];
  const notes: string[] = [];
  const lendFromMs = lend.tsMs[0] as number;
  if (lendFromMs > firstMs) {
    const until = lendFromMs >= endMs ? 'no interest is counted at all' : 'no interest is counted before';
    notes.push(`The lend rates begin at ${timeText(lendFromMs)}: ${until}.`);
  }
  let heldMs = 0;
  for (let at = Math.max(0, indexAt(lend, firstMs)); at < lend.rows; at += 1) {
    const [fromMs, nextMs] = [lend.tsMs[at] as number, at + 1 < lend.rows ? (lend.tsMs[at + 1] as number) : endMs];
    if (fromMs > endMs) break;
    heldMs = Math.max(heldMs, Math.min(nextMs, endMs) - fromMs);
  }
  if (heldMs > LEND_HOLDS_MS)
    notes.push(`The lend rates have a hole or end early: one counts for ${Math.round(heldMs / MS_PER_DAY)} days.`);
  return notes;
}

const MS_PER_DAY = 24 * MS_PER_HOUR;

/** The first row at or after `tsMs`; the number of rows when there is none. Times are whole milliseconds. */
export const rowFrom = (funding: FundingHistory, tsMs: number): number => indexAt(funding, tsMs - 1) + 1;

function gapsOf({ rows, tsMs, line }: FundingHistory, file: string, periodMs: number): readonly string[] {
  const gaps: string[] = [];
  for (let row = 1; row < rows; row += 1) {
    const missing = missingPeriods((tsMs[row] as number) - (tsMs[row - 1] as number), periodMs);
    if (missing > 0) gaps.push(gapText(file, line[row] as number, missing));
  }
  return gaps;
}
