import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { pino } from 'pino';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { waitUntil } from '../../localnet/tests/support/until.ts';
import { operationWorkflowId } from '../../src/lib/ids.ts';
import { watchForStuck } from '../../src/runtime/stuck-workflows.ts';
import { engineOf, newEngineId, newId, operationOf } from '../journal/records.ts';
import { journalAlerts } from '../support/alerts.ts';
import { openTestJournal } from '../support/journal.ts';
import { temporalAddress } from '../support/temporal-address.ts';
import { testWorkflowBundle } from '../support/workflow-bundle.ts';

const STUCK = { everyMs: 200, attempts: 3 };
const PATIENCE = { withinMs: 120_000, everyMs: 100 };

it('an operation whose workflow can go no further is told once, and told again when none is left', async () => {
  const address = temporalAddress();
  const connection = await Connection.connect({ address });
  const native = await NativeConnection.connect({ address });
  const journal = await openTestJournal();
  const client = new Client({ connection });
  const taskQueue = `stuck-${randomUUID()}`;
  const worker = await Worker.create({ connection: native, taskQueue, workflowBundle: await testWorkflowBundle() });
  const running = worker.run();
  const watch = watchForStuck(
    {
      client,
      journal,
      alerts: journalAlerts(journal),
      clock: { nowMs: () => Date.now() },
      logger: pino({ level: 'silent' }),
    },
    STUCK,
  );
  onTestFinished(async () => {
    await watch.stop();
    worker.shutdown();
    await running;
    await Promise.all([connection.close(), native.close(), journal.close()]);
  });
  const [engineId, operationId] = [newEngineId(), newId()];
  await journal.publishEngine(engineOf({ engineId }));
  await journal.openOperation(operationOf({ engineId, operationId }));
  const alerts = async () => (await journal.alerts({ engineId, limit: 10 })).items;

  // Its input does not fit the present code, like that of another version.
  const workflowId = operationWorkflowId(operationId);
  const handle = await client.workflow.start('deposit', { workflowId, taskQueue, args: [null] });
  const alert = await waitUntil('the alert', async () => (await alerts())[0] ?? null, PATIENCE);
  expect(alert).toMatchObject({ kind: 'alert', severity: 'critical', code: 'WORKFLOW_STUCK' });
  expect(alert.message).toContain(workflowId);

  await handle.terminate();
  const last = await waitUntil(
    'the end of it',
    async () => (await alerts()).find(({ kind }) => kind === 'recovered') ?? null,
    PATIENCE,
  );
  expect(last.code).toBe('WORKFLOW_STUCK');
  expect((await alerts()).map(({ kind }) => kind)).toEqual(['recovered', 'alert']);
});
