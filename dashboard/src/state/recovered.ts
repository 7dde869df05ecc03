/** The end of a command whose answer was missed, as the journal tells it. */

import type { CommandResult, ResultStatus, TransactionUpdate } from '../socket/messages.ts';
import { type Fields, fields, list, number, pick, text, webUrl } from '../socket/read.ts';
import { readError } from '../socket/read-message.ts';
import { type Activities, isOpen, withResult } from './activity.ts';

const STATUS: Readonly<Record<string, ResultStatus>> = {
  running: 'pending',
  confirmed: 'done',
  done: 'done',
  resolved_by_human: 'done',
  unresolved: 'unknown',
  rejected: 'rejected',
  failed: 'failed',
  expired: 'failed',
};

const STATUS_WORDS: Readonly<Record<string, string>> = {
  running: 'Running',
  confirmed: 'Confirmed',
  done: 'Done',
  resolved_by_human: 'Resolved by a person',
  unresolved: 'Outcome unknown',
  rejected: 'Rejected',
  failed: 'Failed',
  expired: 'Expired',
};

/** @param operations rows of `/api/operations` */
export function withOperations(activities: Activities, operations: readonly Fields[], nowMs: number): Activities {
  let next = activities;
  for (const activity of activities.filter(isOpen)) {
    const operation = operations.find((row) => row.command_id === activity.commandId);
    const status = STATUS[text(operation?.status) ?? ''];
    if (operation === undefined || status === undefined) continue;
    if (status === activity.status) continue;
    next = withResult(next, resultOf(activity.action, activity.commandId, operation, status), nowMs);
  }
  return next;
}

const lastOf = (operation: Fields): Fields => fields(list(operation.attempts).at(-1));

/** The operation's latest attempt as an update would have told it; null without an id. */
export function lastAttempt(operation: Fields): TransactionUpdate | null {
  const operationId = text(operation.operation_id);
  if (operationId === null) return null;
  const attempt = lastOf(operation);
  return {
    operationId,
    commandId: text(operation.command_id),
    attempt: number(attempt.number),
    stage: text(attempt.stage),
    signature: text(attempt.signature),
    outcome: text(attempt.outcome),
    explorerUrl: webUrl(attempt.explorer_url),
    temporalUrl: webUrl(operation.temporal_url),
  };
}

function resultOf(action: string, commandId: string, operation: Fields, status: ResultStatus): CommandResult {
  const error = readError(operation.error);
  return {
    action,
    commandId,
    success: status === 'done' || status === 'pending',
    status,
    message: error?.message ?? `${STATUS_WORDS[text(operation.status) ?? ''] ?? 'Status unknown'}.`,
    operationId: text(pick(operation, 'operation_id')),
    signature: text(lastOf(operation).signature),
    changed: null,
    commitment: null,
    confirmation: null,
    error,
  };
}
