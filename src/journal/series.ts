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

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 366 * DAY_MS;

interface SeriesLevel {
  readonly spanMs: number;
  /** How long rows stay, before the newest; null: forever. */
  readonly keptMs: number | null;
}

/**
 * From fine to coarse; each span is a multiple of the one before. The finest has each read of a watch as it came. None but
 * the coarsest has more than six thousand rows, so that reading one takes some ten milliseconds.
 */
export const SERIES_LEVELS: readonly SeriesLevel[] = [
  { spanMs: 10 * SECOND_MS, keptMs: 6 * HOUR_MS },
  { spanMs: MINUTE_MS, keptMs: 2 * DAY_MS },
  { spanMs: 5 * MINUTE_MS, keptMs: 14 * DAY_MS },
  { spanMs: 30 * MINUTE_MS, keptMs: 120 * DAY_MS },
  { spanMs: 3 * HOUR_MS, keptMs: 2 * YEAR_MS },
  { spanMs: 12 * HOUR_MS, keptMs: 8 * YEAR_MS },
  { spanMs: DAY_MS, keptMs: null },
];
const [FINEST, ...COARSER] = SERIES_LEVELS as readonly [SeriesLevel, ...SeriesLevel[]];
/** All coarser ones are made together; this one shows until when. */
const ROLLED_UP = COARSER[0] as SeriesLevel;
const COARSEST = COARSER.at(-1) as SeriesLevel;

/** The figures of a span as the journal keeps them: for each name its lowest, highest and last value, NaN where unknown. */
const FIGURES_EACH = 3;
const FLOAT_BYTES = 8;
const NAME_BYTES = FIGURES_EACH * FLOAT_BYTES;

/** A span of time. Figures in the order of the names, three for each; NaN: not known in that time. */
interface Bucket {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly figures: readonly number[];
}

const startOf = (tsMs: number, spanMs: number): number => Math.floor(tsMs / spanMs) * spanMs;

/** A point as a row of one span. */
interface SpanBucket {
  readonly spanMs: number;
  readonly startMs: number;
  readonly bucket: Bucket;
}

/**
 * Called behind the fence, so that one writer adds at a time. Added again, a point changes nothing. A read costs a row of the
 * finest span; once a minute those rows are added to the coarser spans, and until then charts read them as they are.
 */
export async function addToSeries(trx: Tx, engineId: string, point: ChartPoint): Promise<void> {
  const { tsMs } = point;
  const bucket = bucketOfPoint(point);
  const rolledUpToMs = await rolledUpTo(trx, engineId);
  // A clock that went back: the coarser spans of that time have been made already.
  const levels = rolledUpToMs !== null && tsMs <= rolledUpToMs ? SERIES_LEVELS : [FINEST];
  const spans = levels.map(({ spanMs }) => ({ spanMs, startMs: startOf(tsMs, spanMs), bucket }));
  await mergeInto(trx, engineId, spans);
  const isOfNewMinute = rolledUpToMs === null || startOf(tsMs, MINUTE_MS) > startOf(rolledUpToMs, MINUTE_MS);
  if (isOfNewMinute) await rollUp(trx, engineId, rolledUpToMs);
}

/** The last time that the coarser spans know; null: they are empty. */
async function rolledUpTo(db: Db, engineId: string): Promise<number | null> {
  const { rows } = await sql<{ readonly last_ms: number }>`
    SELECT last_ms FROM series WHERE engine_id = ${engineId} AND span_ms = ${ROLLED_UP.spanMs}::int8
    ORDER BY start_ms DESC LIMIT 1`.execute(db);
  return rows[0]?.last_ms ?? null;
}

async function rollUp(trx: Tx, engineId: string, rolledUpToMs: number | null): Promise<void> {
  const since = rolledUpToMs ?? Number.MIN_SAFE_INTEGER;
  const { rows } = await sql<BucketRow & { readonly start_ms: number }>`
    SELECT start_ms, first_ms, last_ms, encode(figures, 'base64') AS figures FROM series
    WHERE engine_id = ${engineId} AND span_ms = ${FINEST.spanMs}::int8
      AND start_ms >= ${startOf(since, FINEST.spanMs)}::int8 AND last_ms > ${since}::int8
    ORDER BY start_ms`.execute(trx);
  const spans = new Map<string, SpanBucket>();
  for (const row of rows) {
    const fine = bucketOf(row);
    for (const { spanMs } of COARSER) {
      const startMs = startOf(row.start_ms, spanMs);
      const key = `${spanMs}/${startMs}`;
      const before = spans.get(key)?.bucket;
      spans.set(key, { spanMs, startMs, bucket: before === undefined ? fine : merged(before, fine) });
    }
  }
  await mergeInto(trx, engineId, [...spans.values()]);
}

async function mergeInto(trx: Tx, engineId: string, spans: readonly SpanBucket[]): Promise<void> {
  const { rows } = await sql<BucketRow & { readonly span_ms: number; readonly start_ms: number }>`
    SELECT span_ms, start_ms, first_ms, last_ms, encode(figures, 'base64') AS figures FROM series
    WHERE engine_id = ${engineId} AND (span_ms, start_ms) IN (${sql.join(
      spans.map(({ spanMs, startMs }) => sql`(${spanMs}::int8, ${startMs}::int8)`),
    )})`.execute(trx);
  const known = new Map(rows.map((row) => [`${row.span_ms}/${row.start_ms}`, bucketOf(row)]));
  await trx
    .insertInto('series')
    .values(
      spans.map(({ spanMs, startMs, bucket: now }) => {
        const before = known.get(`${spanMs}/${startMs}`);
        const bucket = before === undefined ? now : merged(before, now);
        return {
          engine_id: engineId,
          span_ms: spanMs,
          start_ms: startMs,
          first_ms: bucket.firstMs,
          last_ms: bucket.lastMs,
          figures: packedFigures(bucket.figures),
        };
      }),
    )
    .onConflict((oc) =>
      oc.columns(['engine_id', 'span_ms', 'start_ms']).doUpdateSet((eb) => ({
        first_ms: eb.ref('excluded.first_ms'),
        last_ms: eb.ref('excluded.last_ms'),
        figures: eb.ref('excluded.figures'),
      })),
    )
    .execute();
}

/**
 * A row of the finest span for a point that needs no other change, as parts of a larger statement.
 * `isPlain` is false where the span has a row already or the coarser ones are due: then `addToSeries` does it.
 */
export function plainSeriesRow(engineId: string, point: ChartPoint) {
  const { tsMs } = point;
  const startMs = startOf(tsMs, FINEST.spanMs);
  return {
    isPlain: sql<boolean>`NOT EXISTS (
        SELECT 1 FROM series WHERE engine_id = ${engineId} AND span_ms = ${FINEST.spanMs}::int8 AND start_ms = ${startMs}::int8
      ) AND EXISTS (
        SELECT 1 FROM series WHERE engine_id = ${engineId} AND span_ms = ${ROLLED_UP.spanMs}::int8
          AND start_ms = ${startOf(tsMs, ROLLED_UP.spanMs)}::int8 AND last_ms < ${tsMs}::int8
      ) AND NOT EXISTS (
        SELECT 1 FROM series WHERE engine_id = ${engineId} AND span_ms = ${ROLLED_UP.spanMs}::int8
          AND start_ms > ${startOf(tsMs, ROLLED_UP.spanMs)}::int8
      )`,
    columns: sql.raw('engine_id, span_ms, start_ms, first_ms, last_ms, figures'),
    values: sql`${engineId}::text, ${FINEST.spanMs}::int8, ${startMs}::int8, ${tsMs}::int8, ${tsMs}::int8,
      ${packedFigures(bucketOfPoint(point).figures)}::bytea`,
  };
}

function bucketOfPoint({ tsMs, values }: ChartPoint): Bucket {
  const figures = SERIES_NAMES.flatMap((_, place) => Array<number>(FIGURES_EACH).fill(values[place] ?? Number.NaN));
  return { firstMs: tsMs, lastMs: tsMs, figures };
}

interface BucketRow {
  readonly first_ms: number;
  readonly last_ms: number;
  /** Base64. */
  readonly figures: string;
}

function bucketOf(row: BucketRow): Bucket {
  const bytes = Buffer.from(row.figures, 'base64');
  const figures = Array.from({ length: bytes.length / FLOAT_BYTES }, (_, at) => bytes.readDoubleBE(at * FLOAT_BYTES));
  return { firstMs: row.first_ms, lastMs: row.last_ms, figures };
}

/** As Postgres writes bytes. */
export function packedFigures(figures: readonly number[]): string {
  const bytes = Buffer.allocUnsafe(figures.length * FLOAT_BYTES);
  for (const [at, figure] of figures.entries()) bytes.writeDoubleBE(figure, at * FLOAT_BYTES);
  return `\\x${bytes.toString('hex')}`;
}

/** What is unknown in one counts as the other has it. */
function merged(before: Bucket, now: Bucket): Bucket {
  const isLater = now.lastMs >= before.lastMs;
  const choose = [Math.min, Math.max, (a: number, b: number) => (isLater ? b : a)];
  return {
    firstMs: Math.min(before.firstMs, now.firstMs),
    lastMs: Math.max(before.lastMs, now.lastMs),
    figures: now.figures.map((figure, at) => {
      const earlier = before.figures[at] ?? Number.NaN;
      if (Number.isNaN(figure) || Number.isNaN(earlier)) return Number.isNaN(figure) ? earlier : figure;
      return choose[at % FIGURES_EACH]?.(earlier, figure) ?? figure;
    }),
  };
}

/** Points of a young account, or of a range that reaches beyond its history, are spread over what there is. */
export async function readSeries(db: Db, query: SeriesQuery): Promise<SeriesSpan> {
  const { engineId, names } = query;
  const edges = await edgesOf(db, engineId);
  const fromMs = query.fromMs ?? edges?.fromMs ?? query.toMs ?? 0;
  const toMs = query.toMs ?? Math.max(edges?.toMs ?? fromMs, fromMs);
  const empty = Object.fromEntries(names.map((name) => [name, []]));
  if (edges === null || edges.fromMs > toMs || edges.toMs < fromMs) return { fromMs, toMs, series: empty };
  const begins = Math.max(fromMs, edges.fromMs);
  // The grid may begin in the middle of a place, which then is one more.
  const wanted = Math.ceil((Math.min(toMs, edges.toMs) - begins + 1) / Math.max(1, query.points - 1));
  const { spanMs } = levelFor(wanted, begins, edges.toMs);
  // One place of a chart is a whole number of spans, on the same grid whatever the range begins with.
  const placeMs = Math.ceil(wanted / spanMs) * spanMs;
  const places = names.map((name) => SERIES_NAMES.indexOf(name));
  const first = Math.min(...places);
  const bytesEach = (Math.max(...places) + 1 - first) * NAME_BYTES;
  // All rows as one value in binary, of each what lies between the first name and the last: text costs three times as much.
  const { rows } = await sql<{ readonly packed: string | null }>`
    SELECT encode(
      string_agg(int8send(last_ms) || substr(figures, ${sql.lit(first * NAME_BYTES + 1)}, ${sql.lit(bytesEach)}),
        ''::bytea ORDER BY start_ms, span_ms DESC), 'base64'
    ) AS packed FROM series
    WHERE engine_id = ${engineId} AND start_ms <= ${toMs}::int8 AND last_ms >= ${fromMs}::int8
      AND (span_ms = ${spanMs}::int8 AND start_ms >= ${startOf(fromMs, spanMs)}::int8${await notYetIn(db, engineId, spanMs)})`.execute(
    db,
  );
  const bytes = Buffer.from(rows[0]?.packed ?? '', 'base64');
  const lines = places.map((place) =>
    pointsIn(bytes, { rowBytes: FLOAT_BYTES + bytesEach, placeMs, name: place - first }),
  );
  return { fromMs, toMs, series: Object.fromEntries(names.map((name, index) => [name, lines[index] ?? []])) };
}

/** The reads of the last minute, which a coarser span does not have yet. */
async function notYetIn(db: Db, engineId: string, spanMs: number) {
  const rolledUpToMs = spanMs === FINEST.spanMs ? null : await rolledUpTo(db, engineId);
  if (rolledUpToMs === null) return sql``;
  return sql` OR span_ms = ${FINEST.spanMs}::int8 AND start_ms >= ${startOf(rolledUpToMs, FINEST.spanMs)}::int8
      AND last_ms > ${rolledUpToMs}::int8`;
}

interface PackedLine {
  readonly rowBytes: number;
  readonly placeMs: number;
  /** The how manyeth of the row. */
  readonly name: number;
}

/** The points of one series, one for each place of the chart that has a value. */
function pointsIn(bytes: Buffer, { rowBytes, placeMs, name }: PackedLine): readonly SeriesPoint[] {
  const points: SeriesPoint[] = [];
  const offset = FLOAT_BYTES + name * NAME_BYTES;
  let open: number | null = null;
  let [tsMs, low, high, last] = [0, 0, 0, 0];
  for (let row = 0; row < bytes.length; row += rowBytes) {
    const at = row + offset;
    const value = bytes.readDoubleBE(at + 2 * FLOAT_BYTES);
    if (Number.isNaN(value)) continue;
    // A time is below 2^53: its upper half counts 2^32.
    const rowMs = bytes.readInt32BE(row) * 0x1_0000_0000 + bytes.readUInt32BE(row + 4);
    const place = Math.floor(rowMs / placeMs);
    if (place !== open && open !== null) points.push([tsMs, low, high, last]);
    const [least, most] = [bytes.readDoubleBE(at), bytes.readDoubleBE(at + FLOAT_BYTES)];
    low = place === open ? Math.min(low, least) : least;
    high = place === open ? Math.max(high, most) : most;
    [tsMs, last, open] = [rowMs, value, place];
  }
  if (open !== null) points.push([tsMs, low, high, last]);
  return points;
}

/** Null: nothing was ever added. */
async function edgesOf(db: Db, engineId: string): Promise<{ readonly fromMs: number; readonly toMs: number } | null> {
  const { rows } = await sql<{ readonly first: number | null; readonly last: number | null }>`
    SELECT min(first_ms) AS first, greatest(max(last_ms), (
      SELECT last_ms FROM series WHERE engine_id = ${engineId} AND span_ms = ${FINEST.spanMs}::int8
      ORDER BY start_ms DESC LIMIT 1
    )) AS last FROM series
    WHERE engine_id = ${engineId} AND span_ms = ${COARSEST.spanMs}::int8`.execute(db);
  const { first = null, last = null } = rows[0] ?? {};
  return first === null || last === null ? null : { fromMs: first, toMs: last };
}

/** The coarsest whose spans are fine enough, or the finest that still has the beginning of the range. */
function levelFor(wantedMs: number, fromMs: number, newestMs: number): SeriesLevel {
  const fine = SERIES_LEVELS.findLastIndex(({ spanMs }) => spanMs <= wantedMs);
  const reaching = SERIES_LEVELS.findIndex(({ keptMs }) => keptMs === null || fromMs >= newestMs - keptMs);
  return SERIES_LEVELS[Math.max(fine, reaching, 0)] ?? COARSEST;
}

export async function thinSeries(db: Db, engineId: string): Promise<number> {
  const edges = await edgesOf(db, engineId);
  if (edges === null) return 0;
  let removed = 0n;
  for (const { spanMs, keptMs } of SERIES_LEVELS) {
    if (keptMs === null) continue;
    const { numDeletedRows } = await db
      .deleteFrom('series')
      .where('engine_id', '=', engineId)
      .where('span_ms', '=', spanMs)
      .where('start_ms', '<', startOf(edges.toMs - keptMs, spanMs))
      .executeTakeFirst();
    removed += numDeletedRows;
  }
  return Number(removed);
}
