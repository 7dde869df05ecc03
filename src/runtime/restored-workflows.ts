/** Before a worker polls on a restored data folder, every workflow that was open in the backup is ended: docs/architecture/backup.md. */
import type { Client } from '@temporalio/client';
import type { Journal } from '../journal/journal.ts';
import { sleep } from '../lib/sleep.ts';
import { endWorkflows } from './engine-end.ts';
import { readRestored, writeRestored } from './restored-folder.ts';

const REASON = 'its data folder was restored from a backup; the original may have gone on';
const LOOK_EVERY_MS = 200;

interface RestoredStart {
  readonly client: Client;
  readonly journal: Journal;
  readonly home: string;
  readonly say: (line: string) => void;
}

/** The list of workflows follows what happens to them a moment later, so it is read until it is empty. */
export async function endRestoredWorkflows({ client, journal, home, say }: RestoredStart): Promise<void> {
  const note = readRestored(home);
  if (note === null || note.workflows_ended) return;
  say('This data folder was restored from a backup. It signs nothing until you confirm that the original is stopped.');
  // One that had only just begun may not be in the list yet.
  for (const { engineId } of await journal.engines()) await endWorkflows({ client, journal }, engineId, REASON);
  const ended = new Set<string>();
  for (;;) {
    let isOpen = false;
    for await (const { workflowId, runId } of client.workflow.list({ query: 'ExecutionStatus = "Running"' })) {
      isOpen = true;
      if (ended.has(runId)) continue;
      await client.workflow.getHandle(workflowId, runId).terminate(REASON);
      ended.add(runId);
    }
    if (!isOpen) break;
    await sleep(LOOK_EVERY_MS);
  }
  writeRestored(home, { ...note, workflows_ended: true });
}
