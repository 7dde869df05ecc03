/** A Temporal server on Postgres, as a cluster's operator runs it: the schema by Temporal's tool, then the server. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { findTemporalCli } from '../../src/runtime/temporal-cli.ts';
import { freePorts } from '../../tests/support/free-ports.ts';
import { say } from './report.ts';
import { NAMESPACE } from './temporal-server.ts';

const READY_WITHIN_MS = 120_000;
const PAUSE_MS = 200;
const USER = 'driftless';
/** What a server with all of its services listens on. */
const PORTS = [
  'FRONTEND_GRPC_PORT',
  'FRONTEND_MEMBERSHIP_PORT',
  'FRONTEND_HTTP_PORT',
  'MATCHING_GRPC_PORT',
  'MATCHING_MEMBERSHIP_PORT',
  'HISTORY_GRPC_PORT',
  'HISTORY_MEMBERSHIP_PORT',
  'WORKER_GRPC_PORT',
  'WORKER_MEMBERSHIP_PORT',
] as const;

export interface TemporalCluster {
  readonly address: string;
  /** SIGKILL, and a new server on the same ports. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * @param bin folder with `server` and `sql`: `go install go.temporal.io/server/cmd/server@v1.32.0` and `.../cmd/tools/sql@v1.32.0`
 */
export async function startTemporalCluster(
  bin: string,
  folder: string,
  postgresPort: number,
): Promise<TemporalCluster> {
  makeSchema(bin, postgresPort);
  const ports = await freePorts(PORTS.length);
  const dynamic = join(folder, 'dynamic-config.yaml');
  writeFileSync(dynamic, 'history.transferProcessorMaxPollRPS:\n  - value: 1000\n');
  const env = {
    PATH: process.env.PATH,
    DB: 'postgres12',
    DB_PORT: String(postgresPort),
    POSTGRES_SEEDS: '127.0.0.1',
    POSTGRES_USER: USER,
    BIND_ON_IP: '127.0.0.1',
    LOG_LEVEL: 'error',
    DYNAMIC_CONFIG_FILE_PATH: dynamic,
    ...Object.fromEntries(PORTS.map((name, at) => [name, String(ports[at])])),
  };
  const address = `127.0.0.1:${ports[0]}`;
  const launch = (): ChildProcess => spawn(join(bin, 'server'), ['start'], { cwd: folder, env, stdio: 'ignore' });
  const end = async (child: ChildProcess): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  let server = launch();
  await untilServing(address);
  await makeNamespace(address);
  return {
    address,
    crash: async () => {
      await end(server);
      server = launch();
      await untilServing(address);
    },
    stop: () => end(server),
  };
}

function makeSchema(bin: string, port: number): void {
  for (const [database, schema] of [
    ['temporal', 'temporal'],
    ['temporal_visibility', 'visibility'],
  ] as const) {
    const where = ['--plugin', 'postgres12', '--endpoint', '127.0.0.1', '--port', String(port)];
    const tool = (...words: string[]) =>
      execFileSync(join(bin, 'sql'), [...where, '--user', USER, '--database', database, ...words], { stdio: 'ignore' });
    tool('create-database');
    tool('setup-schema', '--version', '0.0');
    tool('update-schema', '--schema-name', `postgresql/v12/${schema}`);
  }
}

/** As deploy/temporal/namespace.sh makes it. */
async function makeNamespace(address: string): Promise<void> {
  const { path } = await findTemporalCli({ given: process.env.TEMPORAL_CLI, env: process.env, say });
  const words = ['operator', 'namespace', 'create', '--namespace', NAMESPACE, '--retention', '720h'];
  execFileSync(path, [...words, '--address', address], { stdio: 'ignore' });
}

async function untilServing(address: string): Promise<void> {
  const until = performance.now() + READY_WITHIN_MS;
  for (;;) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: PAUSE_MS * 5 });
      try {
        await connection.workflowService.getSystemInfo({});
        return;
      } finally {
        await connection.close();
      }
    } catch (error) {
      if (performance.now() > until) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
