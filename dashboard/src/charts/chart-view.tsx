/** One chart: its title, its lines with their figures at the pointer, the canvas, and the same as a table. */
import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { UNKNOWN } from '../format/number.ts';
import { dateTime } from '../format/time.ts';
import { carryFigures } from '../state/carry.ts';
import { type GridPoint, spreadRows, valueAt } from '../state/chart-data.ts';
import { stats } from '../state/store.ts';
import { ChartCanvas, type TradeMark } from './canvas.ts';
import { grids, look, lookBack, marketMs, shown, shownMs, tradeAt, tradesShown, zoom } from './chart-store.ts';
import type { ChartSpec, LineSpec } from './specs.ts';

/** The pointer's time and the chart that it is in: all charts show their figures of that time. */
const hover = signal<{ readonly ms: number; readonly chart: string } | null>(null);
const SETTLE_MS = 250;
const WHEEL_MS = 60;
const TABLE_ROWS = 60;
const NO_MARKS: readonly TradeMark[] = [];

const gridOf = (spec: ChartSpec, line: LineSpec): readonly GridPoint[] =>
  grids.value.get(`${spec.name}/${line.name}`) ?? [];

function useCanvas(spec: ChartSpec, off: ReadonlySet<string>) {
  const host = useRef<HTMLDivElement>(null);
  const canvas = useRef<ChartCanvas | null>(null);
  useEffect(() => {
    if (host.current === null) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let wanted = 1;
    const made = new ChartCanvas(host.current, spec, {
      onHover: (ms) => {
        hover.value = ms === null ? null : { ms, chart: spec.name };
      },
      onLook: (fromMs, toMs) => {
        clearTimeout(timer);
        // Reading waits until the hand rests.
        timer = setTimeout(() => look({ fromMs, toMs: toMs >= marketMs.peek() ? null : toMs }), SETTLE_MS);
      },
      onZoom: (factor) => {
        clearTimeout(timer);
        wanted *= factor;
        timer = setTimeout(() => {
          zoom(wanted);
          wanted = 1;
        }, WHEEL_MS);
      },
      onReset: lookBack,
    });
    canvas.current = made;
    const themes = [matchMedia('(prefers-color-scheme: dark)'), matchMedia('(forced-colors: active)')];
    const paint = (): void => made.paint();
    for (const theme of themes) theme.addEventListener('change', paint);
    return () => {
      clearTimeout(timer);
      for (const theme of themes) theme.removeEventListener('change', paint);
      made.remove();
    };
  }, [spec]);
  const all = grids.value;
  const { fromMs, toMs } = shownMs.value;
  const following = shown.value.toMs === null;
  const marks = spec.trades ? tradesShown.value : NO_MARKS;
  useEffect(() => {
    canvas.current?.setClock(toMs);
    for (const line of spec.lines) canvas.current?.setLine(line.name, all.get(`${spec.name}/${line.name}`) ?? []);
    canvas.current?.setWindow(fromMs, toMs);
    // A window that follows the market moves with the data, not by itself.
  }, [all, following ? 0 : toMs, following ? shown.value : fromMs]);
  useEffect(() => canvas.current?.setTrades(marks), [marks.map(({ ms, mark }) => `${ms}${mark}`).join()]);
  const now = stats.value;
  const carry = carryFigures.value;
  const limits = spec.limits(now, carry);
  const limitKey = limits.map(({ at, on }) => `${on}${at}`).join();
  useEffect(() => canvas.current?.setLimits(limits), [limitKey]);
  useEffect(() => {
    for (const line of spec.lines) canvas.current?.show(line.name, !off.has(line.name));
  }, [off]);
  const pointer = hover.value;
  useEffect(() => {
    if (pointer?.chart === spec.name) return;
    const [first] = spec.lines;
    canvas.current?.point(
      pointer?.ms ?? null,
      first === undefined ? undefined : grids.peek().get(`${spec.name}/${first.name}`),
    );
  }, [pointer]);
  return host;
}

export function ChartView({ spec }: { readonly spec: ChartSpec }) {
  const [off, setOff] = useState<ReadonlySet<string>>(
    new Set(spec.lines.filter((line) => line.hidden).map((line) => line.name)),
  );
  const host = useCanvas(spec, off);
  const empty = spec.lines.every((line) => gridOf(spec, line).filter(({ value }) => value !== undefined).length < 2);
  const toggle = (name: string): void => {
    const next = new Set(off);
    if (!next.delete(name)) next.add(name);
    setOff(next);
  };
  const titleId = `chart-${spec.name}-title`;
  return (
    <figure class="chart" data-testid={`chart-${spec.name}`} aria-labelledby={titleId}>
      <figcaption class="chart-head">
        <h3 id={titleId}>{spec.title}</h3>
        {empty ? null : <Legend spec={spec} off={off} onToggle={toggle} />}
      </figcaption>
      <div class={empty ? 'chart-frame is-empty' : 'chart-frame'}>
        <div class="chart-canvas" ref={host} role="img" aria-label={summary(spec)} />
        {empty ? <p class="chart-empty">The first points appear within a few minutes of market time.</p> : null}
      </div>
      <TableView spec={spec} />
    </figure>
  );
}

/** The chart in a sentence, for those who do not see it. */
function summary(spec: ChartSpec): string {
  const parts = spec.lines.map((line) => {
    const values = gridOf(spec, line).flatMap(({ value }) => value ?? []);
    const last = values.at(-1);
    if (last === undefined) return `${line.label} unknown`;
    const low = values.reduce((least, value) => Math.min(least, value), last);
    const high = values.reduce((most, value) => Math.max(most, value), last);
    return `${line.label} ${line.text(last)}, between ${line.text(low)} and ${line.text(high)}`;
  });
  return `${spec.title}. ${parts.join('. ')}. A table follows.`;
}

function Legend(props: {
  readonly spec: ChartSpec;
  readonly off: ReadonlySet<string>;
  readonly onToggle: (name: string) => void;
}) {
  const { spec, off, onToggle } = props;
  const at = hover.value?.ms ?? null;
  const trade = spec.trades === true && at !== null ? tradeAt(at) : null;
  return (
    <div class="legend">
      {spec.lines.map((line) => {
        const grid = gridOf(spec, line);
        const value = at === null ? (grid.at(-1)?.value ?? null) : valueAt(grid, at);
        const text = value === null ? UNKNOWN : line.text(value);
        const name = (
          <>
            <span class={`legend-ink ink-${line.ink}`} aria-hidden="true" />
            {line.label} <strong class={value === null ? 'is-unknown' : ''}>{text}</strong>
          </>
        );
        if (spec.lines.length < 3) {
          return (
            <span class="legend-line" key={line.name}>
              {name}
            </span>
          );
        }
        return (
          <button
            type="button"
            class="legend-line"
            key={line.name}
            aria-pressed={!off.has(line.name)}
            title={off.has(line.name) ? `Show ${line.label}` : `Hide ${line.label}`}
            onClick={() => onToggle(line.name)}
          >
            {name}
          </button>
        );
      })}
      {trade === null ? null : <span class="legend-line legend-trade">{trade.words}</span>}
    </div>
  );
}

/** Rendered only while it is open: sixty rows of each line in the window. */
function TableView({ spec }: { readonly spec: ChartSpec }) {
  const [open, setOpen] = useState(false);
  return (
    <details class="chart-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary data-testid={`chart-table-${spec.name}`}>Table</summary>
      {open ? <Rows spec={spec} /> : null}
    </details>
  );
}

function Rows({ spec }: { readonly spec: ChartSpec }) {
  const [first] = spec.lines;
  const { fromMs, toMs } = shownMs.value;
  const grid = first === undefined ? [] : gridOf(spec, first).filter(({ ms }) => ms >= fromMs && ms <= toMs);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section class="chart-rows" tabIndex={0} aria-label={`${spec.title}, as a table`}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Time</th>
            {spec.lines.map((line) => (
              <th scope="col" key={line.name}>
                {line.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {spreadRows(grid, TABLE_ROWS).map(({ ms }) => (
            <tr key={ms}>
              <th scope="row">{dateTime(ms)}</th>
              {spec.lines.map((line) => {
                const value = valueAt(gridOf(spec, line), ms);
                return (
                  <td class={value === null ? 'is-unknown' : ''} key={line.name}>
                    {value === null ? UNKNOWN : line.text(value)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
