/**
 * Workflows that can go no further: Temporal fails their task again and again (an operation begun by another version, a
 * defect), and nothing inside of them can tell. Asked from outside, told as an alert once per crossing.
 */

import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { AlertDesk } from '../../activities/alert-desk.ts';
import type { AlertSink } from '../alerts/channels.ts';
import { raised } from '../domain/alerts/alert.ts';
import type { Journal } from '../journal/journal.ts';
import type { Clock } from '../lib/clock.ts';
import { operationWorkflowId } from '../lib/ids.ts';
import { type Repeated, repeatEvery } from '../lib/repeat.ts';
import type { Logger } from './logger.ts';

interface StuckPorts {
  readonly client: Client;
  readonly journal: Journal;
  readonly alerts: AlertSink;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface StuckTuning {
  readonly everyMs: number;
  /** A task that was tried so often fails for a reason that time does not mend. */
  readonly attempts: number;
}

const TUNING: StuckTuning = { everyMs: 30_000, attempts: 5 };
const CALL_MS = 10_000;
/** Of a thousand engines, each is looked at every five minutes. */
const LOOKED_AT_ONCE = 100;

export function watchForStuck(ports: StuckPorts, tuning: StuckTuning = TUNING): Repeated {
  let last = '';
  // The part watch reports a store that is away.
  return repeatEvery(tuning.everyMs, async () => {
    const ids = (await journalIds(ports)).filter((id) => id > last).slice(0, LOOKED_AT_ONCE);
    last = ids.length < LOOKED_AT_ONCE ? '' : (ids.at(-1) ?? '');
    await look(ports, ids, tuning.attempts).catch((err: unknown) =>
      ports.logger.debug({ err }, 'could not check for stuck workflows'),
    );
  });
}

async function journalIds({ journal, logger }: StuckPorts): Promise<readonly string[]> {
  try {
    return (await journal.engines()).map(({ engineId }) => engineId).sort();
  } catch (err) {
    logger.debug({ err }, 'could not read which engines there are');
    return [];
  }
}

async function look(
  { client, journal, alerts, clock }: StuckPorts,
  engineIds: readonly string[],
  attempts: number,
): Promise<void> {
  for (const engineId of engineIds) {
    const unfinished = await journal.unfinishedOperations(engineId);
    const stuck: string[] = [];
    for (const workflowId of [engineId, ...unfinished.map(({ operationId }) => operationWorkflowId(operationId))]) {
      if ((await attemptsOf(client, workflowId)) >= attempts) stuck.push(workflowId);
    }
    const desk = await AlertDesk.open({ journal, alerts }, engineId);
    const nowMs = clock.nowMs();
    if (stuck.length === 0) {
      desk.recover('WORKFLOW_STUCK', nowMs);
      await desk.write();
      continue;
    }
    const told = desk.standingAlert('WORKFLOW_STUCK')?.details as
      | { readonly workflow_ids?: readonly string[] }
      | undefined;
    if (stuck.every((workflowId) => told?.workflow_ids?.includes(workflowId))) continue;
    desk.raise(raised('WORKFLOW_STUCK', { workflow_ids: stuck }), nowMs);
    await desk.write();
  }
}

/** How often the task at hand was tried; 0 without one, or without such a workflow. */
async function attemptsOf(client: Client, workflowId: string): Promise<number> {
  try {
    const { raw } = await client.connection.withDeadline(Date.now() + CALL_MS, () =>
      client.workflow.getHandle(workflowId).describe(),
    );
    return raw.pendingWorkflowTask?.attempt ?? 0;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 0;
    throw error;
  }
}
