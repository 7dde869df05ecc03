/** A paper command from socket to result, on the whole product as a person runs it, with the server that it starts. */
import { Product, productEnv } from '../tests/support/product.ts';
import { startBareWorker } from './support/bare-worker.ts';
import { inBenchFolder } from './support/bench-folder.ts';
import { CommandSocket } from './support/command-socket.ts';
import { inTurn, timed } from './support/measure.ts';
import type { Finding } from './support/report.ts';
import { startBenchServer } from './support/temporal-server.ts';

const WARM_UP_ROUNDS = 10;
const ROUNDS = 60;
const DEPOSIT = { amount: 0.01, asset: 'SOL' };

export const benchCommand = (): Promise<readonly Finding[]> => inBenchFolder(measuredCommand);

async function measuredCommand(folder: string): Promise<readonly Finding[]> {
  const env = await productEnv();
  const product = new Product(folder, env);
  const server = await startBenchServer(folder, { tuned: false });
  try {
    await product.ready();
    const socket = await CommandSocket.open(product.url, product.token);
    const tuned = await startBareWorker(`127.0.0.1:${env.TEMPORAL_PORT}`);
    const untuned = await startBareWorker(server.address);
    try {
      const medians = await inTurn(ROUNDS, WARM_UP_ROUNDS, {
        command: timed(() => socket.command('DRIFT_DEPOSIT', DEPOSIT)),
        'bare, same server': timed(tuned.fourActivities),
        'bare, untuned server': timed(untuned.fourActivities),
      });
      const figure = { what: 'command, socket to result', figure: medians.command, unit: 'ms' };
      return [
        {
          ...figure,
          yardstick: { what: 'four no-op activities, same server', figure: medians['bare, same server'] },
          goal: { of: 'ratio', atMost: 1.4 },
        },
        {
          ...figure,
          yardstick: { what: 'four no-op activities, untuned server', figure: medians['bare, untuned server'] },
          goal: { of: 'ratio', atMost: 1, strictly: true },
        },
      ];
    } finally {
      socket.close();
      await tuned.close();
      await untuned.close();
    }
  } finally {
    await product.end();
    await server.stop();
  }
}
