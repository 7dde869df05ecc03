/** What /readyz tells: each part by asking it, never a figure. */
import type { Client } from '@temporalio/client';
import type { EngineGateway } from '../bridge/gateway.ts';
import type { PartReadiness, Readiness } from '../bridge/ports.ts';
import type { Journal } from '../journal/journal.ts';
import type { Clock } from '../lib/clock.ts';
import { within } from '../lib/within.ts';
import { TASK_QUEUE } from './worker.ts';

const ASK_MS = 2_000;
/** A poller that has not asked for this long is gone; a healthy one asks at least once a minute. */
const POLLER_SEEN_WITHIN_MS = 90_000;
/** temporal.api.enums.v1.TaskQueueType.WORKFLOW */
const WORKFLOW_QUEUE = 1;
/** A snapshot is late after so many polls. */
const LATE_POLLS = 3;
const LATE_AT_LEAST_MS = 15_000;

export interface ReadinessPorts {
  readonly client: Client;
  readonly namespace: string;
  readonly gateway: EngineGateway;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly engineId: string;
  readonly pollIntervalMs: number;
  /** The worker in this process; null when it runs elsewhere. */
  readonly localWorker: (() => string) | null;
}

const ok = (detail: string): PartReadiness => ({ ok: true, detail });
const missing = (detail: string): PartReadiness => ({ ok: false, detail });

async function asked(work: () => Promise<PartReadiness>, silent: string): Promise<PartReadiness> {
  const answer = await within(ASK_MS, work);
  return answer.kind === 'value' ? answer.value : missing(silent);
}

export function readinessOf(ports: ReadinessPorts): () => Promise<Readiness> {
  const { client, gateway, journal, clock, engineId } = ports;

  const temporal = () =>
    asked(async () => {
      await gateway.ping(clock.nowMs() + ASK_MS);
      return ok('answers');
    }, 'does not answer');

  const journalPart = () =>
    asked(async () => {
      await journal.ping();
      return ok('answers');
    }, 'does not answer');

  const worker = () =>
    asked(async () => {
      if (ports.localWorker !== null) {
        const state = ports.localWorker();
        return state === 'RUNNING' ? ok('running') : missing(state.toLowerCase());
      }
      const queue = await client.connection.withDeadline(clock.nowMs() + ASK_MS, () =>
        client.workflowService.describeTaskQueue({
          namespace: ports.namespace,
          taskQueue: { name: TASK_QUEUE },
          taskQueueType: WORKFLOW_QUEUE,
        }),
      );
      const seen = (queue.pollers ?? []).filter(
        ({ lastAccessTime }) => clock.nowMs() - Number(lastAccessTime?.seconds ?? 0) * 1_000 < POLLER_SEEN_WITHIN_MS,
      );
      return seen.length > 0 ? ok('polls') : missing('no worker polls');
    }, 'not known: Temporal does not answer');

  const feedAndVenue = async (): Promise<readonly [PartReadiness, PartReadiness]> => {
    const nothing = 'not known: the journal does not answer';
    let latest: Awaited<ReturnType<Journal['latestSnapshot']>> | undefined;
    const venue = await asked(async () => {
      latest = await journal.latestSnapshot(engineId);
      if (latest === null) return missing('not read yet');
      const lateMs = Math.max(LATE_AT_LEAST_MS, LATE_POLLS * ports.pollIntervalMs);
      return clock.nowMs() - latest.snapshot.takenAtMs <= lateMs ? ok('read in time') : missing('not read lately');
    }, nothing);
    if (latest === undefined) return [missing(nothing), venue];
    const feed = latest?.snapshot.feed;
    if (feed === undefined) return [missing('not read yet'), venue];
    return [feed.ended ? missing('its data has ended') : ok(feed.synthetic ? 'made-up prices' : 'prices'), venue];
  };

  return async () => {
    const [temporalPart, journalReady, workerPart, [feed, venue]] = await Promise.all([
      temporal(),
      journalPart(),
      worker(),
      feedAndVenue(),
    ]);
    return { temporal: temporalPart, journal: journalReady, worker: workerPart, feed, venue };
  };
}
