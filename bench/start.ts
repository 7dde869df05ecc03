/** A second start of the whole product until its first answered command, compared with the start of a bare Temporal server. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Product, productEnv } from '../tests/support/product.ts';
import { inBenchFolder } from './support/bench-folder.ts';
import { CommandSocket } from './support/command-socket.ts';
import { inTurn } from './support/measure.ts';
import type { Finding } from './support/report.ts';
import { startBenchServer } from './support/temporal-server.ts';

const ROUNDS = 5;
/** The first start fills the caches: bundle, page, database. */
const WARM_UP_ROUNDS = 1;
const TOKEN = 'token-of-the-benchmark-0001';
const PATIENCE_MS = 120_000;
const RETRY_PAUSE_MS = 10;

/** Sends from the first moment on, like an impatient client, and repeats a command that is refused for now. */
async function firstAnswer(url: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    try {
      const socket = await CommandSocket.open(url, TOKEN);
      try {
        return await socket.command('START_ENGINE', { mode: 'paper' });
      } finally {
        socket.close();
      }
    } catch {
      await sleep(RETRY_PAUSE_MS);
    }
  }
  throw new Error('no command was answered');
}

async function startToAnswer(folder: string): Promise<number> {
  const env = await productEnv({ DRIFTLESS_TOKEN: TOKEN });
  const startedAt = performance.now();
  const product = new Product(folder, env);
  try {
    await firstAnswer(`http://127.0.0.1:${env.PORT}`);
    return performance.now() - startedAt;
  } finally {
    await product.end();
  }
}

async function bareStart(folder: string): Promise<number> {
  const server = await startBenchServer(folder, { tuned: true });
  await server.stop();
  return server.healthyAfterMs;
}

export const benchStart = (): Promise<readonly Finding[]> => inBenchFolder(comparedStarts);

async function comparedStarts(folder: string): Promise<readonly Finding[]> {
  const medians = await inTurn(ROUNDS, WARM_UP_ROUNDS, {
    'start to the first answer': () => startToAnswer(folder),
    'bare server to healthy': () => bareStart(folder),
  });
  return [
    {
      what: 'second start to the first answered command',
      figure: medians['start to the first answer'],
      unit: 'ms',
      yardstick: { what: 'bare Temporal server to healthy', figure: medians['bare server to healthy'] },
      goal: { of: 'ratio', atMost: 2 },
    },
  ];
}
