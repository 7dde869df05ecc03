/** The Temporal worker: runs workflows from the bundle and activities over the ports. A new one replaces it if it fails. */

import type { Context } from '@temporalio/activity';
import {
  type ActivityInterceptors,
  type InjectedSinks,
  NativeConnection,
  type State,
  Worker,
} from '@temporalio/worker';
import { FIRST } from '../../workflows/retry-policies.ts';
import type { TracingSinks } from '../../workflows/trace-header.ts';
import { RightOfWay } from '../journal/right-of-way.ts';
import { sleep } from '../lib/sleep.ts';
import { logIdsIn, withLogIds } from './log-ids.ts';
import type { Logger } from './logger.ts';
import type { PayloadCipher } from './payload-encryption.ts';
import { closedDoors, type PayloadKeys } from './payload-signatures.ts';
import type { ConnectOptions } from './temporal-connection.ts';
import type { Tracing } from './tracing.ts';
import type { WorkflowBundle } from './workflow-bundle.ts';

export const TASK_QUEUE = 'driftless';

/** Activities may end by themselves this long, then they are cancelled; at the force time they are left. */
const SHUTDOWN_GRACE = '1500 ms';
const SHUTDOWN_FORCE = '5 s';
/** Cancellation reaches an activity only with a heartbeat. */
const HEARTBEAT_EVERY = '1 s';

/**
 * A task of a workflow goes to the worker that has it in memory, and to another only after this time. A stopped worker can
 * leave one behind, and the engine of the next start stands still until the time is over: with the SDK's 10 s that is longer
 * than a stop and a start take. Much less would make a busy worker replay whole histories.
 */
const STICKY_WITHIN = '5 s';

/**
 * The SDK cuts off a workflow activation that takes longer than 5 s by the clock, and being cut off there can end the
 * whole Node process. A process that stood still (Ctrl-Z, a paused container, swapping) has used up those 5 s without
 * running. Our workflows have no endless loops that the limit could catch. The option is missing from the SDK's types.
 */
const NO_CUTTING_OFF = { isolateExecutionTimeout: '1 h' };

/**
 * Each engine's watch holds one of these for hours and does little. With the SDK's 100, the hundredth engine would leave
 * none for the activities that admit commands.
 */
const ACTIVITY_SLOTS = 5_000;

/**
 * A task that Temporal hands out while a worker takes its last poll back is lost, and its workflow stands still until the
 * task times out. So a worker stops between tasks: when it has had none for this long, or after `QUIET_WITHIN_MS`.
 */
const QUIET_MS = 100;
const QUIET_WITHIN_MS = 800;
const QUIET_LOOK_MS = 10;

/** An activity lets exits by for at most this part of its time, */
const LETS_BY_PART = 8;
/** and for no longer than this. */
const LETS_BY_MS = 400;

const RESTART_PAUSES_MS = [500, 1_000, 2_000, 5_000, 10_000] as const;

/** A workflow that another process traced tells its spans here too. */
export const UNTRACED: InjectedSinks<TracingSinks> = { tracing: { span: { fn: () => {}, callDuringReplay: false } } };

export interface WorkerOptions {
  readonly connect: ConnectOptions;
  readonly namespace: string;
  /** Null: activities only. */
  readonly bundle: WorkflowBundle | null;
  readonly activities: object;
  /** What payloads are signed with, and then all that are accepted. */
  readonly payloadKeys: PayloadKeys;
  readonly cipher: PayloadCipher;
  /** By default the product's. */
  readonly taskQueue?: string;
  readonly logger: Logger;
  /** Shared with what else of this process goes first or waits. */
  readonly rightOfWay?: RightOfWay;
  /** Null or absent: nothing is traced. */
  readonly tracing?: Pick<Tracing, 'activity' | 'sinks'> | null;
}

export interface RunningWorker {
  state(): State | 'RESTARTING';
  stop(): Promise<void>;
}

/** Polls when it resolves. */
export const startWorker = async (options: WorkerOptions): Promise<RunningWorker> => (await prepareWorker(options))();

/** Connected, its workflows loaded in their thread: it polls from the call of the result on. */
export async function prepareWorker(options: WorkerOptions): Promise<() => RunningWorker> {
  const logger = options.logger.child({ part: options.bundle === null ? 'signing worker' : 'worker' });
  const stopping = new AbortController();
  let current: Worker | null = null;
  let ended: Promise<void> = Promise.resolve();

  const { dataConverter, interceptors } = closedDoors(options.payloadKeys, options.cipher);

  const traced = options.tracing == null ? [] : [options.tracing.activity];
  const inTurn = afterExits(options.rightOfWay ?? new RightOfWay());
  const sinks: InjectedSinks<TracingSinks> = options.tracing?.sinks ?? UNTRACED;

  async function once(): Promise<() => Promise<void>> {
    const connection = await NativeConnection.connect(options.connect);
    try {
      const worker = await Worker.create({
        connection,
        namespace: options.namespace,
        taskQueue: options.taskQueue ?? TASK_QUEUE,
        ...(options.bundle === null ? {} : { workflowBundle: options.bundle }),
        activities: options.activities,
        dataConverter,
        interceptors: { activity: [inItsName, inTurn, ...traced, ...(interceptors.activity ?? [])] },
        sinks,
        shutdownGraceTime: SHUTDOWN_GRACE,
        shutdownForceTime: SHUTDOWN_FORCE,
        maxHeartbeatThrottleInterval: HEARTBEAT_EVERY,
        defaultHeartbeatThrottleInterval: HEARTBEAT_EVERY,
        stickyQueueScheduleToStartTimeout: STICKY_WITHIN,
        maxConcurrentActivityTaskExecutions: ACTIVITY_SLOTS,
        ...NO_CUTTING_OFF,
      });
      current = worker;
      return async () => {
        try {
          await worker.run();
        } finally {
          current = null;
          await connection.close().catch(() => undefined);
        }
      };
    } catch (error) {
      await connection.close().catch(() => undefined);
      throw error;
    }
  }

  async function keepRunning(first: () => Promise<void>): Promise<void> {
    let failures = 0;
    let run: () => Promise<void> = first;
    while (!stopping.signal.aborted) {
      try {
        await run();
        if (!stopping.signal.aborted) logger.error('the worker ended by itself; starting it again');
      } catch (error) {
        if (!stopping.signal.aborted) logger.error({ err: error }, 'the worker failed; starting it again');
      }
      if (stopping.signal.aborted) return;
      const pauseMs = RESTART_PAUSES_MS[Math.min(failures, RESTART_PAUSES_MS.length - 1)] ?? 0;
      failures += 1;
      await sleep(pauseMs, stopping.signal);
      run = async () => await (await once())();
    }
  }

  const first = await once();
  return () => {
    ended = keepRunning(first);
    return {
      state: () => current?.getState() ?? 'RESTARTING',
      stop: async () => {
        stopping.abort();
        if (current?.getState() === 'RUNNING') await untilQuiet(current);
        if (current?.getState() === 'RUNNING') current.shutdown();
        await ended;
      },
    };
  };
}

async function untilQuiet(worker: Worker): Promise<void> {
  const startedAt = performance.now();
  let busyAt = startedAt;
  let activities = 0;
  for (let now = startedAt; now - busyAt < QUIET_MS && now - startedAt < QUIET_WITHIN_MS; now = performance.now()) {
    const { numInFlightWorkflowActivations, numInFlightNonLocalActivities } = worker.getStatus();
    if (numInFlightWorkflowActivations > 0 || numInFlightNonLocalActivities !== activities) busyAt = now;
    activities = numInFlightNonLocalActivities;
    await sleep(QUIET_LOOK_MS);
  }
}

/**
 * An exit's activities go before all others. Those let it by, for a part of the time that they have, so that none is cut off
 * for that. A local activity holds up its workflow's task, so it does not wait.
 */
export const afterExits =
  (rightOfWay: RightOfWay) =>
  ({ info }: Context): ActivityInterceptors => ({
    inbound: {
      execute: async (input, next) => {
        if (info.priority?.priorityKey === FIRST.priorityKey) return await rightOfWay.held(() => next(input));
        if (!info.isLocal) await rightOfWay.letBy(Math.min(info.startToCloseTimeoutMs / LETS_BY_PART, LETS_BY_MS));
        return await next(input);
      },
    },
  });

/** Whatever an activity logs, wherever below, says of which operation and workflow it is. */
export const inItsName = ({ info }: Context): ActivityInterceptors => ({
  inbound: {
    execute: (input, next) => {
      const workflowId = info.workflowExecution?.workflowId;
      const ids = { ...logIdsIn(input.args), ...(workflowId === undefined ? {} : { workflowId }) };
      return withLogIds(ids, () => next(input));
    },
  },
});
