/** `driftless fetch-history`: a venue's funding history into a file for replay and backtest, going on where it stopped. */
import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import { ValidationError } from '../lib/errors.ts';
import { parseScaled } from './decimal.ts';
import type { FundingRow, HistorySource } from './history-sources.ts';
import type { AskJson } from './live/source.ts';
import { missingPeriods } from './replay.ts';

const HEADER = 'ts,fundingRate,oraclePriceTwap,markPriceTwap';
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
  const times = [...keptTimes(path)];
  const before = times.length;
  const beginMs = times.length === 0 ? fromMs : Math.max(fromMs, (times.at(-1) as number) + SECOND_MS);
  for await (const page of source.pages(ask, market, beginMs, toMs)) {
    const lines: string[] = [];
    for (const row of page) {
      const tsMs = Math.floor(row.tsMs / SECOND_MS) * SECOND_MS;
      if (tsMs < fromMs || tsMs > toMs || tsMs <= (times.at(-1) ?? Number.NEGATIVE_INFINITY)) continue;
      times.push(tsMs);
      lines.push(lineOf(row));
    }
    if (lines.length === 0) continue;
    appendFileSync(path, lines.join(''));
    told(times.length, times.at(-1) as number);
  }
  return {
    rows: times.length,
    added: times.length - before,
    firstMs: times[0] ?? null,
    lastMs: times.at(-1) ?? null,
    gaps: gapsIn(times, { ...source, fromMs, toMs }),
  };
}

function decimal(value: bigint, places: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(places + 1, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

const lineOf = ({ tsMs, rate, oracle, mark }: FundingRow): string =>
  `${[Math.floor(tsMs / SECOND_MS), decimal(rate, 9), decimal(oracle, 6), decimal(mark, 6)].join(',')}\n`;

/** The times of a file of an earlier call. A last line that was cut by a kill is removed. */
function keptTimes(path: string): readonly number[] {
  if (!existsSync(path)) appendFileSync(path, `${HEADER}\n`);
  const text = readFileSync(path, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const [header = '', ...lines] = whole.split('\n').slice(0, -1);
  if (header !== HEADER) throw notOurs(path, 1, HEADER, header);
  truncateSync(path, Buffer.byteLength(whole));
  return lines.map((line, index) => {
    const cells = line.split(',');
    const isRow = cells.length === 4 && cells.every((cell) => parseScaled(cell, 9) !== null);
    if (!isRow) throw notOurs(path, index + 2, 'a time, a rate and two prices', line);
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
