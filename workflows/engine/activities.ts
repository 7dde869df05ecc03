/** The engine's activities with their timeouts and retries. */
import type { Priority } from '@temporalio/common';
import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type {
  EngineActivities,
  Rebuilt,
  TransactionActivities,
  WatchInput,
  WatchResult,
} from '../../activities/contract.ts';
import type { EngineTuning } from '../messages.ts';
import { FIRST, UNTIL_DONE_RETRY } from '../retry-policies.ts';

const MINUTE_MS = 60_000;

/** In history and retried: what must be done in the end. */
export const durable = proxyActivities<
  EngineActivities & Pick<TransactionActivities, 'readSnapshot' | 'writeOperation'>
>({
  startToCloseTimeout: '10 s',
  retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '10 s', maximumAttempts: 4 },
});

/**
 * The engine's row. One attempt: the next one says what stands then. Not eager: what the same task answers goes first.
 */
export const publishRow = proxyActivities<EngineActivities>({
  startToCloseTimeout: '3 s',
  scheduleToCloseTimeout: '30 s',
  allowEagerDispatch: false,
  retry: { maximumAttempts: 1 },
}).publishEngine;

/** Long where much is kept; what needs its end waits no longer than this. */
const REBUILD_MS = 60 * MINUTE_MS;

export function rebuildOnce(engineId: string, withinMs = REBUILD_MS): Promise<Rebuilt> {
  const { rebuildJournal } = proxyActivities<EngineActivities>({
    startToCloseTimeout: withinMs,
    scheduleToCloseTimeout: withinMs,
    heartbeatTimeout: '30 s',
    retry: UNTIL_DONE_RETRY,
    summary: 'the journal, from kept histories',
  });
  return rebuildJournal({ engineId });
}

type QuickActivities = EngineActivities & Pick<TransactionActivities, 'readSnapshot'>;

/**
 * What admits a command. A command that no worker has admitted waits for one. An attempt that hangs is cut off: an exit
 * goes on without the journal then. Whoever wants out goes first where activities queue.
 */
const admissionOf = (priority?: Priority) =>
  proxyActivities<EngineActivities>({
    startToCloseTimeout: '1500 ms',
    retry: { initialInterval: '100 ms', maximumAttempts: 2 },
    ...(priority === undefined ? {} : { priority }),
  });
export const admission = admissionOf();
export const firstAdmission = admissionOf(FIRST);

const QUICK = {
  startToCloseTimeout: '1500 ms',
  scheduleToCloseTimeout: '2 s',
  retry: { initialInterval: '100 ms', maximumAttempts: 3 },
} as const;

/** A command's answer waits for it, so it gives up within the answer's time. */
export const quick = proxyActivities<QuickActivities>(QUICK);
export const firstQuick = proxyActivities<QuickActivities>({ ...QUICK, priority: FIRST });

/** As histories of before have it. */
export const local = proxyLocalActivities<QuickActivities>(QUICK);

const WATCH_SILENCE_MS = 10_000;

/** Hours long; a silent worker is noticed, and a watch that was cut off writes nothing (it is fenced). */
export function watchOnce(
  input: WatchInput,
  { checkpointMs, watchSilenceMs = WATCH_SILENCE_MS }: Pick<EngineTuning, 'checkpointMs' | 'watchSilenceMs'>,
): Promise<WatchResult> {
  const { watch } = proxyActivities<EngineActivities>({
    startToCloseTimeout: checkpointMs + 10 * MINUTE_MS,
    heartbeatTimeout: watchSilenceMs,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: { initialInterval: '1 s', backoffCoefficient: 1.5, maximumInterval: '10 s' },
    // What the same task answers goes first.
    allowEagerDispatch: false,
    summary: `watch ${input.generation}`,
  });
  return watch(input);
}
