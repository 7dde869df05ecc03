/** The charts of the page, with one range for all of them. Loaded after the first paint. */
import { useEffect, useState } from 'preact/hooks';
import { dateTime, fieldTime, timeZone } from '../format/time.ts';
import { ExternalLink, Panel } from '../panels/parts.tsx';
import { RANGES } from '../state/chart-data.ts';
import { connected, journalVersion, stats } from '../state/store.ts';
import { append, choice, choose, load, loadTrades, look, missing, move, shownMs, zoom } from './chart-store.ts';
import { ChartView } from './chart-view.tsx';
import { CHARTS } from './specs.ts';

/** Redrawing more often shows nothing more. */
const LIVE_EVERY_MS = 2_000;
const REREAD_MS = 300_000;
const ZOOM = 2;

export function ChartsPanel() {
  const online = connected.value;
  const known = stats.value !== null;
  const version = journalVersion.value;
  useEffect(() => {
    if (!online || !known) return undefined;
    if (choice.peek() === 'custom') void load();
    else choose(choice.peek() as (typeof RANGES)[number]);
    const live = setInterval(() => {
      const now = stats.peek();
      if (now !== null && !document.hidden) append(now);
    }, LIVE_EVERY_MS);
    const reread = setInterval(() => void load(), REREAD_MS);
    return () => {
      clearInterval(live);
      clearInterval(reread);
    };
  }, [online, known]);
  useEffect(() => {
    if (online) void loadTrades();
  }, [online, version]);
  return (
    <Panel id="charts" title="Charts" aside={<Ranges />}>
      {missing.value ? (
        <p class="note" role="status">
          The journal does not answer. The charts continue when it does.
        </p>
      ) : null}
      <div class="charts" data-testid="charts">
        {CHARTS.map((spec) => (
          <ChartView spec={spec} key={spec.name} />
        ))}
      </div>
      <p class="charts-foot">
        <Times />
        <span>
          Charts by <ExternalLink href="https://www.tradingview.com/">TradingView Lightweight Charts</ExternalLink>
        </span>
      </p>
    </Panel>
  );
}

/** Which times are shown, and in which zone; market time may be replayed. */
function Times() {
  const { fromMs, toMs } = shownMs.value;
  const speed = stats.value?.market?.speed ?? 1;
  return (
    <span data-testid="charts-times">
      {dateTime(fromMs)} to {dateTime(toMs)}, {timeZone(toMs)}
      {speed === 1 ? '' : ', market time'}
    </span>
  );
}

function Ranges() {
  const [open, setOpen] = useState(false);
  const now = choice.value;
  return (
    <div class="ranges">
      <fieldset class="range-set">
        <legend class="sr-only">Range of the charts</legend>
        {RANGES.map((name) => (
          <button
            type="button"
            class="range"
            key={name}
            aria-pressed={now === name}
            onClick={() => choose(name)}
            data-testid={`range-${name}`}
          >
            {name.replace(/^(\d)/, '$1 ')}
          </button>
        ))}
        <button
          type="button"
          class="range"
          aria-pressed={now === 'custom'}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
          data-testid="range-custom"
        >
          Custom
        </button>
      </fieldset>
      <fieldset class="range-set">
        <legend class="sr-only">Zoom and move</legend>
        <Step label="Earlier" sign="‹" onPress={() => move(-0.5)} />
        <Step label="Later" sign="›" onPress={() => move(0.5)} />
        <Step label="Zoom in" sign="+" onPress={() => zoom(1 / ZOOM)} />
        <Step label="Zoom out" sign="−" onPress={() => zoom(ZOOM)} />
      </fieldset>
      {open ? <CustomRange onDone={() => setOpen(false)} /> : null}
    </div>
  );
}

function Step(props: { readonly label: string; readonly sign: string; readonly onPress: () => void }) {
  return (
    <button type="button" class="range" aria-label={props.label} title={props.label} onClick={props.onPress}>
      {props.sign}
    </button>
  );
}

function CustomRange({ onDone }: { readonly onDone: () => void }) {
  const { fromMs, toMs } = shownMs.peek();
  const [from, setFrom] = useState(fieldTime(fromMs));
  const [to, setTo] = useState(fieldTime(toMs));
  const [start, end] = [Date.parse(from), Date.parse(to)];
  const wrong =
    Number.isNaN(start) || Number.isNaN(end) ? 'Enter both times.' : start >= end ? 'Start before the end.' : null;
  return (
    <form
      class="range-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (wrong !== null) return;
        look({ fromMs: start, toMs: end });
        onDone();
      }}
    >
      <label>
        From
        <input
          type="datetime-local"
          value={from}
          onInput={(event) => setFrom(event.currentTarget.value)}
          data-testid="range-from"
        />
      </label>
      <label>
        To
        <input
          type="datetime-local"
          value={to}
          onInput={(event) => setTo(event.currentTarget.value)}
          data-testid="range-to"
        />
      </label>
      <button type="submit" class="button button-quiet" disabled={wrong !== null} data-testid="range-apply">
        Show
      </button>
      <span class="field-problem" role="status">
        {wrong ?? ''}
      </span>
    </form>
  );
}
