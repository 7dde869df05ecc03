/**
 * Thirty days of an open hedge on paper, at such a speed of the market that they take minutes: memory of the product and of the
 * Temporal server, size of both stores, events of the engine's history and rows of the journal, at the end of each three days.
 * What grows with market time (funding, equity, decisions, trades, series) is a month's; what grows with real time (snapshots of the
 * last hour, checkpoints of the history) is that of the minutes that it took: `bench -- history` counts the latter.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { Product, productEnv, until } from '../tests/support/product.ts';
import { inBenchFolder } from './support/bench-folder.ts';
import { type Finding, say } from './support/report.ts';
import { residentMegabytes } from './support/resident-memory.ts';

const DAYS = 30;
const DAY_MS = 86_400_000;
const SAMPLE_DAYS = 3;
/** `MONTH_MINUTES` shortens or lengthens it: a slow machine falls behind a fast market. */
const MINUTES = Number(process.env.MONTH_MINUTES ?? 8);
const SPEED = Math.round((DAYS * DAY_MS) / (MINUTES * 60_000));
const MB = 1024 * 1024;
/** Of what it was: noise of a garbage collector, a checkpoint of Postgres. */
const FLAT = 1.2;
/** Of the growth of the days before: no more than linear. */
const LINEAR = 1.5;

interface MonthSample {
  readonly day: number;
  readonly productMb: number;
  readonly temporalMb: number;
  readonly journalMb: number;
  readonly temporalFileMb: number;
  readonly events: number;
  readonly rows: number;
}

const sizeOf = (path: string): number => {
  try {
    const stat = statSync(path);
    if (!stat.isDirectory()) return stat.size;
    return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
  } catch {
    // Postgres has removed a file meanwhile, or SQLite its rollback journal.
    return 0;
  }
};

const residentOf = (pid: number | null): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) / 1_024;

async function countOf(product: Product, list: string): Promise<number> {
  const response = await product.get(`/api/${list}?format=csv`);
  return Math.max(0, (await response.text()).trim().split('\n').length - 1);
}

async function sample(product: Product, client: Client, day: number): Promise<MonthSample> {
  const home = join(product.folder, '.driftless');
  const { engine } = (await product.state()) as { readonly engine: { readonly engine_id: string } };
  const { historyLength } = await client.workflow.getHandle(engine.engine_id).describe();
  const rows = await Promise.all(['funding', 'equity', 'decisions', 'trades'].map((list) => countOf(product, list)));
  return {
    day,
    productMb: residentMegabytes(product.child.pid ?? 0),
    temporalMb: residentOf(product.temporalPid()),
    journalMb: sizeOf(join(home, 'journal')) / MB,
    temporalFileMb: sizeOf(join(home, 'temporal.db')) / MB,
    events: historyLength,
    rows: rows.reduce((sum, count) => sum + count, 0),
  };
}

const lineOf = (one: MonthSample): string =>
  [one.day, one.productMb, one.temporalMb, one.journalMb, one.temporalFileMb, one.events, one.rows]
    .map((figure, column) => figure.toFixed(column >= 3 && column <= 4 ? 1 : 0).padStart(10))
    .join('');

async function month(product: Product, client: Client): Promise<readonly MonthSample[]> {
  const hedge = { market: 'SOL-PERP', direction: 'short', size: 10 };
  const opened = await product.command('DRIFT_OPEN_POSITION', hedge);
  if (opened.success !== true) throw new Error(`no hedge: ${JSON.stringify(opened)}`);
  const startedAt = performance.now();
  say(
    `       day   product  temporal   journal temporal.db  events      rows   (MB; funding, equity, decisions, trades)`,
  );
  const samples: MonthSample[] = [];
  for (let day = 0; day <= DAYS; day += SAMPLE_DAYS) {
    const dueMs = (day / DAYS) * MINUTES * 60_000;
    await sleep(Math.max(0, dueMs - (performance.now() - startedAt)));
    const taken = await sample(product, client, day);
    say(lineOf(taken));
    samples.push(taken);
  }
  return samples;
}

/** Growth of the second half beside that of the first. The first days fill caches, so they count for neither. */
function findingOf(samples: readonly MonthSample[], name: keyof MonthSample, what: string, unit: string): Finding {
  const at = (day: number) => samples.find((one) => one.day === day)?.[name] ?? 0;
  const [early, middle, late] = [at(6), at(18), at(30)];
  const first = Math.max(middle - early, middle * (FLAT - 1));
  return {
    ...{ what: `${what}: growth of the last 12 days`, figure: late - middle, unit },
    yardstick: { what: 'the 12 before, or a fifth of its size', figure: first },
    goal: { of: 'ratio', atMost: LINEAR },
  };
}

export async function benchMonth(): Promise<readonly Finding[]> {
  if (process.platform !== 'linux') {
    say('  skipped: resident memory is read from /proc, which this system does not have');
    return [];
  }
  return await inBenchFolder(async (folder) => {
    const env = await productEnv({
      MARKET_FEED: 'synthetic:1',
      MARKET_SPEED: String(SPEED),
      LOOP_INTERVAL_SECONDS: '1',
    });
    const product = new Product(folder, env);
    try {
      await product.ready();
      await until('the first read', async () => ((await product.state()) as { account: unknown }).account !== null);
      const connection = await Connection.connect({ address: `127.0.0.1:${env.TEMPORAL_PORT}` });
      try {
        const samples = await month(product, new Client({ connection, namespace: 'driftless' }));
        return [
          findingOf(samples, 'productMb', 'memory of the product', 'MB'),
          findingOf(samples, 'temporalMb', 'memory of Temporal', 'MB'),
          findingOf(samples, 'journalMb', 'journal', 'MB'),
          findingOf(samples, 'temporalFileMb', 'Temporal’s file', 'MB'),
          findingOf(samples, 'rows', 'rows kept forever', 'rows'),
        ];
      } finally {
        await connection.close();
      }
    } finally {
      await product.end();
    }
  });
}
