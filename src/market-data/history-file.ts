/**
 * Funding and lend histories in the shapes in which people have them: our replay's CSV, the answers of Hyperliquid and
 * Binance, Binance's monthly files; as CSV, JSON or Parquet. All become the replay's own columns.
 */
import { readFileSync } from 'node:fs';
import { HOURS_PER_YEAR, MS_PER_HOUR } from '../domain/money/units.ts';
import { ValidationError } from '../lib/errors.ts';
import { historyOf, MAX_TS_SECONDS, placeOf, type RowSource, unreadable, withCsv } from './csv.ts';
import { type CellPlace, cellNumber, HistoryTableBuilder, refuseCell } from './history-table.ts';
import { isRecording, visitRecording } from './recording.ts';
import {
  FUNDING_COLUMNS,
  type FundingHistory,
  LEND_COLUMNS,
  type LendHistory,
  refuseOtherPeriod,
  refuseRatesAbovePrice,
} from './replay.ts';

/** Where a file has no price: the rates are parts of one, and so is what a backtest says in per cent. */
const STAND_IN_PRICE = 100_000_000;
/** Decimals of a rate that is a fraction of the price. */
const FRACTION_SCALE = 15;
const FIRST_MS = 1e11;

interface FundingFile {
  readonly funding: FundingHistory;
  /** As the file calls it; null: it does not. */
  readonly market: string | null;
  readonly periodMs: number;
  readonly notes: readonly string[];
}

/** A shape other than ours: times in milliseconds, rates as fractions of the price. */
interface ForeignShape {
  readonly name: string;
  readonly time: string;
  readonly rate: string;
  readonly market: string | null;
  /** The oracle's price and the mark's, where the file has them. */
  readonly oracle: string | null;
  readonly mark: string | null;
  readonly intervalHours: string | null;
}

const FOREIGN: readonly ForeignShape[] = [
  {
    name: 'Hyperliquid fundingHistory',
    time: 'time',
    rate: 'fundingRate',
    market: 'coin',
    oracle: 'oraclePx',
    mark: 'markPx',
    intervalHours: null,
  },
  {
    name: 'Binance fundingRate',
    time: 'fundingTime',
    rate: 'fundingRate',
    market: 'symbol',
    oracle: 'markPrice',
    mark: 'markPrice',
    intervalHours: null,
  },
  {
    name: 'Binance monthly file',
    time: 'calc_time',
    rate: 'last_funding_rate',
    market: null,
    oracle: null,
    mark: null,
    intervalHours: 'funding_interval_hours',
  },
];

/** @throws ValidationError MARKET_DATA_INVALID, naming file, line or row, field, got, expected */
export async function readFundingFile(path: string, periodMs: number): Promise<FundingFile> {
  const file = isRecording(path)
    ? recordedFunding(path, periodMs)
    : await withRows(path, (source) => fundingOf(source, periodMs));
  refuseOtherPeriod(path, file.funding, file.periodMs);
  refuseRatesAbovePrice(path, file.funding, kindOf(path) === 'csv' ? undefined : 'row');
  return file;
}

/** @throws ValidationError MARKET_DATA_INVALID, naming file, line or row, field, got, expected */
export async function readLendFile(path: string): Promise<LendHistory> {
  return await withRows(path, (source) => historyOf(source, LEND_COLUMNS));
}

/** What MARKET_FEED=live recorded: each period at its own end, at the prices of when its rate was heard. */
function recordedFunding(path: string, periodMs: number): FundingFile {
  const table = fundingTable(path);
  visitRecording(path, ({ fundingRate, periodMs: endMs, oracle, mark }, line) => {
    if (fundingRate === null || endMs === null) return;
    table.begin(line, endMs, String(endMs));
    table.set('fundingRate', Number(fundingRate));
    table.set('oraclePriceTwap', Number(oracle));
    table.set('markPriceTwap', Number(mark));
  });
  return { funding: table.finish(), market: null, periodMs, notes: [] };
}

const fundingTable = (file: string, counts?: 'row') =>
  new HistoryTableBuilder(
    file,
    FUNDING_COLUMNS.map(({ name }) => name),
    counts,
  );

function fundingOf(source: RowSource, periodMs: number): FundingFile {
  const { header } = source;
  const shape = FOREIGN.find(({ time, rate }) => header.includes(time) && header.includes(rate));
  if (shape !== undefined && !header.includes('ts')) return foreignFunding(source, shape, periodMs);
  return { funding: historyOf(source, FUNDING_COLUMNS), market: null, periodMs, notes: [] };
}

function foreignFunding(source: RowSource, shape: ForeignShape, givenPeriodMs: number): FundingFile {
  const { file, header, counts, rows } = source;
  const at = (name: string | null): number => (name === null ? -1 : header.indexOf(name));
  const places = {
    time: at(shape.time),
    rate: at(shape.rate),
    market: at(shape.market),
    oracle: at(shape.oracle),
    mark: at(shape.mark),
    interval: at(shape.intervalHours),
  };
  const table = fundingTable(file, counts);
  let market: string | null = null;
  let intervalHours: string | null = null;
  const fractions: number[] = [];
  let unpriced = 0;
  for (const { line, cells } of rows) {
    const place = placeOf(source, line);
    const cell = (index: number): string => (index < 0 ? '' : (cells[index] as string));
    const time = cell(places.time);
    table.begin(line, timeMs(place, shape.time, time), time);
    market = theSame(place, shape.market ?? '', market, cell(places.market), 'one market a file');
    intervalHours = theSame(
      place,
      shape.intervalHours ?? '',
      intervalHours,
      cell(places.interval),
      'one interval a file',
    );
    const oracleText = cell(places.oracle);
    const hasPrice = oracleText !== '';
    if (!hasPrice) unpriced += 1;
    const oracle = hasPrice ? cellNumber(place, PRICE, oracleText) : STAND_IN_PRICE;
    const mark = hasPrice && places.mark >= 0 ? cellNumber(place, PRICE, cell(places.mark)) : oracle;
    const fraction = cellNumber(place, { ...FRACTION, name: shape.rate }, cell(places.rate));
    fractions.push(fraction);
    table.set('fundingRate', rateOf(fraction, oracle));
    table.set('oraclePriceTwap', oracle);
    table.set('markPriceTwap', mark);
  }
  const funding = table.finish();
  if (unpriced > 0) atStandInPrice(funding, fractions);
  return {
    funding,
    market: market === '' ? null : market,
    periodMs: intervalHours === null || intervalHours === '' ? givenPeriodMs : intervalMs(file, intervalHours),
    notes: unpriced === 0 ? [] : [unpricedNote(file, unpriced, funding.rows)],
  };
}

/** Binance has no price for its oldest rows. A price that is there in some rows alone would jump where it begins. */
function atStandInPrice({ rows, values }: FundingHistory, fractions: readonly number[]): void {
  for (let row = 0; row < rows; row += 1) values.fundingRate[row] = rateOf(fractions[row] as number, STAND_IN_PRICE);
  values.oraclePriceTwap.fill(STAND_IN_PRICE, 0, rows);
  values.markPriceTwap.fill(STAND_IN_PRICE, 0, rows);
}

function unpricedNote(file: string, unpriced: number, rows: number): string {
  const what = unpriced === rows ? 'has no price' : `has no price in ${unpriced} of ${rows} rows`;
  return `${file} ${what}: every hour counts at 100 USD. Per cent figures hold; dollars do not.`;
}

const PRICE = { name: 'price', scale: 6, positive: true } as const;
const FRACTION = { name: 'rate', scale: FRACTION_SCALE, positive: false } as const;

/** A fraction (1e-15) of a price (1e-6 USD) as USD at 1e-9, rounded half away from zero. */
function rateOf(fraction: number, oracle: number): number {
  const exact = BigInt(fraction) * BigInt(oracle);
  const half = exact < 0n ? -500_000_000_000n : 500_000_000_000n;
  return Number((exact + half) / 1_000_000_000_000n);
}

function timeMs(place: CellPlace, name: string, text: string): number {
  const ms = /^\d{12,14}$/.test(text) ? Number(text) : Number.NaN;
  if (!(ms >= FIRST_MS && ms < MAX_TS_SECONDS * 1_000)) {
    refuseCell(place, name, text, 'whole milliseconds since 1970, before the year 2100');
  }
  return ms;
}

function theSame(place: CellPlace, field: string, before: string | null, now: string, expected: string): string {
  if (before !== null && before !== now) refuseCell(place, field, now, `${before}: ${expected}`);
  return now;
}

function intervalMs(file: string, text: string): number {
  const hours = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (hours < 1 || hours > HOURS_PER_YEAR) {
    refuseCell({ file, line: 2 }, 'funding_interval_hours', text, 'whole hours of at least 1');
  }
  return hours * MS_PER_HOUR;
}

const kindOf = (path: string): 'csv' | 'json' | 'parquet' =>
  /\.parquet$/i.test(path) ? 'parquet' : /\.json$/i.test(path) ? 'json' : 'csv';

async function withRows<T>(path: string, use: (source: RowSource) => T): Promise<T> {
  switch (kindOf(path)) {
    case 'csv':
      return withCsv(path, use);
    case 'json':
      return use(rowsOfObjects(path, parseJson(path)));
    case 'parquet':
      return use(rowsOfObjects(path, await parquetObjects(path)));
  }
}

function parseJson(path: string): readonly unknown[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadable(path, error);
  }
  const refuse = (got: string): never => refuseCell({ file: path, line: 1 }, 'file', got, 'a JSON list of objects');
  try {
    const parsed: unknown = JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text);
    return Array.isArray(parsed) ? parsed : refuse(text);
  } catch (error) {
    if (error instanceof ValidationError) throw error;
    return refuse(text);
  }
}

async function parquetObjects(path: string): Promise<readonly unknown[]> {
  const { readParquet } = await import('./parquet.ts');
  return await readParquet(path);
}

function rowsOfObjects(file: string, objects: readonly unknown[]): RowSource {
  const first = objects[0];
  const header = typeof first === 'object' && first !== null ? Object.keys(first) : [];
  return { file, header, headerText: header.join(','), counts: 'row', rows: cellsOf(file, header, objects) };
}

function* cellsOf(file: string, header: readonly string[], objects: readonly unknown[]) {
  for (const [index, object] of objects.entries()) {
    const line = index + 1;
    if (typeof object !== 'object' || object === null) {
      refuseCell({ file, line, counts: 'row' }, 'row', String(object), 'an object with the columns of the first');
    }
    const values = object as Readonly<Record<string, unknown>>;
    yield { line, cells: header.map((name) => cellText(values[name], name)) };
  }
}

/** As a CSV would have it. A number's shortest text is the decimal that was meant. */
function cellText(value: unknown, name: string): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return String(name === 'ts' ? value.getTime() / 1_000 : value.getTime());
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
