/** A worker for the yardsticks' workflows, and a client to start them with. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import type { fourActivities } from './bare-workflows.ts';
import { NAMESPACE } from './temporal-server.ts';

const HEARTBEAT_EVERY = '1 s';

export interface BareWorker {
  readonly client: Client;
  readonly taskQueue: string;
  /** One workflow of four no-op activities, from the call to its result. */
  fourActivities(): Promise<void>;
  close(): Promise<void>;
}

let code: Promise<string> | null = null;

async function bundle(): Promise<{ readonly code: string }> {
  code ??= bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./bare-workflows.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  }).then((bundled) => bundled.code);
  return { code: await code };
}

/** With the options of src/runtime/worker.ts. */
export async function startBareWorker(address: string): Promise<BareWorker> {
  const taskQueue = `bare-${randomUUID()}`;
  const [connection, native] = await Promise.all([
    Connection.connect({ address }),
    NativeConnection.connect({ address }),
  ]);
  const client = new Client({ connection, namespace: NAMESPACE });
  const worker = await Worker.create({
    connection: native,
    namespace: NAMESPACE,
    taskQueue,
    workflowBundle: await bundle(),
    activities: { nothing: async () => undefined },
    shutdownGraceTime: '100 ms',
    maxHeartbeatThrottleInterval: HEARTBEAT_EVERY,
    defaultHeartbeatThrottleInterval: HEARTBEAT_EVERY,
  });
  const running = worker.run();
  return {
    client,
    taskQueue,
    fourActivities: async () => {
      await client.workflow.execute<typeof fourActivities>('fourActivities', { taskQueue, workflowId: randomUUID() });
    },
    close: async () => {
      worker.shutdown();
      await running;
      await native.close();
      await connection.close();
    },
  };
}
