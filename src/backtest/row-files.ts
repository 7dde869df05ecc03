/**
 * A run's rows, written to files as they happen: memory does not grow with the length of a history, and another process
 * may write them. Each file holds JSON objects, one a line.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { BacktestAccount } from './account.ts';
import type { BacktestRun, RowRecorder } from './run.ts';
import { seconds } from './time-text.ts';

/** In the order in which a row's sources stand. */
export const EQUITY_COLUMNS = ['price', 'basis', 'slippage', 'funding', 'interest', 'fees', 'gas', 'external'] as const;
type EquityColumn = (typeof EQUITY_COLUMNS)[number];

export const TRADE_COLUMNS = [
  'ts',
  'side',
  'size',
  'price',
  'quote',
  'fee',
  'mark',
  'oracle',
  'before',
  'after',
  'why',
] as const;

export const ROW_KINDS = ['trades', 'funding', 'equity'] as const;
export type RowKind = (typeof ROW_KINDS)[number];

export const rowFile = (folder: string, kind: RowKind): string => join(folder, kind);

const CHUNK_CHARACTERS = 65_536;

/** A file to which lines are added, in chunks. */
class LineFile {
  readonly #file: number;
  #text = '';

  constructor(path: string) {
    this.#file = openSync(path, 'w');
  }

  add(line: string): void {
    this.#text += `${line}\n`;
    if (this.#text.length >= CHUNK_CHARACTERS) this.#flush();
  }

  close(): void {
    this.#flush();
    closeSync(this.#file);
  }

  #flush(): void {
    writeSync(this.#file, this.#text);
    this.#text = '';
  }
}

/** Texts of integers that seldom change from one row to the next. */
class TextMemory {
  #value = 0n;
  #text = '0';

  of(value: bigint): string {
    if (value !== this.#value) {
      this.#value = value;
      this.#text = value.toString();
    }
    return this.#text;
  }
}

export class RowFiles implements RowRecorder {
  readonly #folder: string;
  readonly #funding: LineFile;
  readonly #equity: LineFile;
  readonly #memory = Object.fromEntries(EQUITY_COLUMNS.map((name) => [name, new TextMemory()])) as Record<
    EquityColumn,
    TextMemory
  >;

  /** @param folder exists, and is this run's alone */
  constructor(folder: string) {
    this.#folder = folder;
    this.#funding = new LineFile(rowFile(folder, 'funding'));
    this.#equity = new LineFile(rowFile(folder, 'equity'));
  }

  funding(tsMs: number, rate: bigint, position: bigint, amount: bigint): void {
    this.#funding.add(`{"ts":${seconds(tsMs)},"rate":${rate},"position":${position},"amount":${amount}}`);
  }

  equity(tsMs: number, account: BacktestAccount): void {
    const { basis, slippage, fees, gas, external } = account.sources;
    const { price, funding, interest } = account;
    const values = { price, basis, slippage, funding, interest, fees, gas, external };
    const sources = EQUITY_COLUMNS.map((name) => `"${name}_femto":"${this.#memory[name].of(values[name])}"`).join(',');
    this.#equity.add(`{"ts":${seconds(tsMs)},"equity_femto":"${account.equity}",${sources}}`);
  }

  /** All rows are written when it returns. */
  end(trades: BacktestRun['trades']): void {
    const file = new LineFile(rowFile(this.#folder, 'trades'));
    for (const trade of trades) file.add(tradeText(trade));
    for (const each of [file, this.#funding, this.#equity]) each.close();
  }
}

const tradeText = (trade: BacktestRun['trades'][number]): string =>
  `{"ts":${seconds(trade.tsMs)},"side":"${trade.side}","size":${trade.size},"price":${trade.price},"quote":${trade.quote},` +
  `"fee":${trade.fee},"mark":${trade.mark},"oracle":${trade.oracle},"before":${trade.before},"after":${trade.after},"why":"${trade.why}"}`;

/** The lines of a file in chunks, each ending with a whole line. */
export function* linesOf(path: string): Generator<string> {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.allocUnsafe(CHUNK_CHARACTERS);
    let rest = '';
    for (let read = readSync(file, bytes); read > 0; read = readSync(file, bytes)) {
      const text = rest + bytes.toString('latin1', 0, read);
      const end = text.lastIndexOf('\n') + 1;
      rest = text.slice(end);
      if (end > 0) yield text.slice(0, end);
    }
    if (rest !== '') yield rest;
  } finally {
    closeSync(file);
  }
}
