/** The gateway over Temporal: commands are updates, and every call carries a deadline, since a dead server only hangs. */

import {
  ApplicationFailure,
  type Client,
  isGrpcServiceError,
  NamespaceNotFoundError,
  ServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import type { Logger } from 'pino';
import { command, engineState, resolveTransactionUpdate } from '../../workflows/messages.ts';
import { type CommandAnswer, type CommandStatus, refused } from '../domain/order/command.ts';
import type { Clock } from '../lib/clock.ts';
import { type ErrorDetails, TransientError } from '../lib/errors.ts';
import { hashJson, operationWorkflowId } from '../lib/ids.ts';
import { sleep } from '../lib/sleep.ts';
import { acceptanceUnknown, busy, unavailable } from './answers.ts';
import { type EngineGateway, updateIdOf } from './gateway.ts';
import { TEMPORAL_FRESH_MS, TEMPORAL_PING_MS } from './limits.ts';
import { Refusals } from './refusals.ts';

const GRPC = {
  FAILED_PRECONDITION: 9,
  INVALID_ARGUMENT: 3,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  UNAUTHENTICATED: 16,
};
/** Temporal refused the call itself: it took nothing. */
const REFUSED_BY_TEMPORAL: ReadonlySet<number> = new Set([
  GRPC.INVALID_ARGUMENT,
  GRPC.PERMISSION_DENIED,
  GRPC.UNIMPLEMENTED,
  GRPC.UNAUTHENTICATED,
]);

/** Waited before an update is sent again whose workflow task failed. */
const TASK_FAILED_PAUSE_MS = 100;

interface TemporalGatewayPorts {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Temporal is pinged before a command when it has answered nothing for a second, so that "unreachable, nothing was
 * sent" (UNAVAILABLE) can be told from "sent, no answer" (ACCEPTANCE_UNKNOWN).
 */
export function temporalGateway({ client, clock, logger }: TemporalGatewayPorts): EngineGateway {
  let answeredAtMs = Number.NEGATIVE_INFINITY;
  let pinging: Promise<void> | null = null;
  const refusals = new Refusals();

  const call = async <T>(deadlineMs: number, work: () => Promise<T>): Promise<T> => {
    const result = await client.connection.withDeadline(deadlineMs, work);
    answeredAtMs = clock.nowMs();
    return result;
  };

  const ping = async (deadlineMs: number): Promise<void> => {
    try {
      await call(deadlineMs, () => client.connection.workflowService.getSystemInfo({}));
    } catch (error) {
      throw new TransientError('UNAVAILABLE', 'Temporal does not answer.', { part: 'temporal' }, { cause: error });
    }
  };

  const reachable = async (): Promise<boolean> => {
    if (clock.nowMs() - answeredAtMs < TEMPORAL_FRESH_MS) return true;
    pinging ??= ping(clock.nowMs() + TEMPORAL_PING_MS).finally(() => {
      pinging = null;
    });
    return pinging.then(
      () => true,
      () => false,
    );
  };

  const send = async (
    deadlineMs: number,
    update: () => Promise<CommandAnswer>,
    notFound: () => CommandAnswer,
  ): Promise<CommandAnswer> => {
    if (!(await reachable())) {
      return unavailable('temporal', 'Temporal is not reachable. Nothing was sent. Try again shortly.');
    }
    for (;;) {
      try {
        return await call(deadlineMs, update);
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) {
          answeredAtMs = clock.nowMs();
          return notFound();
        }
        // The run ended (continue-as-new) under the update: its successor knows the command by its id.
        if (endedUnderUpdate(error) && clock.nowMs() < deadlineMs) continue;
        // The task that was to take it failed, as it does when the run renews itself under it: nothing was taken.
        if (taskFailedUnderUpdate(error) && clock.nowMs() + TASK_FAILED_PAUSE_MS < deadlineMs) {
          await sleep(TASK_FAILED_PAUSE_MS);
          continue;
        }
        return taskFailedUnderUpdate(error) ? unavailable('engine', TASKS_FAIL) : answerOf(error, logger);
      }
    }
  };

  return {
    command: async (engineId, envelope, deadlineMs) => {
      const hash = hashJson([envelope.requestHash, envelope.confirmationToken ?? null]);
      const key = updateIdOf(envelope, hash);
      const updateId = refusals.updateIdOf(key);
      const handle = client.workflow.getHandle(engineId);
      const answer = await send(
        deadlineMs,
        () => handle.executeUpdate(command, { args: [envelope], updateId }),
        () => unavailable('engine', `The engine ${engineId} is not running on this Temporal server. Nothing was sent.`),
      );
      const { status } = answer.data;
      if (status === 'rejected' || status === 'confirmation_required') refusals.add(key);
      return answer;
    },
    resolve: (operationId, verdict, updateId, deadlineMs) => {
      const handle = client.workflow.getHandle(operationWorkflowId(operationId));
      return send(
        deadlineMs,
        () => handle.executeUpdate(resolveTransactionUpdate, { args: [verdict], updateId }),
        () =>
          refused({
            code: 'VERDICT_REFUSED',
            message: `Operation ${operationId} is not running, so it has no outcome to submit.`,
            details: { operation_id: operationId, reason: 'not_running' },
          }),
      );
    },
    state: async (engineId, deadlineMs) => {
      try {
        return await call(deadlineMs, () => client.workflow.getHandle(engineId).query(engineState));
      } catch (error) {
        throw new TransientError('UNAVAILABLE', 'The engine does not answer.', { part: 'engine' }, { cause: error });
      }
    },
    ping,
  };
}

const endedUnderUpdate = (error: unknown): boolean =>
  error instanceof WorkflowUpdateFailedError &&
  error.cause instanceof ApplicationFailure &&
  error.cause.type === 'AcceptedUpdateCompletedWorkflow';

/**
 * Temporal's words for an update that was never accepted: its workflow task failed, or the tasks before it did, as when a
 * machine that is busy with its start reads a long history.
 */
const taskFailedUnderUpdate = (error: unknown): boolean => {
  if (!(error instanceof ServiceError) || !isGrpcServiceError(error.cause)) return false;
  const { code, details } = error.cause;
  return code === GRPC.FAILED_PRECONDITION && TASK_FAILED.some((words) => details.includes(words));
};

const TASKS_FAIL =
  'The engine takes no command: the last tasks of its workflow failed. Nothing was sent. Send it again; if that does not help, look at the alerts.';
const TASK_FAILED = ['workflow task failure', 'Workflow Task in failed state'] as const;

/** Codes that mean more than "refused, nothing was sent". */
const STATUS_OF: Readonly<Record<string, Exclude<CommandStatus, 'done' | 'pending'>>> = {
  TRANSACTION_FAILED: 'failed',
  ORDER_NOT_FILLED: 'failed',
  ACCEPTANCE_UNKNOWN: 'unknown',
  UNEXPECTED: 'unknown',
};

function answerOf(error: unknown, logger: Logger): CommandAnswer {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return acceptanceUnknown();
  if (error instanceof NamespaceNotFoundError) {
    return unavailable('temporal', `Temporal has no namespace ${error.namespace}. Check TEMPORAL_NAMESPACE.`);
  }
  if (error instanceof WorkflowUpdateFailedError) {
    const { cause } = error;
    if (cause instanceof ApplicationFailure && isOurCode(cause.type)) {
      return refused(
        { code: cause.type, message: cause.message, details: detailsOf(cause) },
        STATUS_OF[cause.type] ?? 'rejected',
      );
    }
    // A defect somewhere in the middle: how far the engine came is unknown.
    logger.error({ err: error, code: 'ACCEPTANCE_UNKNOWN' }, 'The engine failed an update without one of our codes');
    return acceptanceUnknown();
  }
  const cause = error instanceof ServiceError ? error.cause : error;
  if (isGrpcServiceError(cause)) {
    if (cause.code === GRPC.RESOURCE_EXHAUSTED) return busy('Temporal is overloaded. Try again in a second.');
    if (REFUSED_BY_TEMPORAL.has(cause.code)) {
      logger.error({ err: error, code: 'UNAVAILABLE' }, 'Temporal refused a call');
      return unavailable('temporal', 'Temporal refused the call. See the log for the reason.');
    }
  }
  logger.warn({ err: error, code: 'ACCEPTANCE_UNKNOWN' }, 'A call to Temporal ended without an answer');
  return acceptanceUnknown();
}

const isOurCode = (type: string | null | undefined): type is string =>
  typeof type === 'string' && /^[A-Z][A-Z_]{2,63}$/.test(type);

/** `details[0]` is the report's details, or the whole report where a failure came through an activity. */
function detailsOf(failure: ApplicationFailure): ErrorDetails {
  const given: unknown = failure.details?.[0];
  if (typeof given !== 'object' || given === null) return {};
  const whole = 'code' in given && given.code === failure.type && 'message' in given;
  const details = whole ? (given as { details?: unknown }).details : given;
  return typeof details === 'object' && details !== null ? (details as ErrorDetails) : {};
}
