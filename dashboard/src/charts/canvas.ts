/** One chart on its canvas: the only place that knows the library. */
import {
  AreaSeries,
  type AutoscaleInfo,
  BaselineSeries,
  ColorType,
  CrosshairMode,
  createChart,
  createSeriesMarkers,
  type IChartApi,
  type IPriceLine,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  LineSeries,
  LineStyle,
  LineType,
  type SeriesMarker,
  type SeriesType,
  TickMarkType,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts';
import { dateTime, day, hourMinute, month } from '../format/time.ts';
import type { GridPoint } from '../state/chart-data.ts';
import type { ChartSpec, Ink, LimitSpec, LineSpec } from './specs.ts';

const TRANSPARENT = 'rgba(0, 0, 0, 0)';

export interface TradeMark {
  readonly ms: number;
  readonly side: 'buy' | 'sell';
  /** Beside the arrow, where there is little room: `−10.00`. */
  readonly mark: string;
  readonly words: string;
}

interface CanvasEvents {
  /** The pointer's time, in the grid's own milliseconds; null: it is elsewhere. */
  readonly onHover: (ms: number | null) => void;
  /** A person dragged or pinched: the time that is in sight now. */
  readonly onLook: (fromMs: number, toMs: number) => void;
  /** Two fingers on a trackpad, or the wheel with Ctrl. Below 1: closer. */
  readonly onZoom: (factor: number) => void;
  readonly onReset: () => void;
}

/** Colours as the style sheet has them now. */
function palette(element: Element): (ink: Ink | 'ink-3' | 'line' | 'surface') => string {
  const style = getComputedStyle(element);
  return (ink) => style.getPropertyValue(`--${ink}`).trim();
}

/** `#rrggbb` or any colour the canvas knows, thinner. */
const faded = (colour: string, part: string): string => (/^#[\da-f]{6}$/i.test(colour) ? colour + part : TRANSPARENT);

/**
 * The library counts time in UTC and puts its day marks there. Times are handed over as if the reader's clock were UTC, so
 * that marks fall on the reader's days.
 */
const offsetMs = (ms: number): number => new Date(ms).getTimezoneOffset() * 60_000;

/** What the line needs, and at least the range that its limits stand in. */
function widened(info: AutoscaleInfo | null, within: readonly [number, number] | undefined): AutoscaleInfo | null {
  if (within === undefined) return info;
  const range = info?.priceRange ?? null;
  return {
    priceRange: {
      minValue: Math.min(within[0], range?.minValue ?? within[0]),
      maxValue: Math.max(within[1], range?.maxValue ?? within[1]),
    },
  };
}

const ZERO = { type: 'price' as const, price: 0 };
const AXIS_WIDTH = 78;
/** Pixels of the wheel for a factor of e. */
const WHEEL_ZOOM = 400;

const afterFrames = (work: () => void): void => void requestAnimationFrame(() => requestAnimationFrame(work));

/** A line's colours. Steps have the other colour below zero. */
function inkOf(kind: LineSpec['kind'], colour: string, below: string): object {
  if (kind === 'line') return { color: colour };
  if (kind === 'area') return { lineColor: colour, topColor: faded(colour, '40'), bottomColor: faded(colour, '05') };
  return {
    ...{ topLineColor: colour, topFillColor1: faded(colour, '66'), topFillColor2: faded(colour, '1a') },
    ...{ bottomLineColor: below, bottomFillColor1: faded(below, '1a'), bottomFillColor2: faded(below, '66') },
  };
}

/** From the last point before a gap nothing is drawn. */
const UNSEEN: Readonly<Record<LineSpec['kind'], object>> = {
  line: { color: TRANSPARENT },
  area: { lineColor: TRANSPARENT, topColor: TRANSPARENT, bottomColor: TRANSPARENT },
  steps: {
    ...{ topLineColor: TRANSPARENT, topFillColor1: TRANSPARENT, topFillColor2: TRANSPARENT },
    ...{ bottomLineColor: TRANSPARENT, bottomFillColor1: TRANSPARENT, bottomFillColor2: TRANSPARENT },
  },
};

export class ChartCanvas {
  readonly #host: HTMLElement;
  readonly #spec: ChartSpec;
  readonly #chart: IChartApi;
  readonly #lines = new Map<string, ISeriesApi<SeriesType>>();
  readonly #limits: { readonly on: string; readonly line: IPriceLine }[] = [];
  #marks: ISeriesMarkersPluginApi<Time> | null = null;
  /** They carry colours of their own, so another theme draws them again. */
  #shownLimits: readonly LimitSpec[] = [];
  /** Another size of the chart shows the same time again. */
  #window: readonly [number, number] | null = null;
  #shownTrades: readonly TradeMark[] = [];
  #shiftMs = 0;
  /** While we set the range, what the library reports is not a person's wish. */
  #moving = false;
  /** A hand is on the chart. Any other change of range is the library's own, as when the chart gets its size. */
  #held = false;
  readonly #ended = new AbortController();

  constructor(host: HTMLElement, spec: ChartSpec, events: CanvasEvents) {
    this.#host = host;
    this.#spec = spec;
    this.#chart = createChart(host, {
      autoSize: true,
      layout: { attributionLogo: false, fontSize: 11, panes: { enableResize: false } },
      crosshair: { mode: CrosshairMode.Magnet },
      handleScroll: { mouseWheel: false, pressedMouseMove: true, horzTouchDrag: true, vertTouchDrag: false },
      handleScale: { mouseWheel: false, pinch: true, axisPressedMouseMove: false, axisDoubleClickReset: false },
      kineticScroll: { touch: false, mouse: false },
      localization: { timeFormatter: (time: Time) => dateTime(this.#msOf(time)) },
      timeScale: {
        timeVisible: true,
        secondsVisible: false,
        minBarSpacing: 0.01,
        tickMarkFormatter: (time: Time, type: TickMarkType) => {
          const ms = this.#msOf(time);
          if (type === TickMarkType.Year || type === TickMarkType.Month) return month(ms);
          return type === TickMarkType.DayOfMonth ? day(ms) : hourMinute(ms);
        },
      },
    });
    for (const line of spec.lines) this.#lines.set(line.name, this.#addLine(line));
    if (spec.lines.some((line) => line.pane === 1)) {
      const [upper, lower] = this.#chart.panes();
      upper?.setStretchFactor(3);
      lower?.setStretchFactor(2);
    }
    const [first] = this.#lines.values();
    if (spec.trades && first !== undefined) this.#marks = createSeriesMarkers(first, []);
    this.#chart.subscribeCrosshairMove(({ time, sourceEvent }) => {
      if (sourceEvent !== undefined || time === undefined) events.onHover(time === undefined ? null : this.#msOf(time));
    });
    this.#chart.timeScale().subscribeVisibleTimeRangeChange((range) => {
      if (this.#moving || !this.#held || range === null) return;
      events.onLook(this.#msOf(range.from), this.#msOf(range.to));
    });
    this.#watchHands(events);
    this.#chart.timeScale().subscribeSizeChange(() => {
      if (this.#window !== null) this.setWindow(...this.#window);
    });
    this.paint();
  }

  #watchHands(events: CanvasEvents): void {
    const { signal } = this.#ended;
    const hold = (): void => {
      this.#held = true;
    };
    const release = (): void => afterFrames(() => (this.#held = false));
    for (const type of ['pointerdown', 'touchstart'])
      this.#host.addEventListener(type, hold, { signal, passive: true });
    for (const type of ['pointerup', 'touchend', 'touchcancel']) addEventListener(type, release, { signal });
    this.#host.addEventListener('dblclick', events.onReset, { signal });
    this.#host.addEventListener(
      'wheel',
      (event) => {
        if (!event.ctrlKey) return;
        event.preventDefault();
        events.onZoom(Math.exp(event.deltaY / WHEEL_ZOOM));
      },
      { signal, passive: false },
    );
  }

  #msOf(time: Time): number {
    return typeof time === 'number' ? time * 1_000 + this.#shiftMs : Number.NaN;
  }

  #timeOf(ms: number): UTCTimestamp {
    return Math.round((ms - this.#shiftMs) / 1_000) as UTCTimestamp;
  }

  #addLine(line: LineSpec): ISeriesApi<SeriesType> {
    const options = {
      priceFormat: { type: 'custom' as const, formatter: line.text, minMove: 0.000_001 },
      priceLineVisible: false,
      lastValueVisible: true,
      visible: line.hidden !== true,
      ...(line.within === undefined
        ? {}
        : {
            autoscaleInfoProvider: (original: () => AutoscaleInfo | null) => widened(original(), line.within),
          }),
    };
    const thin = { lineWidth: 2 as const, crosshairMarkerRadius: 3 };
    if (line.kind === 'steps') {
      const steps = { ...options, lineWidth: 1 as const, lineType: LineType.WithSteps, baseValue: ZERO };
      return this.#chart.addSeries(BaselineSeries, steps, line.pane);
    }
    if (line.kind === 'area') return this.#chart.addSeries(AreaSeries, { ...options, ...thin }, line.pane);
    return this.#chart.addSeries(LineSeries, { ...options, ...thin }, line.pane);
  }

  /** Takes the colours from the style sheet: at first, and when the theme changes. */
  paint(): void {
    const ink = palette(this.#host);
    this.#chart.applyOptions({
      layout: {
        background: { type: ColorType.Solid, color: TRANSPARENT },
        textColor: ink('ink-3'),
        fontFamily: getComputedStyle(this.#host).fontFamily,
        panes: { separatorColor: ink('line'), separatorHoverColor: ink('line') },
      },
      grid: { vertLines: { color: faded(ink('line'), '80') }, horzLines: { color: faded(ink('line'), '80') } },
      rightPriceScale: {
        ...{ borderColor: ink('line'), scaleMargins: { top: 0.12, bottom: 0.08 } },
        // All charts are as wide, so that the same time stands below itself.
        minimumWidth: AXIS_WIDTH,
      },
      timeScale: { borderColor: ink('line') },
      crosshair: {
        vertLine: { color: ink('ink-3'), labelBackgroundColor: ink('ink-2') },
        horzLine: { color: ink('ink-3'), labelBackgroundColor: ink('ink-2') },
      },
    });
    for (const line of this.#spec.lines) {
      const colour = ink(line.ink);
      this.#lines.get(line.name)?.applyOptions(inkOf(line.kind, colour, ink('bad')));
    }
    this.setLimits(this.#shownLimits);
    this.setTrades(this.#shownTrades);
  }

  /** All points of a line, on the grid of its chart. */
  setLine(name: string, grid: readonly GridPoint[]): void {
    const spec = this.#spec.lines.find((line) => line.name === name);
    const series = this.#lines.get(name);
    if (spec === undefined || series === undefined) return;
    this.#quietly(() =>
      series.setData(
        grid.map(({ ms, value, ends }) => {
          const time = this.#timeOf(ms);
          if (value === undefined) return { time };
          return ends === true ? { time, value, ...UNSEEN[spec.kind] } : { time, value };
        }),
      ),
    );
  }

  /** Called before the lines: the reader's clock at the end of the window decides. */
  setClock(ms: number): void {
    this.#shiftMs = offsetMs(ms);
  }

  show(name: string, visible: boolean): void {
    this.#lines.get(name)?.applyOptions({ visible });
  }

  setLimits(limits: readonly LimitSpec[]): void {
    this.#shownLimits = limits;
    for (const { on, line } of this.#limits.splice(0)) this.#lines.get(on)?.removePriceLine(line);
    const ink = palette(this.#host);
    for (const { on, at, label, ink: colour } of limits) {
      const line = this.#lines.get(on)?.createPriceLine({
        price: at,
        title: label,
        color: ink(colour),
        lineWidth: 1,
        lineStyle: LineStyle.Dashed,
        axisLabelVisible: true,
      });
      if (line !== undefined) this.#limits.push({ on, line });
    }
  }

  setTrades(trades: readonly TradeMark[]): void {
    this.#shownTrades = trades;
    const ink = palette(this.#host);
    const marks = trades.map(
      ({ ms, side, mark }): SeriesMarker<Time> => ({
        time: this.#timeOf(ms),
        text: mark,
        ...(side === 'sell'
          ? { position: 'aboveBar', shape: 'arrowDown', color: ink('short') }
          : { position: 'belowBar', shape: 'arrowUp', color: ink('long') }),
      }),
    );
    this.#marks?.setMarkers(marks);
  }

  /** Not while a hand moves the chart: it would jump back under it. */
  setWindow(fromMs: number, toMs: number): void {
    this.#window = [fromMs, toMs];
    if (this.#held || !(toMs > fromMs)) return;
    this.#quietly(() =>
      this.#chart.timeScale().setVisibleRange({ from: this.#timeOf(fromMs), to: this.#timeOf(toMs) }),
    );
  }

  /** Another chart's pointer, at the same time here. */
  point(ms: number | null, grid: readonly GridPoint[] | undefined): void {
    const [series] = this.#lines.values();
    const at = ms === null ? undefined : grid?.findLast((point) => point.ms <= ms && point.value !== undefined);
    if (series === undefined || at?.value === undefined) this.#chart.clearCrosshairPosition();
    else this.#chart.setCrosshairPosition(at.value, this.#timeOf(at.ms), series);
  }

  #quietly(work: () => void): void {
    this.#moving = true;
    work();
    // The library reports a change of range in its next frame.
    afterFrames(() => (this.#moving = false));
  }

  remove(): void {
    this.#ended.abort();
    this.#chart.remove();
  }
}
