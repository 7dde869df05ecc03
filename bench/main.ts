/** Runs the benchmarks one after the other. The results are printed and never affect the exit code, because times depend on the machine. */
import { cpus, loadavg } from 'node:os';
import { benchBacktest } from './backtest.ts';
import { benchBroadcast } from './broadcast.ts';
import { benchCommand } from './command.ts';
import { benchDriftRead } from './drift-read.ts';
import { benchEngines } from './engines.ts';
import { benchHistory } from './history.ts';
import { benchMemory } from './memory.ts';
import { benchMonth } from './month.ts';
import { benchPage } from './page.ts';
import { benchPaperAndLive } from './paper-and-live.ts';
import { benchRoles } from './roles.ts';
import { benchSeries } from './series.ts';
import { benchStart } from './start.ts';
import { quietRuntime } from './support/quiet-runtime.ts';
import { type Finding, say, table } from './support/report.ts';
import { benchTransaction, benchTransfers } from './transaction.ts';

interface Benchmark {
  readonly about: string;
  readonly run: () => Promise<readonly Finding[]>;
}

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  command: {
    about: 'a paper command from socket to result, against a bare workflow of four no-op activities',
    run: benchCommand,
  },
  history: { about: 'history events of an engine per hour, idle and blocked by a gate', run: benchHistory },
  broadcast: { about: 'a journal row to the last of 1,000 sockets, against a bare ws broadcast', run: benchBroadcast },
  transaction: {
    about: 'real SOL transfers on a local chain: time and RPC calls to confirmed, against a bare script',
    run: benchTransaction,
  },
  transfers: {
    about: '100 transfers of 100 accounts at once, against bare scripts and bare workflows',
    run: benchTransfers,
  },
  'drift-read': {
    about: 'a Drift account from the chain to its health, against the SDK’s own fetch and getHealth',
    run: benchDriftRead,
  },
  'paper-and-live': {
    about: 'a paper and a live account over the same 48 market hours, and what lies between them by source',
    run: benchPaperAndLive,
  },
  backtest: {
    about:
      'a backtest of 6,288 hours: the process, its first run, one of many; beside Nautilus Trader where it is installed',
    run: benchBacktest,
  },
  series: { about: 'a chart of a million reads over HTTP, 2,000 points out, against /healthz', run: benchSeries },
  roles: {
    about:
      'three workers, two bridges, Temporal and Postgres, killed in turn while commands flow: what the journal says then',
    run: benchRoles,
  },
  engines: {
    about:
      'many paper engines in one process (BENCH_ENGINES, 1000; read every BENCH_POLL_SECONDS, 10) against as many no-op entity workflows: processor, memory, an open and an exit while others storm',
    run: benchEngines,
  },
  start: { about: 'a second start to the first answered command, against the bare Temporal server', run: benchStart },
  page: {
    about:
      'the page’s first paint on a slow phone, the size of its scripts, and an hour of figures with all charts open',
    run: benchPage,
  },
  month: {
    about: 'thirty days of an open hedge in eight minutes (MONTH_MINUTES): memory, both stores, history, rows',
    run: benchMonth,
  },
  memory: {
    about: 'resident memory of the paper product, idle and at its peak, at a first and a second start',
    run: benchMemory,
  },
};

const HELP = `npm run bench                 all of these, one after the other (about half an hour, most of it for memory)
npm run bench -- <name> ...   only these
npm run bench -- --help       this text

${Object.entries(BENCHMARKS)
  .map(([name, { about }]) => `  ${name.padEnd(15)} ${about}`)
  .join('\n')}

Each figure stands beside its yardstick, taken in turn with it in the same run: compare ratios, not milliseconds.
`;

/** The exit code: 0 if all ran, 2 for unknown arguments. */
export async function main(words: readonly string[]): Promise<number> {
  if (words.includes('--help') || words.includes('-h')) {
    say(HELP);
    return 0;
  }
  const unknown = words.filter((word) => BENCHMARKS[word] === undefined);
  if (unknown.length > 0) {
    say(`No benchmark is called ${unknown.join(', ')}.\n\n${HELP}`);
    return 2;
  }
  const names = words.length === 0 ? Object.keys(BENCHMARKS) : words;
  quietRuntime();
  const findings: Finding[] = [];
  for (const name of names) {
    const benchmark = BENCHMARKS[name];
    if (benchmark === undefined) continue;
    say(`\n== ${name}: ${benchmark.about}`);
    findings.push(...(await benchmark.run()));
  }
  const load = loadavg()[0]?.toFixed(1) ?? '?';
  say(`\nNode ${process.versions.node}, ${cpus().length} cores, load ${load}\n${table(findings)}`);
  return 0;
}
