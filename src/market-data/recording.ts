/**
 * A recording of a live feed: a line for each thing that it said, at the moment from which it held. A live feed answers from
 * its recording alone, so a replay of the file answers the same at the same market time.
 */
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Price } from '../domain/money/units.ts';
import { ValidationError } from '../lib/errors.ts';
import { withLines } from './csv.ts';
import type { FundingPeriod, MarketFeed, Quote } from './feed.ts';

export const RECORDING_HEADER = 'recorded_ms,oracle,mark,valid,funding_rate,period_ms,note';

export interface RecordedRow {
  /** From here on it holds; each row's is later than that of the row before. */
  readonly tsMs: number;
  /** 1e-6 USD. */
  readonly oracle: bigint;
  readonly mark: bigint;
  readonly valid: boolean;
  /** With the end of a funding period: 1e-9 USD per SOL. */
  readonly fundingRate: bigint | null;
  /** When that period ended by its source. */
  readonly periodMs: number | null;
  /** Why it is not valid, or which source is missing. */
  readonly note: string;
}

/** Without a row for longer than this, nothing is known of the market: a live feed writes one at least twice in that time. */
const HOLDS_MS = 90_000;
const SILENT = 'the price sources have not answered for more than 90 s';

const lineOf = ({ tsMs, oracle, mark, valid, fundingRate, periodMs, note }: RecordedRow): string =>
  `${[tsMs, oracle, mark, valid ? 1 : 0, fundingRate ?? '', periodMs ?? ''].join(',')},"${note.replaceAll('"', "'").replaceAll(/[\r\n]+/g, ' ')}"\n`;

const LINE = /^(\d{1,15}),(\d{1,18}),(\d{1,18}),([01]),(-?\d{1,18})?,(\d{1,15})?,"([^"]*)"$/;

function rowOf(line: string, before: RecordedRow | null): RecordedRow | null {
  const match = LINE.exec(line);
  if (match === null) return null;
  const [, ts, oracle = '', mark = '', valid, rate, period, note = ''] = match;
  const row: RecordedRow = {
    ...{ tsMs: Number(ts), oracle: BigInt(oracle), mark: BigInt(mark), valid: valid === '1', note },
    fundingRate: rate === undefined ? null : BigInt(rate),
    periodMs: period === undefined ? null : Number(period),
  };
  return row.oracle > 0n && row.mark > 0n && (before === null || row.tsMs > before.tsMs) ? row : null;
}

const A_ROW = 'a row of a recording, later than the one before';

/** False for what cannot be read: whoever reads it says why. */
export function isRecording(path: string): boolean {
  if (!existsSync(path) || !statSync(path).isFile()) return false;
  const head = Buffer.alloc(RECORDING_HEADER.length);
  const file = openSync(path, 'r');
  try {
    return readSync(file, head, 0, head.length, 0) === head.length && head.toString() === RECORDING_HEADER;
  } finally {
    closeSync(file);
  }
}

/** @throws ValidationError MARKET_DATA_INVALID, naming file and line */
export function readRecording(path: string): { readonly rows: readonly RecordedRow[]; readonly wholeBytes: number } {
  const text = readFileSync(path, 'utf8');
  // A kill in the middle of a write leaves a part of a line: it was never acted on.
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const [header, ...lines] = whole.split('\n').slice(0, -1);
  if (header !== undefined && header !== RECORDING_HEADER)
    throw invalid(path, 1, `the header ${RECORDING_HEADER}`, header);
  const rows: RecordedRow[] = [];
  for (const [index, line] of lines.entries()) {
    const row = rowOf(line, rows.at(-1) ?? null);
    if (row === null) throw invalid(path, index + 2, A_ROW, line);
    rows.push(row);
  }
  return { rows, wholeBytes: Buffer.byteLength(whole) };
}

/**
 * One row after the other, for whoever needs few of them. A last line that is cut, as in a recording that goes on, is passed over.
 * @throws ValidationError MARKET_DATA_INVALID, naming file and line
 */
export function visitRecording(path: string, visit: (row: RecordedRow, line: number) => void): void {
  withLines(path, (lines) => {
    lines.next();
    let line = 1;
    let before: RecordedRow | null = null;
    let cut: string | null = null;
    for (const text of lines) {
      if (cut !== null) throw invalid(path, line, A_ROW, cut);
      line += 1;
      const row = rowOf(text, before);
      if (row === null) cut = text;
      else visit(row, line);
      before = row;
    }
  });
}

const invalid = (file: string, line: number, expected: string, got: string): ValidationError =>
  new ValidationError('MARKET_DATA_INVALID', `${file}, line ${line}: expected ${expected}.`, {
    ...{ file, line, field: 'row', got: got.slice(0, 80), expected },
  });

/** Rows in memory and on the disk. */
export class Recording {
  readonly rows: RecordedRow[];
  readonly #path: string | null;

  private constructor(rows: readonly RecordedRow[], path: string | null) {
    this.rows = [...rows];
    this.#path = path;
  }

  /** @throws ValidationError MARKET_DATA_INVALID */
  static continued(path: string): Recording {
    mkdirSync(dirname(path), { recursive: true });
    if (!existsSync(path)) appendFileSync(path, `${RECORDING_HEADER}\n`);
    const { rows, wholeBytes } = readRecording(path);
    truncateSync(path, wholeBytes);
    if (wholeBytes === 0) appendFileSync(path, `${RECORDING_HEADER}\n`);
    return new Recording(rows, path);
  }

  static finished(path: string): Recording {
    return new Recording(readRecording(path).rows, null);
  }

  /** On the disk before anybody is told. */
  add(row: RecordedRow): void {
    if (this.#path !== null) appendFileSync(this.#path, lineOf(row));
    this.rows.push(row);
  }
}

/** The last row at or before `tsMs`, -1 if there is none. */
function placeAt(rows: readonly RecordedRow[], tsMs: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle] as RecordedRow).tsMs <= tsMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

interface RecordedFeed {
  readonly id: string;
  readonly rows: readonly RecordedRow[];
  /** A finished recording ends with its last row; a live one goes on. */
  readonly isFinished: boolean;
}

/** @throws ValidationError MARKET_DATA_INVALID for a finished recording without rows */
export function recordedFeed({ id, rows, isFinished }: RecordedFeed): MarketFeed {
  if (isFinished && rows.length === 0) throw invalid(id, 2, 'at least one row', 'none');
  const digest = growingDigest(rows);
  return {
    id,
    synthetic: false,
    get endMs() {
      return isFinished ? (rows.at(-1) as RecordedRow).tsMs : null;
    },
    startMs: (wallMs) => (isFinished ? firstQuoted(rows).tsMs : wallMs),
    quoteAt(tsMs) {
      const row = rows[placeAt(rows, tsMs)];
      return row === undefined || (isFinished && tsMs > (rows.at(-1) as RecordedRow).tsMs) ? null : quoteOf(row, tsMs);
    },
    ratesAt: () => null,
    nextRatesChange: () => null,
    nextPeriod(tsMs) {
      for (let at = placeAt(rows, tsMs) + 1; at < rows.length; at += 1) {
        const row = rows[at] as RecordedRow;
        if (row.fundingRate !== null) return periodOf(row);
      }
      return null;
    },
    recentPeriods(tsMs, count) {
      const periods: FundingPeriod[] = [];
      for (let at = placeAt(rows, tsMs); at >= 0 && periods.length < count; at -= 1) {
        const row = rows[at] as RecordedRow;
        if (row.fundingRate !== null) periods.unshift(periodOf(row));
      }
      return periods;
    },
    pastDigest: (tsMs) => digest(placeAt(rows, tsMs)),
    progress: (tsMs) => (isFinished ? { row: placeAt(rows, tsMs) + 1, rows: rows.length } : null),
  };
}

/** Rows of funding before the feed's first prices are history, and no time to begin at. */
const firstQuoted = (rows: readonly RecordedRow[]): RecordedRow =>
  rows.find(({ valid }) => valid) ?? (rows[0] as RecordedRow);

function quoteOf({ tsMs: sinceMs, oracle, mark, valid, note }: RecordedRow, tsMs: number): Quote {
  const silent = tsMs - sinceMs > HOLDS_MS;
  const invalidReason = silent ? SILENT : valid ? null : note;
  return {
    ...{ tsMs, oracle: oracle as Price, oracleTwap: oracle as Price, mark: mark as Price },
    valid: invalidReason === null,
    ...(invalidReason === null ? {} : { invalidReason }),
  };
}

const periodOf = ({ tsMs, oracle, fundingRate }: RecordedRow): FundingPeriod => ({
  ...{ tsMs, rate: fundingRate, oracleTwap: oracle as Price, warning: null },
});

const FNV_PRIME = 0x01000193;

/** Of all rows up to one, carried on as rows come. */
function growingDigest(rows: readonly RecordedRow[]): (last: number) => string {
  const digests: number[] = [];
  return (last) => {
    for (let at = digests.length; at <= last; at += 1) {
      let hash = digests[at - 1] ?? 0x811c9dc5;
      for (const character of lineOf(rows[at] as RecordedRow))
        hash = Math.imul(hash ^ character.charCodeAt(0), FNV_PRIME) >>> 0;
      digests.push(hash);
    }
    return (digests[last] ?? 0).toString(16).padStart(8, '0');
  };
}
