/** The points of a chart: which range, on which grid of time, and where the gaps are. Pure; times are market time. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export const RANGES = ['1D', '1W', '1M', 'All'] as const;
export type RangeName = (typeof RANGES)[number];
const LENGTH_MS: Readonly<Record<RangeName, number>> = {
  '1D': DAY_MS,
  '1W': 7 * DAY_MS,
  '1M': 30 * DAY_MS,
  All: Number.POSITIVE_INFINITY,
};

/** What a person looks at. */
export interface ChartWindow {
  /** Null: from the beginning. */
  readonly fromMs: number | null;
  /** Null: up to now, and it moves on with the market. */
  readonly toMs: number | null;
}

export const windowOf = (name: RangeName, marketMs: number): ChartWindow => ({
  fromMs: Number.isFinite(LENGTH_MS[name]) ? marketMs - LENGTH_MS[name] : null,
  toMs: null,
});

/** Shorter than this there is nothing to see: the journal keeps one value every ten seconds, and later one a minute. */
export const SHORTEST_MS = 10 * MINUTE_MS;

/** `factor` below 1 zooms in. A window that ends now goes on ending now. */
export function zoomed(shown: ChartWindow, firstMs: number, marketMs: number, factor: number): ChartWindow {
  const from = shown.fromMs ?? firstMs;
  const to = shown.toMs ?? marketMs;
  const length = Math.max(SHORTEST_MS, (to - from) * factor);
  if (shown.toMs === null) return { fromMs: Math.max(firstMs, to - length), toMs: null };
  const middle = (from + to) / 2;
  return { fromMs: middle - length / 2, toMs: Math.min(marketMs, middle + length / 2) };
}

/** `by` of its own length, to the past if negative. */
export function moved(shown: ChartWindow, firstMs: number, marketMs: number, by: number): ChartWindow {
  const to = shown.toMs ?? marketMs;
  const from = shown.fromMs ?? firstMs;
  const length = to - from;
  const next = Math.min(marketMs, Math.max(firstMs + length, to + length * by));
  return { fromMs: next - length, toMs: next >= marketMs ? null : next };
}

const STEPS_MS = [
  ...[10, 30].map((seconds) => seconds * SECOND_MS),
  ...[1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440].map((minutes) => minutes * MINUTE_MS),
];

/** The finest step with at most `most` places in the window. */
export function stepFor(lengthMs: number, most: number): number {
  const least = lengthMs / most;
  return STEPS_MS.find((step) => step >= least) ?? Math.ceil(least / DAY_MS) * DAY_MS;
}

/** A moment of which both clocks are known. */
export interface ClockPair {
  readonly wallMs: number;
  readonly marketMs: number;
}

/** The market's time of a wall clock's, by the last moment before it of which both are known. */
export const marketTimeOf = (wallMs: number, known: ClockPair, speed: number | 'max' | null): number =>
  known.marketMs + Math.round((wallMs - known.wallMs) * (typeof speed === 'number' ? speed : 0));

export interface SeriesReading {
  /** Null: the server's own span decides, of which nothing is known yet. */
  readonly stepMs: number | null;
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly points: number;
}

interface SeriesReadingBasis {
  readonly marketMs: number;
  /** Where the account's history begins; null: no window has reached that far yet. */
  readonly beginsMs: number | null;
  /** Places in the window, and how much of its length is read beyond it on either side. */
  readonly places: number;
  readonly margin: number;
  readonly mostPoints: number;
}

/** What to ask for. The step suits the part of the window that has a history, so that a young account is not one point. */
export function readingOf(window: ChartWindow, basis: SeriesReadingBasis): SeriesReading {
  const { marketMs, beginsMs, places, margin, mostPoints } = basis;
  const wanted = window.fromMs ?? beginsMs;
  if (wanted === null) return { stepMs: null, fromMs: null, toMs: null, points: places };
  const start = Math.max(wanted, beginsMs ?? wanted);
  const end = window.toMs ?? marketMs;
  const length = Math.max(SHORTEST_MS, end - start);
  const stepMs = stepFor(length, places);
  const fromMs = Math.floor(start - length * margin);
  const toMs = window.toMs === null ? null : Math.ceil(end + length * margin);
  return { stepMs, fromMs, toMs, points: Math.min(mostPoints, Math.ceil(((toMs ?? end) - fromMs) / stepMs) + 2) };
}

/** As the server answers: time of the last read in it, lowest, highest, last. */
export type ServedPoint = readonly number[];

export interface GridPoint {
  readonly ms: number;
  /** Absent: nothing is known of this time. */
  readonly value?: number;
  /** The last one before a gap: nothing is drawn from here to the next. */
  readonly ends?: true;
}

/**
 * The points on a regular grid, so that a chart's axis is in proportion to time and a gap is as wide as it lasted. Where the
 * account was read less often than the grid's step, or older reads have been thinned, the distance between reads is not a gap.
 */
export function onGrid(points: readonly ServedPoint[], stepMs: number): readonly GridPoint[] {
  const distances = points.slice(1).map((point, index) => (point[0] ?? 0) - (points[index]?.[0] ?? 0));
  const grid: GridPoint[] = [];
  for (const [index, point] of points.entries()) {
    const [at = Number.NaN, , , last = Number.NaN] = point;
    const ms = Math.floor(at / stepMs) * stepMs;
    const before = grid.at(-1);
    // Several reads in one place: the last one counts.
    if (before !== undefined && before.ms >= ms) grid.pop();
    const usual = usualDistance(distances, index);
    const next = points[index + 1]?.[0];
    const ends = next !== undefined && next - at > GAP * Math.max(stepMs, usual, MINUTE_MS);
    grid.push(ends ? { ms, value: last, ends } : { ms, value: last });
    if (!ends) continue;
    const unit = Math.max(1, Math.ceil(usual / stepMs)) * stepMs;
    for (let empty = ms + unit; empty < next - unit / 2; empty += unit) grid.push({ ms: empty });
  }
  return grid;
}

/** Reads that come this much later than usual leave a gap. */
const GAP = 2.5;
const NEIGHBOURS = 5;

/** How far apart reads are around here: the longer of what is usual just before this distance, and just after it. */
function usualDistance(distances: readonly number[], index: number): number {
  const before = distances.slice(Math.max(0, index - NEIGHBOURS), index);
  const after = distances.slice(index + 1, index + 1 + NEIGHBOURS);
  return Math.max(middleOf(before), middleOf(after));
}

/** The lower median, or 0. */
const middleOf = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;

/** The sum of several series where all are known, such as fees, slippage and gas as one line. */
export function summed(series: readonly (readonly ServedPoint[])[]): readonly ServedPoint[] {
  const [first = [], ...others] = series;
  const known = others.map((points) => new Map(points.map((point) => [point[0], point[3] ?? Number.NaN])));
  return first.flatMap(([at = Number.NaN, , , last = Number.NaN]) => {
    const sum = known.reduce((total, values) => total + (values.get(at) ?? Number.NaN), last);
    return Number.isNaN(sum) ? [] : [[at, sum, sum, sum]];
  });
}

export interface Extent {
  readonly low: number;
  readonly high: number;
  readonly last: number;
}

export function extentOf(points: readonly ServedPoint[]): Extent | null {
  const last = points.at(-1)?.[3];
  if (last === undefined) return null;
  return {
    low: points.reduce((low, point) => Math.min(low, point[1] ?? low), last),
    high: points.reduce((high, point) => Math.max(high, point[2] ?? high), last),
    last,
  };
}

/** The grid's time of the value at or before `ms`; null: there is none. */
export function valueAt(grid: readonly GridPoint[], ms: number): number | null {
  let [low, high] = [0, grid.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const point = grid[middle];
    if (point === undefined || point.ms <= ms) low = middle + 1;
    else high = middle - 1;
  }
  return grid[high]?.value ?? null;
}

/** At most `most` rows of a table, newest first, evenly spread. */
export function spreadRows(grid: readonly GridPoint[], most: number): readonly GridPoint[] {
  const each = Math.max(1, Math.ceil(grid.length / most));
  return grid.filter((_, index) => (grid.length - 1 - index) % each === 0).toReversed();
}
