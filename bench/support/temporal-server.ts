/** The benchmarks' own Temporal dev servers: one with the product's tuning, one with defaults. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SEARCH_ATTRIBUTES } from '../../src/runtime/search-attributes.ts';
import { findTemporalCli } from '../../src/runtime/temporal-cli.ts';
import { checkTemporal } from '../../src/runtime/temporal-connection.ts';
import { freePorts } from '../../tests/support/free-ports.ts';
import { say } from './report.ts';

export const NAMESPACE = 'driftless';
const HEALTH_PAUSE_MS = 10;
const READY_WITHIN_MS = 60_000;
const STOP_GRACE_MS = 8_000;

export interface BenchServer {
  readonly address: string;
  readonly pid: number;
  /** From the spawn to the first healthy answer. */
  readonly healthyAfterMs: number;
  stop(): Promise<void>;
}

/** Starts it like src/runtime/temporal-server.ts, with SQLite file and UI; `tuned: false` omits its one tuning. */
export async function startBenchServer(folder: string, { tuned }: { tuned: boolean }): Promise<BenchServer> {
  const cli = await findTemporalCli({ given: process.env.TEMPORAL_CLI, env: process.env, say });
  const [port, uiPort] = await freePorts(2);
  const args = [
    ...['server', 'start-dev', '--db-filename', join(folder, `${tuned ? 'tuned' : 'untuned'}.db`)],
    ...['--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(uiPort)],
    ...['--log-level', 'error', '--ui-disable-news-fetch', '--namespace', NAMESPACE],
    ...Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, { flag }]) => ['--search-attribute', `${name}=${flag}`]),
    ...(tuned ? ['--dynamic-config-value', 'history.transferProcessorMaxPollRPS=1000'] : []),
  ];
  const startedAt = performance.now();
  const child = spawn(cli.path, args, { stdio: 'ignore' });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    const kill = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
    child.kill('SIGTERM');
    await exited;
    clearTimeout(kill);
  };
  const address = `127.0.0.1:${port}`;
  while (performance.now() - startedAt < READY_WITHIN_MS) {
    const healthy = await checkTemporal(address, NAMESPACE).then(
      () => true,
      () => false,
    );
    if (healthy) return { address, pid: child.pid ?? 0, healthyAfterMs: performance.now() - startedAt, stop };
    await sleep(HEALTH_PAUSE_MS);
  }
  await stop();
  throw new Error(`the Temporal server at ${address} did not become healthy`);
}
