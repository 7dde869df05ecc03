/**
 * The series behind charts. Each read of the account falls into one span of each length, which keeps the lowest, the
 * highest and the last value of every series. A chart of any range then reads a few thousand rows, however long the history.
 */
import { Buffer } from 'node:buffer';
import { sql } from 'kysely';
import type { ChartPoint } from '../domain/figures/chart-point.ts';
import { SERIES_NAMES } from '../domain/figures/series-names.ts';
import type { SeriesPoint, SeriesQuery, SeriesSpan } from './records.ts';
import type { Db, Tx } from './writes.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

interface SeriesLevel {
  readonly spanMs: number;
  /** How long rows stay, before the newest; null: forever. */
  readonly keptMs: number | null;
}

/** From fine to coarse; each span is a multiple of the one before. The journal names a level by its place. */
export const SERIES_LEVELS: readonly SeriesLevel[] = [
  { spanMs: MINUTE_MS, keptMs: 2 * DAY_MS },
  { spanMs: 5 * MINUTE_MS, keptMs: 14 * DAY_MS },
  { spanMs: 30 * MINUTE_MS, keptMs: 120 * DAY_MS },
  { spanMs: 3 * HOUR_MS, keptMs: null },
  { spanMs: DAY_MS, keptMs: null },
];

type SeriesValues = readonly (number | null)[];

interface Bucket {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly low: SeriesValues;
  readonly high: SeriesValues;
  readonly last: SeriesValues;
}

const startOf = (tsMs: number, spanMs: number): number => Math.floor(tsMs / spanMs) * spanMs;

/** Called behind the fence, so that one writer adds at a time. Added again, a point changes nothing. */
export async function addToSeries(trx: Tx, engineId: string, { tsMs, values }: ChartPoint): Promise<void> {
  const starts = SERIES_LEVELS.map(({ spanMs }) => startOf(tsMs, spanMs));
  const { rows } = await sql<BucketRow>`
    SELECT level, first_ms, last_ms, low::text, high::text, last::text FROM series
    WHERE engine_id = ${engineId} AND (level, start_ms) IN (${sql.join(
      starts.map((start, level) => sql`(${level}::int2, ${start}::int8)`),
    )})`.execute(trx);
  const known = new Map(rows.map((row) => [Number(row.level), bucketOf(row)]));
  const point: Bucket = { firstMs: tsMs, lastMs: tsMs, low: values, high: values, last: values };
  await trx
    .insertInto('series')
    .values(
      starts.map((start, level) => {
        const before = known.get(level);
        const { firstMs, lastMs, low, high, last } = before === undefined ? point : merged(before, point);
        return {
          engine_id: engineId,
          level,
          start_ms: start,
          first_ms: firstMs,
          last_ms: lastMs,
          low: arrayText(low),
          high: arrayText(high),
          last: arrayText(last),
        };
      }),
    )
    .onConflict((oc) =>
      oc.columns(['engine_id', 'level', 'start_ms']).doUpdateSet((eb) => ({
        first_ms: eb.ref('excluded.first_ms'),
        last_ms: eb.ref('excluded.last_ms'),
        low: eb.ref('excluded.low'),
        high: eb.ref('excluded.high'),
        last: eb.ref('excluded.last'),
      })),
    )
    .execute();
}

interface BucketRow {
  readonly level: number;
  readonly first_ms: number;
  readonly last_ms: number;
  readonly low: string;
  readonly high: string;
  readonly last: string;
}

const bucketOf = (row: BucketRow): Bucket => ({
  firstMs: row.first_ms,
  lastMs: row.last_ms,
  low: valuesIn(row.low),
  high: valuesIn(row.high),
  last: valuesIn(row.last),
});

const arrayText = (values: SeriesValues): string => `{${values.map((value) => value ?? 'NULL').join(',')}}`;

function valuesIn(text: string): SeriesValues {
  const inner = text.slice(1, -1);
  return inner === '' ? [] : inner.split(',').map((value) => (value === 'NULL' ? null : Number(value)));
}

/** What is unknown in one counts as the other has it. */
function merged(before: Bucket, now: Bucket): Bucket {
  const later = now.lastMs >= before.lastMs;
  const each = (choose: (a: number, b: number) => number, a: SeriesValues, b: SeriesValues): SeriesValues =>
    SERIES_NAMES.map((_, place) => {
      const [left, right] = [a[place] ?? null, b[place] ?? null];
      return left === null || right === null ? (left ?? right) : choose(left, right);
    });
  return {
    firstMs: Math.min(before.firstMs, now.firstMs),
    lastMs: Math.max(before.lastMs, now.lastMs),
    low: each(Math.min, before.low, now.low),
    high: each(Math.max, before.high, now.high),
    last: each((a, b) => (later ? b : a), before.last, now.last),
  };
}

export async function readSeries(db: Db, query: SeriesQuery): Promise<SeriesSpan> {
  const { engineId, names } = query;
  const edges = await edgesOf(db, engineId);
  const fromMs = query.fromMs ?? edges?.fromMs ?? query.toMs ?? 0;
  const toMs = query.toMs ?? Math.max(edges?.toMs ?? fromMs, fromMs);
  const empty = Object.fromEntries(names.map((name) => [name, []]));
  if (edges === null) return { fromMs, toMs, series: empty };
  // The grid may begin in the middle of a place, which then is one more.
  const wanted = Math.max(1, Math.ceil((toMs - fromMs + 1) / Math.max(1, query.points - 1)));
  const level = levelFor(wanted, fromMs, edges.toMs);
  const { spanMs } = SERIES_LEVELS[level] as SeriesLevel;
  // One place of a chart is a whole number of spans, on the same grid whatever the range begins with.
  const placeMs = Math.ceil(wanted / spanMs) * spanMs;
  const figures = names.map((name) => {
    const place = SERIES_NAMES.indexOf(name) + 1;
    return sql`low[${sql.lit(place)}], high[${sql.lit(place)}], last[${sql.lit(place)}]`;
  });
  // All rows as one value in binary: thousands of rows of text cost three times the processor time.
  const { rows } = await sql<{ readonly packed: string | null }>`
    SELECT encode(
      string_agg(int8send(last_ms) || array_send(ARRAY[${sql.join(figures)}]), ''::bytea ORDER BY start_ms), 'base64'
    ) AS packed FROM series
    WHERE engine_id = ${engineId} AND level = ${level}::int2
      AND start_ms >= ${startOf(fromMs, spanMs)}::int8 AND start_ms <= ${toMs}::int8 AND last_ms >= ${fromMs}::int8`.execute(
    db,
  );
  const series = names.map(() => new PointLine(placeMs));
  readPacked(Buffer.from(rows[0]?.packed ?? '', 'base64'), names.length * 3, (tsMs, values) => {
    for (const [index, line] of series.entries()) line.add(tsMs, values, index * 3);
  });
  return { fromMs, toMs, series: Object.fromEntries(names.map((name, index) => [name, series[index]?.points ?? []])) };
}

/** Dimensions, null flag, type, length and lower bound of a one-dimensional array as `array_send` writes it. */
const ARRAY_HEADER_BYTES = 20;
const FLOAT_BYTES = 8;

/** Rows of a time and an array each. An element is its length and its bytes, or a negative length where it is NULL. */
function readPacked(bytes: Buffer, count: number, take: (tsMs: number, values: SeriesValues) => void): void {
  for (let at = 0; at < bytes.length; ) {
    const tsMs = Number(bytes.readBigInt64BE(at));
    at += FLOAT_BYTES + ARRAY_HEADER_BYTES;
    const values: (number | null)[] = [];
    for (let place = 0; place < count; place += 1) {
      const isKnown = bytes.readInt32BE(at) >= 0;
      at += 4;
      values.push(isKnown ? bytes.readDoubleBE(at) : null);
      if (isKnown) at += FLOAT_BYTES;
    }
    take(tsMs, values);
  }
}

/** Null: nothing was ever added. */
async function edgesOf(db: Db, engineId: string): Promise<{ readonly fromMs: number; readonly toMs: number } | null> {
  const coarse = SERIES_LEVELS.length - 1;
  const { rows } = await sql<{ readonly first: number | null; readonly last: number | null }>`
    SELECT min(first_ms) AS first, max(last_ms) AS last FROM series
    WHERE engine_id = ${engineId} AND level = ${coarse}::int2`.execute(db);
  const { first = null, last = null } = rows[0] ?? {};
  return first === null || last === null ? null : { fromMs: first, toMs: last };
}

/** The coarsest whose spans are fine enough, or the finest that still has the beginning of the range. */
function levelFor(wantedMs: number, fromMs: number, newestMs: number): number {
  let level = 0;
  while (level + 1 < SERIES_LEVELS.length && (SERIES_LEVELS[level + 1] as SeriesLevel).spanMs <= wantedMs) level += 1;
  const reaches = ({ keptMs }: SeriesLevel): boolean => keptMs === null || fromMs >= newestMs - keptMs;
  while (level + 1 < SERIES_LEVELS.length && !reaches(SERIES_LEVELS[level] as SeriesLevel)) level += 1;
  return level;
}

/** Points of one series, one for each place of the chart. */
class PointLine {
  readonly points: SeriesPoint[] = [];
  readonly #placeMs: number;
  #place = Number.NEGATIVE_INFINITY;

  constructor(placeMs: number) {
    this.#placeMs = placeMs;
  }

  add(tsMs: number, values: SeriesValues, at: number): void {
    const low = values[at] ?? null;
    const high = values[at + 1] ?? null;
    const last = values[at + 2] ?? null;
    if (low === null || high === null || last === null) return;
    const place = Math.floor(tsMs / this.#placeMs);
    const point = this.points.at(-1);
    if (point === undefined || place !== this.#place) {
      this.#place = place;
      this.points.push([tsMs, low, high, last]);
      return;
    }
    this.points[this.points.length - 1] = [tsMs, Math.min(point[1], low), Math.max(point[2], high), last];
  }
}

export async function thinSeries(db: Db, engineId: string): Promise<number> {
  const edges = await edgesOf(db, engineId);
  if (edges === null) return 0;
  let removed = 0n;
  for (const [level, { spanMs, keptMs }] of SERIES_LEVELS.entries()) {
    if (keptMs === null) continue;
    const { numDeletedRows } = await db
      .deleteFrom('series')
      .where('engine_id', '=', engineId)
      .where('level', '=', level)
      .where('start_ms', '<', startOf(edges.toMs - keptMs, spanMs))
      .executeTakeFirst();
    removed += numDeletedRows;
  }
  return Number(removed);
}
