/** One Temporal dev server for the whole test run; each test file isolates itself by a task queue and ids of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../../src/runtime/search-attributes.ts';
import { findTemporalCli } from '../../src/runtime/temporal-cli.ts';
import { freePort } from './free-ports.ts';

const HEALTH_PAUSE_MS = 100;
const HEALTH_TRIES = 300;
const STOP_GRACE_MS = 5_000;

/** Puts its address into the environment, which the test processes inherit. @returns what stops it */
export async function startTemporalServer(): Promise<() => Promise<void>> {
  if (process.env.DRIFTLESS_TEST_TEMPORAL !== undefined) return async () => {};
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  const cli = await findTemporalCli({ given: process.env.TEMPORAL_CLI, env: process.env, say });
  const port = await freePort();
  const child = spawn(
    cli.path,
    [
      ...['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'error'],
      ...Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, { flag }]) => ['--search-attribute', `${name}=${flag}`]),
      ...['--dynamic-config-value', 'history.transferProcessorMaxPollRPS=1000'],
    ],
    { stdio: 'ignore' },
  );
  const address = `127.0.0.1:${port}`;
  for (let tries = 0; ; tries += 1) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: 1_000 });
      await connection.workflowService.describeNamespace({ namespace: 'default' });
      await connection.close();
      break;
    } catch (error) {
      if (tries > HEALTH_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, HEALTH_PAUSE_MS));
    }
  }
  process.env.DRIFTLESS_TEST_TEMPORAL = address;
  return async () => {
    const killTimer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
    child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    clearTimeout(killTimer);
  };
}
