/** The end of a command whose answer was missed, as the journal tells it. */

import type { CommandResult, ResultStatus } from '../socket/messages.ts';
import { readError } from '../socket/messages.ts';
import { type Fields, pick, text } from '../socket/read.ts';
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

function resultOf(action: string, commandId: string, operation: Fields, status: ResultStatus): CommandResult {
  const attempts = operation.attempts;
  const last: unknown = Array.isArray(attempts) ? attempts.at(-1) : null;
  const error = readError(operation.error);
  return {
    action,
    commandId,
    success: status === 'done' || status === 'pending',
    status,
    message: error?.message ?? `The journal tells: ${text(operation.status) ?? 'unknown'}.`,
    operationId: text(pick(operation, 'operation_id')),
    signature: typeof last === 'object' && last !== null && 'signature' in last ? text(last.signature) : null,
    changed: null,
    commitment: null,
    confirmation: null,
    error,
  };
}
