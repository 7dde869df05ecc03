/** `driftless fetch-history`: a venue's funding or lend history into a file for replay and backtest, going on where it stopped. */
import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import { MS_PER_HOUR } from '../domain/money/units.ts';
import { ValidationError } from '../lib/errors.ts';
import { parseScaled } from './decimal.ts';
import type { FundingRow, HistorySource } from './history-sources.ts';
import { type LendRow, lendRows } from './lend-rows.ts';
import type { AskJson } from './live/source.ts';
import { unusable } from './live/source.ts';
import { FUNDING_COLUMNS, LEND_COLUMNS, missingPeriods } from './replay.ts';

const headerOf = (columns: readonly { readonly name: string }[]): string =>
  ['ts', ...columns.map(({ name }) => name)].join(',');
const FUNDING_HEADER = headerOf(FUNDING_COLUMNS);
const LEND_HEADER = headerOf(LEND_COLUMNS);
/** Data servers keep a lend rate every two to three hours. */
const LEND_PERIOD_MS = 3 * MS_PER_HOUR;
const SECOND_MS = 1_000;

interface FetchHistory {
  readonly source: HistorySource;
  readonly ask: AskJson;
  readonly market: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly path: string;
  readonly told: (rows: number, lastMs: number) => void;
}

export interface HistoryGap {
  readonly fromMs: number;
  readonly toMs: number;
  readonly missing: number;
}

export interface FetchedHistory {
  readonly rows: number;
  readonly added: number;
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  readonly gaps: readonly HistoryGap[];
}

/** @throws TransientError SOURCE_UNAVAILABLE: what came before is in the file, and the next call goes on there */
export async function fetchHistory({
  source,
  ask,
  market,
  fromMs,
  toMs,
  path,
  told,
}: FetchHistory): Promise<FetchedHistory> {
  const file = new HistoryFileWriter(path, FUNDING_HEADER, { fromMs, toMs });
  for await (const page of source.pages(ask, market, file.nextMs, toMs)) {
    if (file.add(page, fundingLine) > 0) told(file.rows, file.lastMs);
  }
  return file.finish(source.periodMs);
}

/** All that the source has comes in one answer for each rate; a call later adds what is new. @throws as `fetchHistory` */
export async function fetchLendHistory({
  source,
  ask,
  fromMs,
  toMs,
  path,
}: Omit<FetchHistory, 'market' | 'told'>): Promise<FetchedHistory> {
  if (source.lend === undefined) throw unusable(source.name, 'it has no lend rates');
  const file = new HistoryFileWriter(path, LEND_HEADER, { fromMs, toMs });
  file.add(lendRows(await source.lend(ask)), lendLine);
  return file.finish(LEND_PERIOD_MS);
}

interface HistoryRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A file that grows at its end. */
class HistoryFileWriter {
  readonly #path: string;
  readonly #range: HistoryRange;
  readonly #times: number[];
  readonly #before: number;

  /** @throws ValidationError MARKET_DATA_INVALID for a file that no earlier call wrote */
  constructor(path: string, header: string, range: HistoryRange) {
    this.#path = path;
    this.#range = range;
    this.#times = [...keptTimes(path, header)];
    this.#before = this.#times.length;
  }

  get rows(): number {
    return this.#times.length;
  }

  get lastMs(): number {
    return this.#times.at(-1) ?? Number.NEGATIVE_INFINITY;
  }

  /** What to ask for next. */
  get nextMs(): number {
    return Math.max(this.#range.fromMs, this.lastMs + SECOND_MS);
  }

  /** What is out of order, out of range or there already is left out. Returns how many rows were added. */
  add<Row extends { readonly tsMs: number }>(rows: readonly Row[], lineOf: (row: Row) => string): number {
    const { fromMs, toMs } = this.#range;
    const lines: string[] = [];
    for (const row of rows) {
      const tsMs = Math.floor(row.tsMs / SECOND_MS) * SECOND_MS;
      if (tsMs < fromMs || tsMs > toMs || tsMs <= this.lastMs) continue;
      this.#times.push(tsMs);
      lines.push(lineOf(row));
    }
    if (lines.length > 0) appendFileSync(this.#path, lines.join(''));
    return lines.length;
  }

  finish(periodMs: number): FetchedHistory {
    return {
      rows: this.#times.length,
      added: this.#times.length - this.#before,
      firstMs: this.#times[0] ?? null,
      lastMs: this.#times.at(-1) ?? null,
      gaps: gapsIn(this.#times, { periodMs, ...this.#range }),
    };
  }
}

function decimal(value: bigint, places: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(places + 1, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

const fundingLine = ({ tsMs, rate, oracle, mark }: FundingRow): string =>
  `${[Math.floor(tsMs / SECOND_MS), decimal(rate, 9), decimal(oracle, 6), decimal(mark, 6)].join(',')}\n`;

/** A yearly fraction at 1e6 is per cent at 1e4. */
const lendLine = ({ tsMs, rates }: LendRow): string =>
  `${[Math.floor(tsMs / SECOND_MS), ...rates.map((rate) => decimal(rate, 4))].join(',')}\n`;

/** The times of a file of an earlier call. A last line that was cut by a kill is removed. */
function keptTimes(path: string, expected: string): readonly number[] {
  if (!existsSync(path)) appendFileSync(path, `${expected}\n`);
  const text = readFileSync(path, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const [header = '', ...lines] = whole.split('\n').slice(0, -1);
  if (header !== expected) throw notOurs(path, 1, expected, header);
  const count = expected.split(',').length;
  truncateSync(path, Buffer.byteLength(whole));
  return lines.map((line, index) => {
    const cells = line.split(',');
    const isRow = cells.length === count && cells.every((cell) => parseScaled(cell, 9) !== null);
    if (!isRow) throw notOurs(path, index + 2, `${count} numbers: ${expected}`, line);
    return Number(cells[0]) * SECOND_MS;
  });
}

const notOurs = (file: string, line: number, expected: string, got: string): ValidationError =>
  new ValidationError(
    'MARKET_DATA_INVALID',
    `${file}, line ${line}: expected ${expected}. Name a new file, or one that an earlier fetch-history wrote.`,
    { file, line, field: 'row', got: got.slice(0, 80), expected },
  );

/** What is missing within what was asked for, its beginning and end included. */
function gapsIn(
  times: readonly number[],
  { periodMs, fromMs, toMs }: { readonly periodMs: number; readonly fromMs: number; readonly toMs: number },
): readonly HistoryGap[] {
  const edges = [Math.min(fromMs, (times[0] ?? toMs) - 1), ...times, Math.max(toMs, times.at(-1) ?? toMs)];
  const gaps: HistoryGap[] = [];
  for (let at = 1; at < edges.length; at += 1) {
    const [afterMs, untilMs] = [edges[at - 1] as number, edges[at] as number];
    const missing = missingPeriods(untilMs - afterMs, periodMs);
    if (missing > 0) gaps.push({ fromMs: afterMs, toMs: untilMs, missing });
  }
  return gaps;
}
