/** What the charts show now: the window, the series of it, and our trades. Read from the server at the window's own step. */
import { computed, signal } from '@preact/signals';
import { SERIES_NAMES, type SeriesName } from '../../../src/domain/figures/series-names.ts';
import { type ListItem, Series } from '../../../src/protocol/api.ts';
import type { State } from '../../../src/protocol/state.ts';
import { plain, sol, usd } from '../format/number.ts';
import { fetchAnswer } from '../socket/answers.ts';
import { fetchList } from '../socket/lists.ts';
import {
  type ChartWindow,
  type GridPoint,
  marketTimeOf,
  moved,
  onGrid,
  RANGES,
  type RangeName,
  readingOf,
  type ServedPoint,
  stepFor,
  summed,
  windowOf,
  zoomed,
} from '../state/chart-data.ts';
import { kept } from '../state/kept.ts';
import { nowMs, stats } from '../state/store.ts';
import type { TradeMark } from './canvas.ts';
import { CHARTS, SERIES_SHOWN } from './specs.ts';

/** More places than a chart has pixels show nothing more. */
const PLACES = 500;
/** Read beyond the window on either side, so that dragging shows something at once. */
const MARGIN = 0.5;
const MAX_POINTS = 5_000;
/** Points that came live are replaced by the journal's own after this many. */
const LIVE_POINTS = 120;
const MAX_TRADES = 200;

type SeriesMap = Readonly<Partial<Record<SeriesName, readonly ServedPoint[]>>>;

interface ChartData {
  readonly stepMs: number;
  readonly series: SeriesMap;
  /** How many points came live since. */
  readonly live: number;
}

/** The named range that was chosen last: after a reload it is chosen again. */
const named = kept<RangeName>('charts', '1W', (value) => (RANGES as readonly unknown[]).includes(value));
export const choice = signal<RangeName | 'custom'>(named.peek());
export const shown = signal<ChartWindow>({ fromMs: null, toMs: null });
const data = signal<ChartData | null>(null);
/** The server did not answer. */
export const missing = signal(false);
export const trades = signal<readonly TradeMark[]>([]);

/** Market time of the newest figures; between two messages it stands still. */
export const marketMs = computed(() => stats.value?.market?.market_time ?? nowMs.value);
const firstMs = computed(() => {
  const starts = SERIES_SHOWN.flatMap((name) => data.value?.series[name]?.[0]?.[0] ?? []);
  return starts.length === 0 ? marketMs.value : Math.min(...starts);
});

/** The window in figures: from the first point, to now. */
export const shownMs = computed(() => {
  const { fromMs, toMs } = shown.value;
  return { fromMs: Math.max(fromMs ?? firstMs.value, firstMs.value), toMs: toMs ?? marketMs.value };
});

/** Grids by chart and line, as `equity/funding`. */
export const grids = computed((): ReadonlyMap<string, readonly GridPoint[]> => {
  const now = data.value;
  if (now === null) return new Map();
  return new Map(
    CHARTS.flatMap(({ name, lines }) =>
      lines.map((line) => {
        const parts = line.of.map((each) => now.series[each] ?? []);
        const points = parts.length === 1 ? (parts[0] ?? []) : summed(parts);
        const { scale } = line;
        const state = stats.peek();
        const scaled =
          scale === undefined
            ? points
            : points.map(([at = 0, ...values]) => [at, ...values.map((value) => scale(value, state))]);
        return [`${name}/${line.name}`, onGrid(scaled, now.stepMs)] as const;
      }),
    ),
  );
});

/** Where the history begins, once a window has reached beyond it. */
let beginsMs: number | null = null;
const readingNow = () =>
  readingOf(shown.value, {
    ...{ marketMs: marketMs.value, beginsMs, places: PLACES, margin: MARGIN, mostPoints: MAX_POINTS },
  });

let asked = 0;
/** The last request wins. */
export async function load(): Promise<void> {
  asked += 1;
  const ticket = asked;
  const reading = readingNow();
  const query = new URLSearchParams({ names: SERIES_SHOWN.join(','), points: String(reading.points) });
  if (reading.fromMs !== null) query.set('from', String(reading.fromMs));
  if (reading.toMs !== null) query.set('to', String(reading.toMs));
  const answer = await fetchAnswer(`/api/series?${query}`, Series);
  if (ticket !== asked) return;
  missing.value = answer === null;
  if (answer === null) return;
  const series = answer.series as SeriesMap;
  const stepMs = reading.stepMs ?? stepFor(answer.to - answer.from, PLACES);
  data.value = { stepMs, series, live: 0 };
  const hasHistory = SERIES_SHOWN.some((name) => (series[name]?.length ?? 0) > 0);
  if (hasHistory && (reading.fromMs === null || firstMs.value > reading.fromMs + stepMs)) beginsMs = firstMs.value;
  // A window that begins before the account: its step was too coarse for what there is.
  if ((readingNow().stepMs ?? stepMs) < stepMs) await load();
}

export function choose(name: RangeName): void {
  named.value = name;
  choice.value = name;
  shown.value = windowOf(name, marketMs.value);
  void load();
}

/** A window of a person's own. */
export function look(window: ChartWindow): void {
  choice.value = 'custom';
  shown.value = window;
  void load();
}

/** Back from a window of one's own. */
export const lookBack = (): void => choose(named.peek());

export const zoom = (factor: number): void => look(zoomed(shown.value, firstMs.value, marketMs.value, factor));
export const move = (by: number): void => look(moved(shown.value, firstMs.value, marketMs.value, by));

/** A trade has the wall clock's time, and a chart the market's: made-up and recorded markets have a clock of their own. */
const marketTimes = new Map<string, number>();
/** Each asks the journal once. */
const MOST_ASKED = 20;
const SAME_CLOCK_MS = 60_000;

const keyOf = ({ signature, index }: ListItem<'trades'>): string => `${signature}/${index}`;

/** By the decision before it, which has both clocks. */
async function learnMarketTime(trade: ListItem<'trades'>): Promise<void> {
  const page = await fetchList('decisions', 1, null, { from: null, to: trade.ts });
  const [decision] = typeof page === 'string' ? [] : page.items;
  if (decision === undefined) return;
  const known = { wallMs: decision.ts, marketMs: decision.market_ts };
  marketTimes.set(keyOf(trade), marketTimeOf(trade.ts, known, stats.peek()?.market?.speed ?? null));
}

export async function loadTrades(): Promise<void> {
  const page = await fetchList('trades', MAX_TRADES);
  if (typeof page === 'string') return;
  // A market that has the wall clock needs no question.
  const sharesClock = stats.peek()?.engine.mode === 'live' || Math.abs(marketMs.peek() - nowMs.peek()) < SAME_CLOCK_MS;
  const unknown = sharesClock ? [] : page.items.filter((trade) => !marketTimes.has(keyOf(trade)));
  await Promise.all(unknown.slice(0, MOST_ASKED).map(learnMarketTime));
  trades.value = page.items.flatMap((trade) => {
    const ms = sharesClock ? trade.ts : marketTimes.get(keyOf(trade));
    return ms === undefined ? [] : [markOf(trade, ms)];
  });
}

const markOf = ({ side, size, price }: ListItem<'trades'>, ms: number): TradeMark => ({
  ...{ ms, side },
  mark: plain(side === 'sell' ? -size : size, 2, 'always'),
  words: `${side === 'sell' ? 'Sold' : 'Bought'} ${sol(size)} at ${usd(price)}`,
});

/** Our trades in the window. The one that began the history may be a moment older than its first point. */
export const tradesShown = computed((): readonly TradeMark[] => {
  const { fromMs, toMs } = shownMs.value;
  const slack = data.value?.stepMs ?? 0;
  return trades.value.filter(({ ms }) => ms >= fromMs - slack && ms <= toMs);
});

/** The trade nearest to the pointer's time; null: none is that near. */
export function tradeAt(ms: number): TradeMark | null {
  const stepMs = data.value?.stepMs ?? 0;
  const near = tradesShown.value.filter((trade) => Math.abs(trade.ms - ms) <= 1.5 * stepMs);
  return near.toSorted((a, b) => Math.abs(a.ms - ms) - Math.abs(b.ms - ms))[0] ?? null;
}

/** The newest figures by the series' names; unknown ones are left out, and the chart has a gap. */
function liveValues(now: State): Partial<Record<SeriesName, number | null>> {
  const { account, market, drift_state: drift } = now;
  const sources = Object.fromEntries(
    Object.entries(account?.sources ?? {}).map(([source, value]) => [`equity_${source}`, value]),
  );
  return {
    equity: account?.equity ?? null,
    ...sources,
    price: market?.oracle_valid === true ? market.oracle_price : null,
    funding_rate: market?.funding.last_rate ?? null,
    health: account?.health_exact ?? null,
    hedge_deviation: account?.drift_from_target_pct ?? null,
    net_delta: drift.net_delta,
  };
}

/** Appends the newest figures, or replaces the last point while its place lasts. */
export function append(now: State): void {
  const before = data.peek();
  const at = now.market?.market_time;
  if (before === null || at === undefined || shown.peek().toMs !== null) return;
  const values = liveValues(now);
  let grew = false;
  const series = Object.fromEntries(
    SERIES_NAMES.map((name) => {
      const points = before.series[name] ?? [];
      const value = values[name];
      const last = points.at(-1)?.[0] ?? 0;
      if (value == null || at <= last) return [name, points];
      const sameplace = Math.floor(at / before.stepMs) === Math.floor(last / before.stepMs);
      grew ||= !sameplace;
      return [name, [...(sameplace ? points.slice(0, -1) : points), [at, value, value, value]]];
    }),
  ) as SeriesMap;
  data.value = { ...before, series, live: before.live + (grew ? 1 : 0) };
  if (before.live + 1 > LIVE_POINTS) void load();
}
