/**
 * Records the golden histories anew: `npx tsx tests/golden/record.ts [name ...]`. Each comes from a real run on a real
 * Temporal server (DRIFTLESS_TEST_TEMPORAL, or one that is started), and stands in tests/golden/histories. What is
 * replaced is a history that a running engine may still have: see CONTRIBUTING.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { temporalAddress } from '../support/temporal-address.ts';
import { startTemporalServer } from '../support/temporal-server.ts';
import { HISTORIES, historyNames, writeHistory } from './history-file.ts';
import { SCENES } from './scenes.ts';

/** Every run of a workflow, oldest first: the last one names the first, and each its next. */
async function runsOf(workflow: WorkflowHandle): Promise<readonly History[]> {
  const { client, workflowId } = workflow;
  const last = await workflow.fetchHistory();
  const runs: History[] = [];
  let runId = last.events?.[0]?.workflowExecutionStartedEventAttributes?.firstExecutionRunId ?? '';
  while (runId !== '') {
    const history = await client.getHandle(workflowId, runId).fetchHistory();
    runs.push(history);
    runId = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? '';
  }
  return runs;
}

async function record(scene: string, workflow: WorkflowHandle): Promise<void> {
  const runs = await runsOf(workflow);
  const old = historyNames().filter((name) => name.replace(/-run-\d+$/, '') === scene);
  for (const name of old) rmSync(join(HISTORIES, `${name}.json`));
  for (const [index, run] of runs.entries()) {
    const name = runs.length === 1 ? scene : `${scene}-run-${String(index + 1).padStart(2, '0')}`;
    process.stdout.write(`${name}: ${writeHistory(name, workflow.workflowId, run)} events\n`);
  }
}

async function main(wanted: readonly string[]): Promise<void> {
  const stop = await startTemporalServer();
  mkdirSync(HISTORIES, { recursive: true });
  try {
    for (const { name, play } of SCENES) {
      if (wanted.length > 0 && !wanted.includes(name)) continue;
      await play(temporalAddress(), (workflow) => record(name, workflow));
    }
  } finally {
    await stop();
  }
}

await main(process.argv.slice(2));
process.exit(0);
