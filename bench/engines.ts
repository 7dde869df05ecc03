/**
 * Many paper engines in one process, as ENGINES_FILE starts them, beside as many no-op entity workflows that poll as often: a
 * timer and an activity that does nothing. What an engine costs is processor time, its Temporal server's included: wall
 * times would say more about what else the machine does. Then opens and exits of one engine are timed, alone and while one and
 * five of the others storm.
 */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Product, productEnv, until } from '../tests/support/product.ts';
import { startBareWorker } from './support/bare-worker.ts';
import type { poller } from './support/bare-workflows.ts';
import { inBenchFolder } from './support/bench-folder.ts';
import { CommandSocket } from './support/command-socket.ts';
import { median } from './support/measure.ts';
import { cpuSeconds } from './support/process-cpu.ts';
import { type Finding, say } from './support/report.ts';
import { residentMegabytes } from './support/resident-memory.ts';
import { startBenchServer } from './support/temporal-server.ts';

const ENGINES = Number(process.env.BENCH_ENGINES ?? 1_000);
const POLL_MS = Number(process.env.BENCH_POLL_SECONDS ?? 10) * 1_000;
/** As /readyz judges it: an engine that was not read for longer is late. */
const LATE_MS = 3 * POLL_MS;
const START_WITHIN_MS = 1_800_000;
/** After the start its leftovers are done: first decisions, rows, alerts. */
const SETTLE_MS = 15_000;
/** Each look is a read of every engine's last snapshot. */
const LOOK_MS = 10_000;
const WINDOW_MS = 30_000;
const STARTED_AT_ONCE = 20;
const MINUTE_S = 60;

/** Engines that storm, one trial for each number. */
const STORMING = [1, 5].filter((engines) => engines < ENGINES);
/** More than an engine takes at once: the rest is refused as busy, again and again. */
const IN_FLIGHT = 8;
/** Waited after a refusal: what comes more often than a socket may send is dropped unanswered. */
const AFTER_REFUSAL_MS = 100;
const EXITS = 7;
const MARKET = 'SOL-PERP';
const DEPOSIT = { amount: 0.001, asset: 'SOL' };

interface Cost {
  /** Of one, in a minute. */
  readonly cpuMs: number;
  readonly megabytes: number;
}

export async function benchEngines(): Promise<readonly Finding[]> {
  if (process.platform !== 'linux') {
    say('  skipped: processor time and memory are read from /proc, which this system does not have');
    return [];
  }
  const entity = await inBenchFolder(measuredEntities);
  const alone = await inBenchFolder(
    async (folder) => await withProduct(folder, 0, async (product) => memoryOf(product)),
  );
  return await inBenchFolder((folder) => withProduct(folder, ENGINES, (product) => measured(product, entity, alone)));
}

/** Processor milliseconds of each in a minute. */
async function cpuOfEach(used: () => number): Promise<number> {
  const before = used();
  await sleep(WINDOW_MS);
  return ((used() - before) * 1_000 * (MINUTE_S / (WINDOW_MS / 1_000))) / ENGINES;
}

async function measuredEntities(folder: string): Promise<Cost> {
  const server = await startBenchServer(folder, { tuned: true });
  const worker = await startBareWorker(server.address);
  try {
    const before = residentMegabytes(process.pid);
    const ids = Array.from({ length: ENGINES }, () => randomUUID());
    const start = async () => {
      for (let workflowId = ids.pop(); workflowId !== undefined; workflowId = ids.pop()) {
        const { taskQueue } = worker;
        const args: [number, number] = [POLL_MS, Number.MAX_SAFE_INTEGER];
        await worker.client.workflow.start<typeof poller>('poller', { taskQueue, workflowId, args });
      }
    };
    await Promise.all(Array.from({ length: STARTED_AT_ONCE }, start));
    await sleep(SETTLE_MS);
    const cpuMs = await cpuOfEach(() => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6 + cpuSeconds(server.pid);
    });
    const megabytes = (residentMegabytes(process.pid) - before) / ENGINES;
    say(
      `  ${ENGINES} no-op entities: ${cpuMs.toFixed(1)} ms of processor a minute each, ${megabytes.toFixed(2)} MB each`,
    );
    return { cpuMs, megabytes };
  } finally {
    await worker.close();
    await server.stop();
  }
}

const pidOf = ({ child }: Product): number => {
  if (child.pid === undefined) throw new Error('the product could not be run');
  return child.pid;
};

async function memoryOf(product: Product): Promise<number> {
  await sleep(SETTLE_MS);
  return residentMegabytes(pidOf(product));
}

async function withProduct<T>(folder: string, engines: number, work: (product: Product) => Promise<T>): Promise<T> {
  const file = join(folder, 'engines.json');
  const tables = Array.from({ length: engines }, (_, at) => [nameOf(at), { DRIFT_SUB_ACCOUNT: at + 1 }] as const);
  writeFileSync(file, JSON.stringify(Object.fromEntries(tables)));
  const product = new Product(
    folder,
    await productEnv({ ENGINES_FILE: file, POLL_INTERVAL_SECONDS: String(POLL_MS / 1_000) }),
  );
  try {
    await until(
      () => `the product to be ready; it said:\n${product.output.slice(-2_000)}`,
      () => {
        if (!product.running) throw new Error(`the product ended while starting; it said:\n${product.output}`);
        return /^Driftless is ready/m.test(product.output);
      },
      START_WITHIN_MS,
    );
    return await work(product);
  } finally {
    await product.end();
  }
}

const nameOf = (at: number): string => `e${at + 1}`;
const pageOf = (product: Product, at: number): string => `${product.url}/engines/${nameOf(at)}`;

interface Row {
  readonly state: string;
  readonly as_of: string | null;
}

/** A process that starts many engines at once may be slow to answer. */
async function rowsOf(product: Product): Promise<readonly Row[]> {
  const headers = { authorization: `Bearer ${product.token}` };
  for (;;) {
    const response = await fetch(`${product.url}/api/engines`, { headers }).catch(() => null);
    if (response?.ok === true) return ((await response.json()) as { readonly items: readonly Row[] }).items;
    if (!product.running) throw new Error(`the product ended; it said:\n${product.output.slice(-2_000)}`);
    await sleep(LOOK_MS);
  }
}

async function measured(product: Product, entity: Cost, alone: number): Promise<readonly Finding[]> {
  const startedAt = performance.now();
  while ((await rowsOf(product)).filter((row) => row.as_of !== null).length <= ENGINES) await sleep(LOOK_MS);
  say(`  every engine was read ${((performance.now() - startedAt) / 1_000).toFixed(0)} s after the product was ready`);
  await sleep(SETTLE_MS);
  const pid = pidOf(product);
  const cpuMs = await cpuOfEach(() => cpuSeconds(pid));
  const megabytes = (residentMegabytes(pid) - alone) / ENGINES;
  const late = (await rowsOf(product)).filter(({ as_of: at }) => at === null || Date.now() - Date.parse(at) > LATE_MS);
  say(`  ${ENGINES} engines: ${cpuMs.toFixed(1)} ms of processor a minute each, ${megabytes.toFixed(2)} MB each`);
  const trials = await timedTrials(product);
  const of = { what: 'of a no-op entity workflow with the same timers' };
  return [
    {
      ...{ what: `processor of one of ${ENGINES} engines, a minute`, figure: cpuMs, unit: 'ms' },
      ...{ yardstick: { ...of, figure: entity.cpuMs }, goal: { of: 'ratio', atMost: 2 } },
    },
    {
      ...{ what: `memory of one of ${ENGINES} engines`, figure: megabytes, unit: 'MB' },
      ...{ yardstick: { ...of, figure: entity.megabytes }, goal: null },
    },
    {
      ...{ what: `engines not read within ${LATE_MS / 1_000} s`, figure: late.length, unit: '' },
      ...{ yardstick: { what: 'engines', figure: ENGINES }, goal: { of: 'figure', atMost: 0 } },
    },
    ...trials.stormy.flatMap((trial) => [
      timing('an exit', trial, trial.exit, trials.quiet.exit),
      timing('an open', trial, trial.open, trials.quiet.open),
    ]),
  ];
}

interface Trial {
  readonly storming: number;
  /** Medians. */
  readonly open: number;
  readonly exit: number;
}

const timing = (what: string, { storming }: Trial, figure: number, quiet: number): Finding => ({
  ...{ what: `${what} while ${storming} of the others storm`, figure, unit: 'ms' },
  ...{ yardstick: { what: 'the same while they are quiet', figure: quiet }, goal: { of: 'figure', atMost: 3_000 } },
});

/** Of the first engine, which takes no part in the storm: each exit closes what was opened just before. */
async function timedTrials(product: Product): Promise<{ readonly quiet: Trial; readonly stormy: readonly Trial[] }> {
  const socket = await CommandSocket.open(pageOf(product, 0), product.token);
  try {
    const quiet = await timedTrial(socket, 0);
    const stormy: Trial[] = [];
    for (const storming of STORMING) {
      const storm = await beginStorm(product, storming);
      try {
        stormy.push(await timedTrial(socket, storming));
        say(`  meanwhile the others were answered ${storm.answered()} commands`);
      } finally {
        await storm.end();
      }
    }
    return { quiet, stormy };
  } finally {
    socket.close();
  }
}

async function timedTrial(socket: CommandSocket, storming: number): Promise<Trial> {
  const opens: number[] = [];
  const exits: number[] = [];
  for (let round = 0; round < EXITS; round += 1) {
    opens.push(
      await timedCommand(() => socket.command('DRIFT_OPEN_POSITION', { market: MARKET, direction: 'short', size: 1 })),
    );
    exits.push(await timedCommand(() => socket.command('DRIFT_CLOSE_POSITION', { market: MARKET })));
  }
  const shown = (times: readonly number[]): string => times.map((ms) => ms.toFixed(0)).join(' ');
  say(`  ${storming} storming: opens ${shown(opens)} ms, exits ${shown(exits)} ms`);
  return { storming, open: median(opens), exit: median(exits) };
}

/** Infinite: it did not end as it should. */
async function timedCommand(command: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  try {
    await command();
    return performance.now() - startedAt;
  } catch (error) {
    say(`  not done: ${String(error).slice(0, 300)}`);
    return Number.POSITIVE_INFINITY;
  }
}

/** Engines that are sent one command after the other, several at a time. */
async function beginStorm(product: Product, storming: number) {
  let [answered, over] = [0, false];
  const sockets = await Promise.all(
    Array.from({ length: storming }, (_, at) => CommandSocket.open(pageOf(product, at + 1), product.token)),
  );
  const storm = async (socket: CommandSocket) => {
    while (!over) {
      // A full queue refuses, which is an answer too.
      await socket.command('DRIFT_DEPOSIT', DEPOSIT).catch(() => sleep(AFTER_REFUSAL_MS));
      answered += 1;
    }
  };
  const storms = sockets.flatMap((socket) => Array.from({ length: IN_FLIGHT }, () => storm(socket)));
  return {
    answered: () => answered,
    end: async () => {
      over = true;
      await Promise.all(storms);
      for (const socket of sockets) socket.close();
    },
  };
}
