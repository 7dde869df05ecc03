/** Ends an engine whose account is given up, or that continues under another id. */
import type { Client } from '@temporalio/client';
import type { Journal } from '../journal/journal.ts';
import type { EngineRecord } from '../journal/records.ts';
import { operationWorkflowId } from '../lib/ids.ts';
import { PaperVenue } from '../venues/paper/paper-venue.ts';
import { type EngineStart, workflowLookup } from './engine-start.ts';

interface EndingPorts {
  readonly client: Client;
  readonly journal: Pick<Journal, 'unfinishedOperations' | 'publishEngine'>;
}

/** The engine's own workflow and those of its unfinished operations. */
export async function endWorkflows({ client, journal }: EndingPorts, engineId: string, reason: string): Promise<void> {
  const lookup = workflowLookup(client);
  const unfinished = await journal.unfinishedOperations(engineId);
  for (const workflowId of [engineId, ...unfinished.map(({ operationId }) => operationWorkflowId(operationId))]) {
    if ((await lookup.state(workflowId)) === 'running') await client.workflow.getHandle(workflowId).terminate(reason);
  }
}

/** Its history stays under its id. */
export async function publishStopped({ journal }: EndingPorts, record: EngineRecord, reason: string): Promise<void> {
  const stopped = { state: 'stopped', operation: null, unresolved: [], holds: [] } as const;
  await journal.publishEngine({ ...record, ...stopped, reason, sequence: record.sequence + 1 });
}

/** `--reset-paper`: engine, running operations and account end; commands and operations stay in the journal. */
export async function resetPaper({ client, journal, engineId, say }: EngineStart): Promise<void> {
  await endWorkflows({ client, journal }, engineId, 'the paper account is reset');
  await PaperVenue.reset(journal, engineId, Date.now());
  say(`New paper account for ${engineId}.`);
}
