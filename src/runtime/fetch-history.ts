/** `driftless fetch-history` in this process: its words, its pace, what it says. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DriftlessError, TransientError } from '../lib/errors.ts';
import { fetchHistory, fetchLendHistory } from '../market-data/fetch-history.ts';
import { HISTORY_SOURCES, type HistorySourceName } from '../market-data/history-sources.ts';
import type { AskJson } from '../market-data/live/source.ts';
import { PoliteHttp } from '../market-data/polite-http.ts';

const HELP = `driftless fetch-history --out <file> [options]

A venue's funding history as a file for MARKET_FEED=replay:<file> and driftless backtest --funding <file>, or with --lend its
lend rates, for replay:<funding>,<file> and --lend <file>. A file that an earlier call wrote is continued after its last row,
also after a call that failed or was killed. What is missing is named.

  --out <file>       the file (CSV)
  --source <name>    drift (hourly; the default), velocity (hourly), hyperliquid (hourly) or binance (every 8 hours)
  --lend             lend rates instead of funding, of drift or velocity: what their server still has
  --market <name>    the market as that venue calls it: SOL-PERP, SOL or SOLUSDT by default; not with --lend
  --from <ISO>       the first period; by default 90 days ago
  --to <ISO>         the last one; by default now
  --url <address>    another address of the same API
  --pause-ms <N>     after a failed request, doubled after each (1000)
  --json             the result as JSON
  --help             this text

Exit codes: 0 done (gaps too), 1 failed, 2 usage, 4 the source cannot be reached; the file keeps what came before.
`;

const DAY_MS = 86_400_000;
const DEFAULT_SPAN_MS = 90 * DAY_MS;
const TIMEOUT_MS = 15_000;
const TRIES = 6;
const EXIT = { done: 0, failed: 1, usage: 2, unreachable: 4 } as const;

const OPTIONS = {
  out: { type: 'string' },
  source: { type: 'string', default: 'drift' },
  lend: { type: 'boolean', default: false },
  market: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  url: { type: 'string' },
  'pause-ms': { type: 'string', default: '1000' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const say = (text: string): void => void process.stdout.write(text);
const tell = (text: string): void => void process.stderr.write(text);
const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** The exit code. */
export async function main(words: readonly string[]): Promise<number> {
  const asked = read(words);
  if (asked === 'help') {
    say(HELP);
    return EXIT.done;
  }
  if (typeof asked === 'string') {
    tell(`${asked}\nSee: driftless fetch-history --help\n`);
    return EXIT.usage;
  }
  try {
    await run(asked);
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof DriftlessError)) throw error;
    const unreachable = error instanceof TransientError;
    tell(`${error.message}${unreachable ? ' The file keeps what came before: call again to go on.' : ''}\n`);
    return unreachable ? EXIT.unreachable : EXIT.failed;
  }
}

interface HistoryWanted {
  readonly name: HistorySourceName;
  readonly lend: boolean;
  readonly market: string;
  readonly path: string;
  readonly url: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly pauseMs: number;
  readonly json: boolean;
}

/** What is wrong in words, `help`, or what was asked for. */
function read(words: readonly string[]): HistoryWanted | string {
  let values: ReturnType<typeof parsed>;
  try {
    values = parsed(words);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (values.help) return 'help';
  const problems: string[] = [];
  const time = (text: string | undefined, flag: string, other: number): number => {
    const ms = text === undefined ? other : Date.parse(text);
    if (!Number.isFinite(ms)) problems.push(`${flag}: expected a time such as 2026-01-15, got ${text}.`);
    return ms;
  };
  const toMs = time(values.to, '--to', Date.now());
  const fromMs = time(values.from, '--from', toMs - DEFAULT_SPAN_MS);
  if (fromMs > toMs) problems.push('--from: expected a time not after --to.');
  if (values.out === undefined) problems.push('--out <file> is missing.');
  const name = values.source as HistorySourceName;
  const source = HISTORY_SOURCES[name];
  if (!Object.hasOwn(HISTORY_SOURCES, name)) {
    problems.push(`--source: expected ${Object.keys(HISTORY_SOURCES).join(', ')}, got ${name}.`);
  } else if (values.lend && source.lend === undefined) problems.push(`--lend: ${source.name} has no lend rates.`);
  if (values.lend && values.market !== undefined)
    problems.push('--market: lend rates are those of SOL and the quote asset.');
  const pauseMs = Number(values['pause-ms']);
  if (!Number.isInteger(pauseMs) || pauseMs < 0) problems.push('--pause-ms: expected whole milliseconds.');
  if (problems.length > 0) return problems.join('\n');
  return {
    ...{ name, fromMs, toMs, pauseMs, lend: values.lend, json: values.json },
    market: values.market ?? source.market,
    path: values.out as string,
    url: (values.url ?? source.url).replace(/\/$/, ''),
  };
}

const parsed = (words: readonly string[]) => parseArgs({ args: [...words], options: OPTIONS, strict: true }).values;

async function run({ name, lend, market, path, url, fromMs, toMs, pauseMs, json }: HistoryWanted): Promise<void> {
  const source = HISTORY_SOURCES[name];
  const http = new PoliteHttp({
    name: source.name,
    // A source of one's own may be asked without a rest.
    spacingMs: url === source.url ? source.spacingMs : 0,
    ...{ timeoutMs: TIMEOUT_MS, tries: TRIES, pauseMs },
    nowMs: () => performance.now(),
    sleep: async (ms) => void (await sleep(ms)),
  });
  const ask: AskJson = (at, body) => http.json(`${url}${at}`, body);
  const told = (rows: number, lastMs: number) => tell(`${rows} rows, up to ${iso(lastMs)}\n`);
  const found = lend
    ? await fetchLendHistory({ source, ask, fromMs, toMs, path })
    : await fetchHistory({ source, ask, market, fromMs, toMs, path, told });
  const gaps = found.gaps.map((gap) => ({ from: iso(gap.fromMs), to: iso(gap.toMs), missing: gap.missing }));
  const result = {
    ...{ file: path, source: name, ...(lend ? { kind: 'lend' } : { market, period_seconds: source.periodMs / 1_000 }) },
    ...{ rows: found.rows, added: found.added, from: iso(found.firstMs), to: iso(found.lastMs), gaps },
  };
  if (json) return say(`${JSON.stringify(result, null, 2)}\n`);
  say(
    `${path}: ${found.rows} rows of ${source.name} ${lend ? 'lend rates' : market}, ${found.added} new, ${result.from} to ${result.to}\n`,
  );
  for (const gap of gaps)
    say(`gap: ${gap.missing} ${lend ? 'rows' : 'periods'} missing between ${gap.from} and ${gap.to}\n`);
  if (!lend && source.periodMs !== 3_600_000) say(`Its period: FUNDING_PERIOD_SECONDS=${source.periodMs / 1_000}\n`);
}
