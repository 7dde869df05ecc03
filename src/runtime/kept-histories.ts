/** Histories that Temporal keeps, as what they say was done: read a page at a time, decoded only where it is asked for. */
import type { Client } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { temporal } from '@temporalio/proto';
import type { KeptHistories, KeptStep } from '../../activities/rebuild-journal.ts';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;
type Payloads = temporal.api.common.v1.IPayloads | null | undefined;

/** Scheduled, or accepted, and not yet over. */
interface Begun {
  readonly name: string;
  readonly input: Payloads;
}

const PAGE_EVENTS = 200;
const CALL_MS = 10_000;
/** gRPC's NOT_FOUND. */
const NOT_FOUND = 5;

export function keptHistories(client: Client): KeptHistories {
  const { namespace, loadedDataConverter } = client.options;
  const call = <T>(work: () => Promise<T>): Promise<T> => client.connection.withDeadline(Date.now() + CALL_MS, work);

  async function first(payloads: Payloads): Promise<unknown> {
    return (await decodeArrayFromPayloads(loadedDataConverter, payloads?.payloads as Payload[] | undefined))[0];
  }

  async function* steps(workflowId: string, runId: string): AsyncGenerator<KeptStep> {
    const activities = new Map<string, Begun>();
    const updates = new Map<string, Begun>();
    for await (const event of events(workflowId, runId)) {
      const step = await stepOf(event, activities, updates);
      if (step !== null) yield step;
    }
  }

  async function stepOf(
    event: HistoryEvent,
    activities: Map<string, Begun>,
    updates: Map<string, Begun>,
  ): Promise<KeptStep | null> {
    const { activityTaskScheduledEventAttributes: scheduled } = event;
    const { workflowExecutionUpdateAcceptedEventAttributes: accepted } = event;
    const { startChildWorkflowExecutionInitiatedEventAttributes: child } = event;
    const { activityTaskCompletedEventAttributes: completed } = event;
    const { workflowExecutionUpdateCompletedEventAttributes: returned } = event;
    if (scheduled) {
      activities.set(String(event.eventId), { name: scheduled.activityType?.name ?? '', input: scheduled.input });
    } else if (accepted) {
      const { meta, input } = accepted.acceptedRequest ?? {};
      updates.set(meta?.updateId ?? '', { name: input?.name ?? '', input: input?.args });
    } else if (child) {
      return { kind: 'child', workflowId: child.workflowId ?? '' };
    } else if (completed) {
      return await over('activity', event, activities, String(completed.scheduledEventId), completed.result);
    } else if (returned) {
      // One that failed left nothing behind.
      return await over('update', event, updates, returned.meta?.updateId ?? '', returned.outcome?.success ?? null);
    }
    activities.delete(String(endedWithoutResult(event)));
    return null;
  }

  async function over(
    kind: 'activity' | 'update',
    event: HistoryEvent,
    begun: Map<string, Begun>,
    key: string,
    result: Payloads,
  ): Promise<KeptStep | null> {
    const found = begun.get(key);
    begun.delete(key);
    if (found === undefined || (kind === 'update' && result === null)) return null;
    const [input, value] = [await first(found.input), await first(result)];
    const step = { name: found.name, input, result: value };
    return kind === 'activity' ? { kind, ...step } : { kind, ...step, atMs: msOf(event.eventTime) };
  }

  async function* events(workflowId: string, runId: string): AsyncGenerator<HistoryEvent> {
    let nextPageToken: Uint8Array | null = null;
    do {
      const page: temporal.api.workflowservice.v1.IGetWorkflowExecutionHistoryResponse | null = await pageOf(
        workflowId,
        runId,
        nextPageToken,
      );
      yield* page?.history?.events ?? [];
      nextPageToken = page?.nextPageToken ?? null;
    } while (nextPageToken !== null && nextPageToken.length > 0);
  }

  /** Null: it is no longer kept. */
  async function pageOf(workflowId: string, runId: string, nextPageToken: Uint8Array | null) {
    try {
      return await call(() =>
        client.workflowService.getWorkflowExecutionHistory({
          namespace,
          execution: { workflowId, runId },
          maximumPageSize: PAGE_EVENTS,
          ...(nextPageToken === null ? {} : { nextPageToken }),
        }),
      );
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === NOT_FOUND) return null;
      throw error;
    }
  }

  return {
    async runs(workflowId) {
      const runs: { readonly runId: string; readonly startedAtMs: number }[] = [];
      for await (const { runId, startTime } of client.workflow.list({ query: `WorkflowId = '${workflowId}'` })) {
        runs.push({ runId, startedAtMs: startTime.getTime() });
      }
      return runs.sort((a, b) => a.startedAtMs - b.startedAtMs);
    },
    steps,
  };
}

const msOf = (time: temporal.api.history.v1.IHistoryEvent['eventTime']): number =>
  Number(time?.seconds ?? 0) * 1_000 + Math.floor((time?.nanos ?? 0) / 1e6);

const endedWithoutResult = (event: HistoryEvent) =>
  (
    event.activityTaskFailedEventAttributes ??
    event.activityTaskTimedOutEventAttributes ??
    event.activityTaskCanceledEventAttributes
  )?.scheduledEventId;
