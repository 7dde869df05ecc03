/**
 * Three workers and two bridges on one Temporal and one Postgres, an engine for each worker's account, while commands flow and
 * one process after the other is killed: the workers, the bridges, the database. The journal then says whether a command
 * was lost, done twice, or left without an end. With `TEMPORAL_SERVER_BIN`, a folder of `server` and `sql` as Go builds them,
 * Temporal is a server on that same Postgres, as in docker-compose.yml, and is killed too; else the CLI's server.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startPostgres, type TestPostgres } from '../tests/support/postgres.ts';
import { Product, productEnv, until } from '../tests/support/product.ts';
import { inBenchFolder } from './support/bench-folder.ts';
import type { Finding } from './support/report.ts';
import { say } from './support/report.ts';
import { startTemporalCluster, type TemporalCluster } from './support/temporal-cluster.ts';
import { type BenchServer, startBenchServer } from './support/temporal-server.ts';

const TOKEN = 'a-token-for-the-bench';
const ENGINES = [1, 2, 3];
const BRIDGES = 2;
const LAMPORTS = 1_000_000n;
const DEPOSIT = { amount: '0.001', asset: 'SOL' };
/** Of a new paper account, and what each transaction costs that landed. */
const WALLET = 5_000_000_000n;
const GAS = 5_000n;
const ENDS: ReadonlySet<string> = new Set(['done', 'rejected', 'failed', 'expired']);
const NOT_TAKEN: ReadonlySet<string> = new Set(['UNAVAILABLE', 'ENGINE_BUSY']);
/** Between one death and the next: time for the replacement to come up. */
const CALM_MS = 4_000;
const DEATHS = 8;
/** Temporal's four services keep pools of their own. */
const CLUSTER_CONNECTIONS = 400;
const SENT_AGAIN_MS = 500;

/** A role's process, which is started again when it is killed. */
class Part {
  readonly name: string;
  readonly #launch: () => Promise<Product>;
  product!: Product;

  constructor(name: string, launch: () => Promise<Product>) {
    this.name = name;
    this.#launch = launch;
  }

  async start(): Promise<void> {
    this.product = await this.#launch();
    await this.product.ready();
  }

  async kill(): Promise<void> {
    await this.product.crash();
    await this.start();
  }
}

interface Asked {
  readonly commandId: string;
  readonly engine: number;
  answer: string | null;
  tookMs: number;
}

export const benchRoles = (): Promise<readonly Finding[]> => inBenchFolder(measured);

async function measured(folder: string): Promise<readonly Finding[]> {
  const binaries = process.env.TEMPORAL_SERVER_BIN;
  const postgres = await startPostgres(binaries === undefined ? undefined : CLUSTER_CONNECTIONS);
  if (postgres === null) return [];
  try {
    const temporal =
      binaries === undefined
        ? await startBenchServer(folder, { tuned: true })
        : await startTemporalCluster(binaries, folder, Number(new URL(postgres.url).port));
    try {
      return await killed(folder, temporal, postgres);
    } finally {
      await temporal.stop();
    }
  } finally {
    await postgres.stop();
  }
}

async function killed(
  folder: string,
  temporal: BenchServer | TemporalCluster,
  postgres: TestPostgres,
): Promise<readonly Finding[]> {
  const databaseUrl = await postgres.createDatabase();
  const launch = async (role: string, engine: number): Promise<Product> => {
    const env = await productEnv({
      DRIFTLESS_HOME: join(folder, `${role}-${engine}`),
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: 'driftless',
      DATABASE_URL: databaseUrl,
      DRIFTLESS_TOKEN: TOKEN,
      MARKET_FEED: `synthetic:${engine}`,
      POLL_INTERVAL_SECONDS: '1',
    });
    return new Product(folder, env, [role]);
  };
  const workers = ENGINES.map((engine) => new Part(`worker ${engine}`, () => launch('worker', engine)));
  const bridges = ENGINES.slice(0, BRIDGES).map(
    (engine) => new Part(`bridge ${engine}`, () => launch('bridge', engine)),
  );
  const database = { name: 'Postgres', kill: () => postgres.crash().then(() => postgres.start()) };
  const server = 'crash' in temporal ? [{ name: 'Temporal', kill: temporal.crash }] : [];
  try {
    for (const part of [...workers, ...bridges]) await part.start();
    for (const { product } of bridges)
      await until('all parts', async () => (await product.get('/readyz')).status === 200);
    const asked: Asked[] = [];
    const flowing = new AbortController();
    const flows = bridges.map((bridge, at) => flow(bridge, at + 1, asked, flowing.signal));
    const deaths = await killInTurn([...workers, ...bridges, database, ...server]);
    await sleep(CALM_MS);
    flowing.abort();
    await Promise.all(flows);
    return told(asked, deaths, await judged(databaseUrl, asked));
  } finally {
    for (const { product } of [...bridges, ...workers]) if (product?.running) await product.crash();
  }
}

/** Each once, in an order of chance, and then any. */
async function killInTurn(parts: readonly { readonly name: string; kill(): Promise<void> }[]) {
  const order = [...parts].sort(() => Math.random() - 0.5);
  const chosen = Array.from({ length: Math.max(DEATHS, order.length) }, (_, at) => order[at % order.length]);
  for (const part of chosen) {
    if (part === undefined) continue;
    await sleep(CALM_MS * Math.random());
    say(`  kill -9 ${part.name}`);
    await part.kill();
  }
  return chosen.length;
}

/** One command after the other, each under its id until it has an end. */
async function flow(bridge: Part, engine: number, asked: Asked[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const one: Asked = { commandId: randomUUID(), engine, answer: null, tookMs: 0 };
    asked.push(one);
    const startedAt = performance.now();
    while (one.answer === null) {
      const message = await bridge.product.command('DRIFT_DEPOSIT', DEPOSIT, one.commandId).catch(() => null);
      const status = String(message?.data?.status);
      // What nobody accepted leaves no record, and comes again under the same id.
      if (ENDS.has(status) && !NOT_TAKEN.has(String(message?.error?.code))) one.answer = status;
      else await sleep(SENT_AGAIN_MS);
    }
    one.tookMs = performance.now() - startedAt;
  }
}

/** What does not agree, in words; empty when all of it does. */
async function judged(databaseUrl: string, asked: readonly Asked[]): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const wrong: string[] = [];
  try {
    const rows = async (sql: string, values: unknown[] = []) => (await client.query(sql, values)).rows;
    await until('every operation to have ended', async () => {
      const [row] = await rows('SELECT count(*)::int AS open FROM operations WHERE ended_at_ms IS NULL');
      return row?.open === 0;
    });
    const kept = await rows('SELECT command_id, answer FROM commands');
    const statusOf = new Map(kept.map(({ command_id, answer }) => [command_id, answer?.data?.status]));
    for (const { commandId, answer } of asked) {
      const inJournal = statusOf.get(commandId);
      if (inJournal !== answer) wrong.push(`command ${commandId}: answered ${answer}, the journal says ${inJournal}`);
    }
    for (const engine of new Set(asked.map((one) => one.engine))) {
      const engineId = `engine:paper:synthetic:${engine}:0`;
      const [account] = await rows('SELECT state FROM paper_accounts WHERE engine_id = $1', [engineId]);
      const [landed] = await rows(
        `SELECT count(*)::int AS count FROM attempts JOIN operations USING (operation_id)
         WHERE engine_id = $1 AND attempts.outcome IN ('confirmed', 'failed')`,
        [engineId],
      );
      const done = asked.filter((one) => one.engine === engine && one.answer === 'done').length;
      const expected = WALLET - BigInt(done) * LAMPORTS - BigInt(landed?.count ?? 0) * GAS;
      const found = BigInt(account?.state?.wallet?.sol ?? -1);
      if (found !== expected)
        wrong.push(`${engineId}: the wallet holds ${found}, its ${done} deposits leave ${expected}`);
    }
  } finally {
    await client.end();
  }
  return wrong;
}

function told(asked: readonly Asked[], deaths: number, wrong: readonly string[]): readonly Finding[] {
  for (const line of wrong) say(`  WRONG: ${line}`);
  const took = asked.map((one) => one.tookMs).sort((a, b) => a - b);
  const [half, longest] = [took[took.length >> 1] ?? 0, took.at(-1) ?? 0];
  say(
    `  ${asked.length} commands, ${deaths} deaths; a command took ${half.toFixed(0)} ms, the longest ${longest.toFixed(0)}`,
  );
  const ends = [...new Set(asked.map(({ answer }) => answer))];
  say(`  ${ends.map((end) => `${end}: ${asked.filter(({ answer }) => answer === end).length}`).join(', ')}`);
  const yardstick = { what: 'commands', figure: asked.length };
  const goal = { of: 'figure', atMost: 0 } as const;
  return [{ what: 'commands lost, doubled or stuck', figure: wrong.length, unit: '', yardstick, goal }];
}
