/**
 * The present product starts on the data folder of version 0.1.0 and finds what was left there: an open hedge, a deposit
 * whose outcome is unknown, and a cooldown. Years after the recording too: what time changes is said by the test.
 */
import { rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { pino } from 'pino';
import { findTemporalCli } from '../../src/runtime/temporal-cli.ts';
import { startTemporalServer } from '../../src/runtime/temporal-server.ts';
import {
  DATA_FOLDER_SETTINGS,
  type DataFolderFacts,
  SILENCE,
  SILENT_PAPER,
  unpackDataFolder,
} from '../fixtures/data-folder.ts';
import { itLong } from '../support/long.ts';
import { until } from '../support/product.ts';
import { ProductRun, type StateView } from '../support/product-run.ts';
import { imbalances } from '../support/product-sums.ts';

const VERSION = '0.1.0';
const NAMESPACE = 'driftless';

let run: ProductRun;
afterEach(() => run?.end());

/** Started on the recorded folder; no node answers for a transaction until `speak`. */
async function startOnFixture(prepare: (run: ProductRun) => Promise<void> = async () => {}): Promise<DataFolderFacts> {
  // The market has moved since: without a wide tolerance the engine might correct the hedge, which is not what is tried.
  run = await ProductRun.open({ ...DATA_FOLDER_SETTINGS, DRIFT_TOLERANCE_PCT: '100' }, { journal: false });
  const home = join(run.folder, '.driftless');
  await mkdir(home, { recursive: true });
  const facts = await unpackDataFolder(VERSION, home);
  await prepare(run);
  await writeFile(join(run.folder, SILENCE), '');
  await run.start([], SILENT_PAPER);
  return facts;
}

/** What the server does by itself once the retention of a closed workflow is over. */
async function dropClosedWorkflows({ folder, env }: ProductRun): Promise<void> {
  const home = join(folder, '.driftless');
  const [port, uiPort] = [Number(env.TEMPORAL_PORT), Number(env.TEMPORAL_UI_PORT)];
  const { path: cli } = await findTemporalCli({ given: env.TEMPORAL_CLI, env: process.env, say: () => {} });
  const server = await startTemporalServer({
    ...{ cli, home, logDir: join(home, 'logs'), port, ui: { host: '127.0.0.1', port: uiPort }, namespace: NAMESPACE },
    logger: pino({ level: 'silent' }),
  });
  const connection = await Connection.connect({ address: server.address });
  try {
    const client = new Client({ connection, namespace: NAMESPACE });
    const closed = async () => {
      const found = [];
      for await (const { workflowId, runId } of client.workflow.list({ query: 'ExecutionStatus != "Running"' }))
        found.push({ workflowId, runId });
      return found;
    };
    const dropped = await closed();
    expect(dropped.length).toBeGreaterThan(0);
    for (const workflowExecution of dropped)
      await client.workflowService.deleteWorkflowExecution({ namespace: NAMESPACE, workflowExecution });
    await until('no closed workflow', async () => (await closed()).length === 0);
  } finally {
    await connection.close();
    await server.stop();
  }
}

const speak = (): void => rmSync(join(run.folder, SILENCE));

const engine = async (): Promise<StateView> => (await run.state()).engine;
const operation = async (id: string): Promise<StateView | undefined> =>
  (await run.list('operations')).find(({ operation_id }) => operation_id === id);

/** What must be there after the start, whenever that is. */
async function expectAsLeft(facts: DataFolderFacts): Promise<void> {
  const state = await until('the account', async () => {
    const seen = await run.state();
    return seen.account !== null && seen.engine.state === 'running' && seen;
  });
  expect(state.engine).toMatchObject({
    engine_id: facts.engineId,
    trading_state: 'reducing',
    unresolved: [facts.unknown.operationId],
    hedge_target: facts.hedgeTarget,
  });
  expect(state.account.perp_sol_base).toBe(facts.position);
  expect(state.engine.holds).toContainEqual(
    expect.objectContaining({ code: 'unresolved', key: facts.unknown.operationId }),
  );
  const over = Date.now() >= Date.parse(facts.cooldownUntil);
  await until(
    over ? 'the end of the cooldown' : 'the cooldown',
    async () => (await engine()).cooldown_until === (over ? null : facts.cooldownUntil),
  );
  const kept = (await run.list('operations')).map(({ operation_id, kind, status }) => ({
    operationId: operation_id,
    kind,
    status,
  }));
  expect(kept).toEqual(facts.operations);
  const { signature, operationId } = facts.unknown;
  expect(await operation(operationId)).toMatchObject({ ended_at: null, attempts: [{ signature, outcome: 'unknown' }] });
  const alerts = (await run.list('alerts')).filter(({ operation_id }) => operation_id === operationId);
  // Newest first: the last word on it is the alert, not its end.
  expect(alerts.find(({ code }) => code === 'TRANSACTION_UNKNOWN')).toMatchObject({ kind: 'alert', signature });
}

describe(`the data folder of ${VERSION}`, () => {
  it('starts as it was left; a person resolves the unknown deposit, and the proof agrees', async () => {
    const facts = await startOnFixture();
    const { operationId, amountSol } = facts.unknown;
    await expectAsLeft(facts);

    const caller = await run.caller();
    const verdict = { operation_id: operationId, verdict: 'landed', note: 'seen on the explorer' };
    const resolved = await caller.end('RESOLVE_TRANSACTION', verdict);
    expect(resolved).toMatchObject({ success: true });
    await until('no unknown outcome', async () => (await engine()).unresolved.length === 0);

    speak();
    await until('the proof', async () => (await operation(operationId))?.ended_at !== null);
    expect(await operation(operationId)).toMatchObject({ status: 'done', attempts: [{ outcome: 'confirmed' }] });
    expect((await run.list('alerts')).map(({ code }) => code)).not.toContain('VERDICT_CONTRADICTED');
    const deposited = await caller.end('DRIFT_DEPOSIT', { asset: 'SOL', amount: amountSol });
    expect(deposited).toMatchObject({ success: true });
    const closed = await caller.end('DRIFT_CLOSE_POSITION', { market: 'SOL-PERP' });
    expect(closed).toMatchObject({ success: true });
    // What is shown follows at the next read.
    await until('the books to add up', async () => (await imbalances(run)).length === 0);
  });

  itLong('starts as it was left when the chain answers again: the outcome is proven without a person', async () => {
    const facts = await startOnFixture();
    await expectAsLeft(facts);
    speak();
    await until('the proof', async () => (await operation(facts.unknown.operationId))?.ended_at !== null);
    expect(await operation(facts.unknown.operationId)).toMatchObject({ status: 'done' });
    expect(await engine()).toMatchObject({ unresolved: [], holds: [] });
    expect((await run.state()).account.perp_sol_base).toBe(facts.position);
  });

  itLong(
    'starts as it was left after Temporal has dropped its closed workflows, as it does after 30 days',
    async () => {
      const facts = await startOnFixture(dropClosedWorkflows);
      await expectAsLeft(facts);
    },
  );
});
