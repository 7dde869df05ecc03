/** Reads a market history: a header that names the columns, then rows in order of time. Every refusal names its line. */
import { readFileSync } from 'node:fs';
import { ValidationError } from '../lib/errors.ts';
import { parseScaled } from './decimal.ts';

/** A larger file is more likely a wrong path than a market's history. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;
/** Seconds. The year 2100: a larger number is milliseconds, or not a time. */
const MAX_TS_SECONDS = 4_102_444_800n;
const SHOWN_CHARACTERS = 60;

export interface HistoryRow<Column extends string> {
  /** 1 is the header's line. */
  readonly line: number;
  readonly tsMs: number;
  readonly values: Readonly<Record<Column, bigint>>;
}

/** A required column: its name in the header, the decimal places that we count, and whether it must be above zero. */
export interface ColumnSpec<Column extends string> {
  readonly name: Column;
  readonly scale: number;
  readonly positive: boolean;
}

/**
 * The file's rows. Columns are found by the header's names, in any order; those that we do not know are passed over.
 * @throws ValidationError MARKET_DATA_INVALID with `file`, `line`, `field`, `got`, `expected`
 */
export function readHistory<Column extends string>(
  path: string,
  columns: readonly ColumnSpec<Column>[],
): readonly HistoryRow<Column>[] {
  const lines = readText(path).split(/\r?\n/);
  const header = (lines[0] ?? '').split(',').map(unquote);
  const names = ['ts', ...columns.map((column) => column.name)];
  const missing = names.filter((name) => !header.includes(name));
  if (missing.length > 0) {
    refuse(path, 1, missing.join(', '), lines[0] ?? '', `a header with the columns ${names.join(', ')}`);
  }
  const repeated = names.find((name) => header.indexOf(name) !== header.lastIndexOf(name));
  if (repeated !== undefined) refuse(path, 1, repeated, lines[0] ?? '', `the column ${repeated} once`);

  const tsAt = header.indexOf('ts');
  const placed = columns.map((column) => ({ ...column, at: header.indexOf(column.name) }));
  const rows: HistoryRow<Column>[] = [];
  const last = lastLineWithText(lines);
  for (let index = 1; index <= last; index += 1) {
    const line = index + 1;
    const text = lines[index] ?? '';
    const cells = text.split(',').map(unquote);
    if (cells.length !== header.length) {
      refuse(path, line, 'row', text, `${header.length} values, as the header has columns (found ${cells.length})`);
    }
    const seconds = parseTs(cells[tsAt] ?? '');
    if (seconds === null) {
      refuse(path, line, 'ts', cells[tsAt] ?? '', 'whole seconds since 1970, before the year 2100');
    }
    const tsMs = Number(seconds) * 1000;
    const before = rows.at(-1);
    if (before !== undefined && tsMs <= before.tsMs) {
      const what = tsMs === before.tsMs ? 'the same time again' : 'a time that goes backward';
      refuse(path, line, 'ts', cells[tsAt] ?? '', `a time after that of line ${before.line} (this is ${what})`);
    }
    const values = {} as Record<Column, bigint>;
    for (const column of placed) {
      const cell = cells[column.at] ?? '';
      const value = parseScaled(cell, column.scale);
      if (value === null) refuse(path, line, column.name, cell, 'a decimal number');
      if (column.positive && value <= 0n) refuse(path, line, column.name, cell, 'a number above zero');
      values[column.name] = value;
    }
    rows.push({ line, tsMs, values });
  }
  if (rows.length === 0) refuse(path, 2, 'row', '', 'at least one row after the header');
  return rows;
}

/** Index of the last row at or before `tsMs`; -1 before the first. */
export function indexAt(rows: readonly { readonly tsMs: number }[], tsMs: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[middle]?.tsMs ?? Number.POSITIVE_INFINITY) <= tsMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function readText(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ValidationError('MARKET_DATA_INVALID', `The market history ${path} cannot be read: ${reason}`, {
      file: path,
      remedy: 'Set MARKET_FEED to replay:<funding.csv>[,<lend.csv>] with paths that exist.',
    });
  }
  if (bytes.length > MAX_FILE_BYTES)
    refuse(path, 1, 'file', `${bytes.length} bytes`, `at most ${MAX_FILE_BYTES} bytes`);
  const text = bytes.toString('utf8');
  // Spreadsheets put a byte order mark before the first column's name.
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

function unquote(cell: string): string {
  const text = cell.trim();
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

function lastLineWithText(lines: readonly string[]): number {
  let last = lines.length - 1;
  while (last > 0 && (lines[last] ?? '').trim() === '') last -= 1;
  return last;
}

function parseTs(text: string): bigint | null {
  if (!/^\d{1,12}$/.test(text)) return null;
  const seconds = BigInt(text);
  return seconds > 0n && seconds < MAX_TS_SECONDS ? seconds : null;
}

function refuse(file: string, line: number, field: string, got: string, expected: string): never {
  const shown = got.length > SHOWN_CHARACTERS ? `${got.slice(0, SHOWN_CHARACTERS)}…` : got;
  throw new ValidationError(
    'MARKET_DATA_INVALID',
    `${file}, line ${line}: ${field}: expected ${expected}, got ${JSON.stringify(shown)}`,
    { file, line, field, got: shown, expected },
  );
}
