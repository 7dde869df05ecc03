/** A chart of a million reads, over HTTP: two thousand points out of the spans that the journal keeps. */

import { SERIES_NAMES } from '../src/domain/figures/series-names.ts';
import type { Journal } from '../src/journal/journal.ts';
import { openJournal } from '../src/journal/open-journal.ts';
import type { SeriesPoint } from '../src/journal/records.ts';
import { packedFigures, SERIES_LEVELS } from '../src/journal/series.ts';
import { ENGINE_ID, TOKEN, testBridge } from '../tests/support/bridge.ts';
import { inBenchFolder } from './support/bench-folder.ts';
import { percentile } from './support/measure.ts';
import { type Finding, say } from './support/report.ts';

const READS = 1_000_000;
const POINTS = 2_000;
const GOAL_MS = 100;
const WARM_UP = 5;
const ROUNDS = 60;
const FIRST_MS = Date.UTC(2024, 0, 1);
const ROWS_PER_INSERT = 1_000;

interface Chart {
  readonly what: string;
  /** Between two reads. */
  readonly everyMs: number;
  readonly names: readonly string[];
}

/** A watch that polls every 10 s; and the reads that leave the most spans to merge: just too many for half days. */
const CHARTS: readonly Chart[] = [
  { what: 'equity, read every 10 s', everyMs: 10_000, names: ['equity'] },
  {
    what: 'price, rate, health and deviation',
    everyMs: 10_000,
    names: ['price', 'funding_rate', 'health', 'hedge_deviation'],
  },
  { what: 'all series, read every 10 s', everyMs: 10_000, names: SERIES_NAMES },
  { what: 'equity, the most spans', everyMs: 86_000, names: ['equity'] },
  { what: 'all series, the most spans', everyMs: 86_000, names: SERIES_NAMES },
];

export const benchSeries = (): Promise<readonly Finding[]> => inBenchFolder(measuredSeries);

async function measuredSeries(folder: string): Promise<readonly Finding[]> {
  const journal = await openJournal({ databaseUrl: null, dataDir: `${folder}/journal` });
  const findings: Finding[] = [];
  try {
    for (const everyMs of new Set(CHARTS.map((chart) => chart.everyMs))) {
      const engineId = `${ENGINE_ID.slice(0, -1)}${everyMs}`;
      say(
        `  ${(await fill(journal, engineId, everyMs)).toLocaleString('en')} spans of ${READS.toLocaleString('en')} reads`,
      );
      const bridge = await testBridge({ journal, settings: { engineId } });
      for (const chart of CHARTS) if (chart.everyMs === everyMs) findings.push(await measured(bridge.url, chart));
      await bridge.close();
    }
    return findings;
  } finally {
    await journal.close();
  }
}

async function measured(url: string, { what, names }: Chart): Promise<Finding> {
  const series = await taken(`${url}/api/series?names=${names.join()}&points=${POINTS}`);
  const bare = await taken(`${url}/healthz`);
  say(`  ${what}: p95 ${series.p95Ms.toFixed(1)} ms, median ${series.medianMs.toFixed(1)} ms, ${series.bytes} bytes`);
  return {
    what: `/api/series, ${what}, p95`,
    figure: series.p95Ms,
    unit: 'ms',
    yardstick: { what: '/healthz, p95', figure: bare.p95Ms },
    goal: { of: 'figure', atMost: GOAL_MS, strictly: true },
  };
}

async function taken(url: string) {
  const times: number[] = [];
  let bytes = 0;
  for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
    const started = performance.now();
    const response = await fetch(url, { headers: { Authorization: `Bearer ${TOKEN}` } });
    const text = await response.text();
    const tookMs = performance.now() - started;
    if (response.status !== 200) throw new Error(`${response.status}: ${text}`);
    bytes = text.length;
    if (round >= WARM_UP) times.push(tookMs);
  }
  return { p95Ms: percentile(times, 0.95), medianMs: percentile(times, 0.5), bytes };
}

/** What the journal would hold after so many reads, written as whole rows: a transaction for each read would take an hour. */
async function fill(journal: Journal, engineId: string, everyMs: number): Promise<number> {
  const rows: { readonly last_ms: number }[] = [];
  for (const level of SERIES_LEVELS) rows.push(...spansOf(engineId, everyMs, level));
  // They lie in the table as they came, not level by level.
  rows.sort((a, b) => a.last_ms - b.last_ms);
  for (let at = 0; at < rows.length; at += ROWS_PER_INSERT) {
    await journal.db
      .insertInto('series')
      .values(rows.slice(at, at + ROWS_PER_INSERT) as never)
      .execute();
  }
  return rows.length;
}

function spansOf(engineId: string, everyMs: number, { spanMs, keptMs }: (typeof SERIES_LEVELS)[number]) {
  const newestMs = FIRST_MS + (READS - 1) * everyMs;
  const firstKept = keptMs === null ? 0 : Math.floor((newestMs - keptMs - FIRST_MS) / everyMs);
  const rows: { readonly last_ms: number }[] = [];
  let span: { start: number; firstMs: number; point: SeriesPoint } | null = null;
  const close = () => {
    if (span === null) return;
    const [lastMs, ...figures] = span.point;
    rows.push({
      ...{ engine_id: engineId, span_ms: spanMs, start_ms: span.start, first_ms: span.firstMs, last_ms: lastMs },
      ...{ figures: packedFigures(SERIES_NAMES.flatMap((_, place) => figures.map((figure) => figure + place))) },
    });
  };
  for (let read = Math.max(0, firstKept); read < READS; read += 1) {
    const tsMs = FIRST_MS + read * everyMs;
    // Whole micro-USD, as an account has them.
    const value = Math.round((2_000 + 50 * Math.sin(read / 9_000) + Math.sin(read / 7)) * 1e6) / 1e6;
    const start = Math.floor(tsMs / spanMs) * spanMs;
    if (span === null || span.start !== start) {
      close();
      span = { start, firstMs: tsMs, point: [tsMs, value, value, value] };
    } else {
      span.point = [tsMs, Math.min(span.point[1], value), Math.max(span.point[2], value), value];
    }
  }
  close();
  return rows;
}
