/** Timeouts and retries of the activities that move money. Transport errors: 1, 2, 4 s (docs/architecture/errors.md). */
import {
  ActivityCancellationType,
  type ActivityOptions,
  type LocalActivityOptions,
  type RetryPolicy,
} from '@temporalio/workflow';
import type { TransactionTiming } from '../src/domain/transaction/transaction.ts';

/**
 * Of a workflow task. One that a worker took with it when it was stopped or killed is lost, and its workflow stands still
 * until this time is over. With Temporal's 10 s that is longer than a stop and a start take, and the first commands after
 * them expired. A history that takes longer to read is no deadlock: from the third attempt on the server gives more time.
 */
export const WORKFLOW_TASK_TIMEOUT = '5 s';

export const TRANSIENT_RETRY: RetryPolicy = { initialInterval: '1 s', backoffCoefficient: 2, maximumAttempts: 4 };

/** What must come to its end however long the worker or the journal is away; its deadlines are in its input. */
export const UNTIL_DONE_RETRY: RetryPolicy = { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '10 s' };

/**
 * Of exits and of other work that reduces: their tasks go first where tasks queue at Temporal, and their activities in a worker.
 * Temporal lets what an operation starts inherit it; a worker knows only of activities that say so themselves.
 */
export const FIRST = { priorityKey: 1 } as const;

/** A result that is no longer needed is ignored: none of these activities has an effect that must be undone. */
const cancellationType = ActivityCancellationType.ABANDON;

type CallWindows = Pick<TransactionTiming, 'callMs' | 'heartbeatMs'>;

const CALL_MS = 30_000;
const HEARTBEAT_MS = 10_000;

export const brief = ({ callMs = CALL_MS }: CallWindows): ActivityOptions => ({
  startToCloseTimeout: callMs,
  retry: TRANSIENT_RETRY,
  cancellationType,
});

/** Longer than this, a read or a simulation becomes an ordinary activity: a workflow task must not be cut in two by it. */
const LOCAL_SIMULATE_MS = 5_000;

/** Without an effect it may be local, which saves a command two turns of the server. One try. */
export const SIMULATE_LOCALLY: LocalActivityOptions = {
  startToCloseTimeout: LOCAL_SIMULATE_MS,
  scheduleToCloseTimeout: LOCAL_SIMULATE_MS,
  retry: { maximumAttempts: 1 },
  cancellationType,
};

/** Longer than this, signing becomes an ordinary activity: a workflow task must not wait for it. */
const LOCAL_SIGN_MS = 1_000;

/** One try within the workflow task. Its result is committed as a marker, together with what is scheduled after it. */
export const SIGN_LOCALLY: LocalActivityOptions = {
  startToCloseTimeout: LOCAL_SIGN_MS,
  scheduleToCloseTimeout: LOCAL_SIGN_MS,
  retry: { maximumAttempts: 1 },
  cancellationType,
};

/** Arithmetic alone. */
export const CHECK_LOCALLY: LocalActivityOptions = { startToCloseTimeout: LOCAL_SIGN_MS, cancellationType };

export const DURABLE_WRITE: ActivityOptions = { startToCloseTimeout: '10 s', retry: UNTIL_DONE_RETRY };

/** A watch ends soon after its deadline, sends heartbeats, and starts over if its worker died. */
const WATCH_MARGIN_MS = 60_000;

export const watching = (untilMs: number, nowMs: number, windows: CallWindows): ActivityOptions => ({
  startToCloseTimeout: Math.max(untilMs - nowMs, 0) + WATCH_MARGIN_MS,
  heartbeatTimeout: windows.heartbeatMs ?? HEARTBEAT_MS,
  retry: UNTIL_DONE_RETRY,
  cancellationType,
});
