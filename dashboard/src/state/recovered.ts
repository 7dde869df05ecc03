/** The end of a command whose answer was missed, from the journal. */

import type { OperationInfo } from '../../../src/protocol/operation.ts';
import type { ResultStatus } from '../../../src/protocol/result.ts';
import { type Activities, type Answer, isOpen, type TransactionStand, withAnswer } from './activity.ts';

const STATUS: Readonly<Record<OperationInfo['status'], ResultStatus>> = {
  running: 'pending',
  confirmed: 'done',
  done: 'done',
  resolved_by_human: 'done',
  unresolved: 'unknown',
  rejected: 'rejected',
  failed: 'failed',
  expired: 'failed',
};

const STATUS_WORDS: Readonly<Record<OperationInfo['status'], string>> = {
  running: 'Running',
  confirmed: 'Confirmed',
  done: 'Done',
  resolved_by_human: 'Resolved by a person',
  unresolved: 'Outcome unknown',
  rejected: 'Rejected',
  failed: 'Failed',
  expired: 'Expired',
};

export function withOperations(
  activities: Activities,
  operations: readonly OperationInfo[],
  nowMs: number,
): Activities {
  let next = activities;
  for (const activity of activities.filter(isOpen)) {
    const operation = operations.find((row) => row.command_id === activity.commandId);
    if (operation === undefined || STATUS[operation.status] === activity.status) continue;
    next = withAnswer(next, activity.commandId, activity.action, answerOf(operation), nowMs);
  }
  return next;
}

/** The operation's latest attempt in the form of an update. */
export function lastAttempt(operation: OperationInfo): TransactionStand {
  const attempt = operation.attempts.at(-1);
  return {
    operation_id: operation.operation_id,
    command_id: operation.command_id,
    attempt: attempt?.number ?? null,
    stage: attempt?.stage ?? null,
    signature: attempt?.signature ?? null,
    outcome: attempt?.outcome ?? null,
    explorer_url: attempt?.explorer_url ?? null,
    temporal_url: operation.temporal_url,
  };
}

const answerOf = (operation: OperationInfo): Answer => ({
  status: STATUS[operation.status],
  message: operation.error?.message ?? `${STATUS_WORDS[operation.status]}.`,
  error: operation.error ?? null,
  commitment: null,
  confirmation: null,
  operationId: operation.operation_id,
  signature: operation.attempts.at(-1)?.signature ?? null,
});
