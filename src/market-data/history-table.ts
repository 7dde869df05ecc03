/** A market's history as columns of whole base units: what a file holds, read once and kept without an object per row. */
import { ValidationError } from '../lib/errors.ts';
import { parseScaledNumber } from './decimal.ts';

const SHOWN_CHARACTERS = 60;
const FIRST_CAPACITY = 1_024;

/** A required column: its name in the header, the decimal places that we count, and whether it must be above zero. */
export interface ColumnSpec<Column extends string> {
  readonly name: Column;
  readonly scale: number;
  readonly positive: boolean;
  /** A larger figure, in either direction, is a slip. */
  readonly largest?: number;
}

export interface HistoryTable<Column extends string> {
  readonly rows: number;
  /** Ascending, none twice. At least `rows` long, as every column. */
  readonly tsMs: Float64Array;
  /** Where each row stands in the file; 1 is the header's line. */
  readonly line: Float64Array;
  /** Integers of base units, exact. */
  readonly values: Readonly<Record<Column, Float64Array>>;
}

/** One cell: where it stands, and what it says. */
export interface CellPlace {
  readonly file: string;
  readonly line: number;
  /** What `line` counts: a line by default, a row where the file has none. */
  readonly counts?: 'row';
}

export class HistoryTableBuilder<Column extends string> {
  readonly #file: string;
  readonly #counts: { readonly counts?: 'row' };
  #capacity = FIRST_CAPACITY;
  #rows = 0;
  #tsMs: Float64Array = new Float64Array(FIRST_CAPACITY);
  #line: Float64Array = new Float64Array(FIRST_CAPACITY);
  readonly #values: Record<Column, Float64Array>;

  constructor(file: string, columns: readonly Column[], counts?: 'row') {
    this.#file = file;
    this.#counts = counts === undefined ? {} : { counts };
    this.#values = Object.fromEntries(columns.map((name) => [name, new Float64Array(FIRST_CAPACITY)])) as Record<
      Column,
      Float64Array
    >;
  }

  /** Begins a row. @throws ValidationError when its time is not after the last row's */
  begin(line: number, tsMs: number, text: string): void {
    const before = this.#rows === 0 ? Number.NEGATIVE_INFINITY : (this.#tsMs[this.#rows - 1] as number);
    if (tsMs <= before) {
      const what = tsMs === before ? 'the same time again' : 'a time that goes backward';
      const lineBefore = this.#line[this.#rows - 1] as number;
      const place = { file: this.#file, line, ...this.#counts };
      refuseCell(
        place,
        'ts',
        text,
        `a time after that of ${this.#counts.counts ?? 'line'} ${lineBefore} (this is ${what})`,
      );
    }
    if (this.#rows === this.#capacity) this.#grow();
    this.#tsMs[this.#rows] = tsMs;
    this.#line[this.#rows] = line;
    this.#rows += 1;
  }

  /** Sets a value of the row that was begun last. */
  set(column: Column, value: number): void {
    this.#values[column][this.#rows - 1] = value;
  }

  /** @throws ValidationError when there is no row */
  finish(): HistoryTable<Column> {
    if (this.#rows === 0)
      refuseCell({ file: this.#file, line: 2, ...this.#counts }, 'row', '', 'at least one row after the header');
    return { rows: this.#rows, tsMs: this.#tsMs, line: this.#line, values: this.#values };
  }

  #grow(): void {
    this.#capacity *= 2;
    const grown = (column: Float64Array): Float64Array => {
      const next = new Float64Array(this.#capacity);
      next.set(column);
      return next;
    };
    this.#tsMs = grown(this.#tsMs);
    this.#line = grown(this.#line);
    for (const name of Object.keys(this.#values) as Column[]) this.#values[name] = grown(this.#values[name]);
  }
}

/** A cell's integer of base units. @throws ValidationError naming the cell when it is none */
export function cellNumber(
  place: CellPlace,
  { name, scale, positive, largest }: ColumnSpec<string>,
  cell: string,
): number {
  const value = parseScaledNumber(cell, scale);
  if (value === null) refuseCell(place, name, cell, 'a decimal number');
  if (!Number.isSafeInteger(value))
    refuseCell(place, name, cell, `a number that has at most 15 digits at ${scale} decimals`);
  if (positive && value <= 0) refuseCell(place, name, cell, 'a number above zero');
  if (largest !== undefined && Math.abs(value) > largest * 10 ** scale)
    refuseCell(place, name, cell, `at most ${largest} in either direction`);
  return value;
}

/** Index of the last row at or before `tsMs`; -1 before the first. */
export function indexAt({ tsMs: times, rows }: Pick<HistoryTable<never>, 'tsMs' | 'rows'>, tsMs: number): number {
  let low = 0;
  let high = rows;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] as number) <= tsMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** @throws ValidationError MARKET_DATA_INVALID with `file`, `line`, `field`, `got`, `expected` */
export function refuseCell({ file, line, counts }: CellPlace, field: string, got: string, expected: string): never {
  const shown = got.length > SHOWN_CHARACTERS ? `${got.slice(0, SHOWN_CHARACTERS)}…` : got;
  throw new ValidationError(
    'MARKET_DATA_INVALID',
    `${file}, ${counts ?? 'line'} ${line}: ${field}: expected ${expected}, got ${JSON.stringify(shown)}`,
    { file, line, field, got: shown, expected },
  );
}
