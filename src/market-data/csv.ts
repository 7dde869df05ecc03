/** Reads a market history: a header that names the columns, then rows in order of time. Every refusal names its line. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { ValidationError } from '../lib/errors.ts';
import {
  type CellPlace,
  type ColumnSpec,
  cellNumber,
  type HistoryTable,
  HistoryTableBuilder,
  refuseCell,
} from './history-table.ts';

/** A larger file is more likely a wrong path than a market's history. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;
/** Seconds. The year 2100: a larger number is milliseconds, or not a time. */
export const MAX_TS_SECONDS = 4_102_444_800;
/** A file is read in pieces, so its whole text is never in memory. */
const PIECE_BYTES = 256 * 1024;

interface HistoryRow {
  readonly line: number;
  /** As many as the header has; trimmed, without the quotes around them. */
  readonly cells: readonly string[];
}

/** The rows of an open file: a header, and cells as text in its order. */
export interface RowSource {
  readonly file: string;
  readonly header: readonly string[];
  readonly headerText: string;
  /** What a row's `line` counts: a line by default, a row where the file has none. */
  readonly counts?: 'row';
  /** Once only, in order. */
  readonly rows: Iterable<HistoryRow>;
}

/** @throws ValidationError MARKET_DATA_INVALID with `file`, `line`, `field`, `got`, `expected` */
export const readHistory = <Column extends string>(
  path: string,
  columns: readonly ColumnSpec<Column>[],
): HistoryTable<Column> => withCsv(path, (csv) => historyOf(csv, columns));

/**
 * The rows as a table. Columns are found by the header's names, in any order; those that we do not know are passed over.
 * @throws ValidationError MARKET_DATA_INVALID with `file`, `line`, `field`, `got`, `expected`
 */
export function historyOf<Column extends string>(
  source: RowSource,
  columns: readonly ColumnSpec<Column>[],
): HistoryTable<Column> {
  const { file, header, headerText, counts, rows } = source;
  const names = columns.map(({ name }) => name);
  requireColumns(file, header, headerText, ['ts', ...names]);
  const table = new HistoryTableBuilder(file, names, counts);
  const tsAt = header.indexOf('ts');
  const placed = columns.map((column) => ({ ...column, at: header.indexOf(column.name) }));
  for (const { line, cells } of rows) {
    const place = placeOf(source, line);
    const ts = cells[tsAt] as string;
    const seconds = tsSeconds(ts);
    if (seconds === null) refuseCell(place, 'ts', ts, 'whole seconds since 1970, before the year 2100');
    table.begin(line, seconds * 1_000, ts);
    for (const column of placed) table.set(column.name, cellNumber(place, column, cells[column.at] as string));
  }
  return table.finish();
}

export const placeOf = ({ file, counts }: RowSource, line: number): CellPlace =>
  counts === undefined ? { file, line } : { file, line, counts };

/** @throws ValidationError when a column is missing or stands twice */
function requireColumns(path: string, header: readonly string[], headerText: string, names: readonly string[]): void {
  const place = { file: path, line: 1 };
  const missing = names.filter((name) => !header.includes(name));
  if (missing.length > 0) {
    refuseCell(place, missing.join(', '), headerText, `a header with the columns ${names.join(', ')}`);
  }
  const repeated = names.find((name) => header.indexOf(name) !== header.lastIndexOf(name));
  if (repeated !== undefined) refuseCell(place, repeated, headerText, `the column ${repeated} once`);
}

/** Whole seconds since 1970; null for anything else. */
function tsSeconds(text: string): number | null {
  if (!/^\d{1,12}$/.test(text)) return null;
  const seconds = Number(text);
  return seconds > 0 && seconds < MAX_TS_SECONDS ? seconds : null;
}

/** Opens the file for as long as `use` works with it. @throws ValidationError when it cannot be read */
export function withCsv<T>(path: string, use: (csv: RowSource) => T): T {
  return withLines(path, (lines) => {
    const first = lines.next();
    const headerText = first.done === true ? '' : first.value;
    refuseOtherFormat(path, headerText);
    // Spreadsheets put a byte order mark before the first column's name.
    const text = headerText.startsWith('\uFEFF') ? headerText.slice(1) : headerText;
    const header = text.split(',').map(unquote);
    return use({ file: path, header, headerText: text, rows: rowsOf(path, lines, header.length) });
  });
}

/** The same, line by line. */
export function withLines<T>(path: string, use: (lines: Generator<string>) => T): T {
  const file = openForReading(path);
  try {
    return use(linesOf(path, file));
  } finally {
    closeSync(file);
  }
}

interface OtherFormat {
  readonly what: string;
  readonly remedy: string;
  readonly is: (firstLine: string) => boolean;
}

const separatedBy =
  (mark: string) =>
  (line: string): boolean =>
    line.includes(mark) && !line.includes(',');

/** What people hand over in place of a CSV with commas. */
const OTHER_FORMATS: readonly OtherFormat[] = [
  { what: 'a gzip file', remedy: 'Unpack it first', is: (line) => line.startsWith('\u001f') },
  {
    what: 'a zip archive or a workbook',
    remedy: 'Unpack it, or save the sheet as CSV',
    is: (line) => line.startsWith('PK\u0003'),
  },
  { what: 'a Parquet file', remedy: 'Name it .parquet', is: (line) => line.startsWith('PAR1') },
  { what: 'text in UTF-16', remedy: 'Save it as UTF-8', is: (line) => line.slice(0, 4).includes('\u0000') },
  { what: 'JSON', remedy: 'Name it .json', is: (line) => /^\s*[[{]/.test(line) },
  {
    what: 'separated by semicolons',
    remedy: 'Save it with commas between the values and points in the numbers',
    is: separatedBy(';'),
  },
  { what: 'separated by tabs', remedy: 'Save it with commas between the values', is: separatedBy('\t') },
  {
    what: 'in lines that end with a carriage return alone',
    remedy: 'Save it with line feeds',
    is: (line) => line.includes('\r'),
  },
];

/** @throws ValidationError MARKET_DATA_INVALID, saying what the file is */
function refuseOtherFormat(file: string, headerText: string): void {
  const other = OTHER_FORMATS.find(({ is }) => is(headerText));
  if (other === undefined) return;
  const { what, remedy } = other;
  refuseCell({ file, line: 1 }, 'file', headerText, `a CSV with commas, but this is ${what}. ${remedy}`);
}

function* rowsOf(path: string, lines: Generator<string>, columns: number): Generator<HistoryRow> {
  let line = 1;
  // Blank lines may end a file; before another row they are rows that are missing.
  let firstBlank = 0;
  for (const text of lines) {
    line += 1;
    if (text.trim() === '') {
      if (firstBlank === 0) firstBlank = line;
      continue;
    }
    if (firstBlank > 0) refuseRow(path, firstBlank, '', 1, columns);
    const cells = text.split(',');
    if (cells.length !== columns) refuseRow(path, line, text, cells.length, columns);
    for (let at = 0; at < columns; at += 1) cells[at] = unquote(cells[at] as string);
    yield { line, cells };
  }
}

const refuseRow = (file: string, line: number, text: string, found: number, columns: number): never =>
  refuseCell({ file, line }, 'row', text, `${columns} values, as the header has columns (found ${found})`);

function* linesOf(path: string, file: number): Generator<string> {
  const decoder = new StringDecoder('utf8');
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  let rest = '';
  for (;;) {
    const bytes = readPiece(path, file, piece);
    if (bytes === 0) break;
    const lines = (rest + decoder.write(piece.subarray(0, bytes))).split('\n');
    rest = lines.pop() as string;
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
  }
  rest += decoder.end();
  if (rest !== '') yield rest.endsWith('\r') ? rest.slice(0, -1) : rest;
}

function openForReading(path: string): number {
  try {
    const file = openSync(path, 'r');
    const { size } = fstatSync(file);
    if (size <= MAX_FILE_BYTES) return file;
    closeSync(file);
    refuseCell({ file: path, line: 1 }, 'file', `${size} bytes`, `at most ${MAX_FILE_BYTES} bytes`);
  } catch (error) {
    throw error instanceof ValidationError ? error : unreadable(path, error);
  }
}

function readPiece(path: string, file: number, piece: Buffer): number {
  try {
    return readSync(file, piece, 0, piece.length, null);
  } catch (error) {
    throw unreadable(path, error);
  }
}

export function unreadable(path: string, error: unknown): ValidationError {
  const reason = error instanceof Error ? error.message : String(error);
  return new ValidationError('MARKET_DATA_INVALID', `The market history ${path} cannot be read: ${reason}`, {
    file: path,
    remedy: 'Check the path: the file must exist, and this user must be allowed to read it.',
  });
}

function unquote(cell: string): string {
  const text = cell.trim();
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}
