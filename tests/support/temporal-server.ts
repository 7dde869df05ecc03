/** One Temporal dev server for the whole test run; each test file isolates itself by a task queue and ids of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    temporalAddress: string;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.DRIFTLESS_TEST_TEMPORAL;
  if (given !== undefined) {
    project.provide('temporalAddress', given);
    return async () => {};
  }
  const cached = join(homedir(), '.cache', 'driftless', 'temporal');
  const cli = process.env.TEMPORAL_CLI ?? (existsSync(cached) ? cached : 'temporal');
  const port = await freePort();
  const child = spawn(
    cli,
    [
      'server',
      'start-dev',
      '--headless',
      '--ip',
      '127.0.0.1',
      '--port',
      String(port),
      '--log-level',
      'error',
      '--dynamic-config-value',
      'history.transferProcessorMaxPollRPS=1000',
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
      if (tries > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  project.provide('temporalAddress', address);
  return async () => {
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
}
