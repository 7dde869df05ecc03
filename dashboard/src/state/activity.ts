/** The commands and their results, newest first, changed by pure steps. */
import type { ErrorInfo } from '../../../src/protocol/error.ts';
import type { TransactionUpdate } from '../../../src/protocol/operation.ts';
import type { CommandResult, Preview, ResultStatus } from '../../../src/protocol/result.ts';

export const MAX_ACTIVITIES = 60;
/** The server always answers within 5 s; after this the page reports that there is no answer. */
export const ANSWER_WITHIN_MS = 6_000;

export type CommandData = Readonly<Record<string, string>>;

/**
 * `sent`: no answer yet · `unanswered`: none came in time, or the connection was lost first: it may or may not have been
 * accepted · the rest as the server says.
 */
export type ActivityStatus = 'sent' | 'unanswered' | ResultStatus;

/** The preview, and the token that confirms it. */
interface OfferedConfirmation {
  readonly token: string;
  readonly expiresAtMs: number | null;
  readonly preview: Preview | null;
}

/** The answer to a command, from the socket or the journal. */
export interface Answer {
  readonly status: ResultStatus;
  readonly message: string;
  readonly error: ErrorInfo | null;
  readonly commitment: string | null;
  readonly confirmation: OfferedConfirmation | null;
  readonly operationId: string | null;
  readonly signature: string | null;
}

export interface Activity extends Omit<Answer, 'status'> {
  readonly commandId: string;
  readonly action: string;
  /** As sent, without confirmation token; empty for a command of another client. */
  readonly data: CommandData;
  readonly ours: boolean;
  readonly sentAtMs: number;
  readonly changedAtMs: number;
  readonly status: ActivityStatus;
  readonly stage: string | null;
  readonly outcome: string | null;
  readonly attempt: number | null;
  readonly explorerUrl: string | null;
  readonly temporalUrl: string | null;
}

export type Activities = readonly Activity[];

const isFinal = (status: ActivityStatus): boolean => status === 'done' || status === 'rejected' || status === 'failed';
/** In these states another answer is to come. */
export const isOpen = (activity: Activity): boolean =>
  !isFinal(activity.status) && activity.status !== 'confirmation_required';

export function withSent(
  activities: Activities,
  command: Pick<Activity, 'commandId' | 'action' | 'data'>,
  nowMs: number,
): Activities {
  const standing = activities.find((activity) => activity.commandId === command.commandId);
  const activity: Activity = {
    ...blank(command.commandId, command.action, nowMs),
    ...standing,
    data: command.data,
    ours: true,
    status: 'sent',
    // Of a question that is answered now: it is no news any more.
    message: '',
    error: null,
    confirmation: null,
    changedAtMs: nowMs,
  };
  return put(activities, activity);
}

export const withResult = (activities: Activities, result: CommandResult, nowMs: number): Activities =>
  withAnswer(activities, result.command_id ?? '', result.action ?? 'unknown', answerOf(result), nowMs);

function answerOf({ message, error, data }: CommandResult): Answer {
  const { status, commitment, operation_id, tx_signature, confirmation_token, expires_at, preview } = data;
  return {
    status,
    message,
    error: error ?? null,
    commitment: commitment ?? null,
    confirmation:
      confirmation_token === undefined
        ? null
        : { token: confirmation_token, expiresAtMs: expires_at ?? null, preview: preview ?? null },
    operationId: operation_id ?? null,
    signature: tx_signature ?? null,
  };
}

export function withAnswer(
  activities: Activities,
  commandId: string,
  action: string,
  answer: Answer,
  nowMs: number,
): Activities {
  const standing = activities.find((activity) => activity.commandId === commandId);
  const before = standing ?? blank(commandId, action, nowMs);
  // A repeated "pending" is not news once the end is known.
  if (isFinal(before.status) && !isFinal(answer.status)) return activities;
  return put(activities, {
    ...before,
    ...answer,
    changedAtMs: nowMs,
    operationId: answer.operationId ?? before.operationId,
    signature: answer.signature ?? before.signature,
  });
}

/** The state of a transaction: an update, or the journal's last attempt. */
export type TransactionStand = Pick<
  TransactionUpdate,
  'operation_id' | 'command_id' | 'attempt' | 'signature' | 'outcome' | 'explorer_url' | 'temporal_url'
> & { readonly stage: string | null };

export function withTransaction(activities: Activities, update: TransactionStand): Activities {
  const standing = activities.find(
    (activity) =>
      activity.commandId === update.command_id ||
      (activity.operationId !== null && activity.operationId === update.operation_id),
  );
  if (standing === undefined) return activities;
  return put(activities, {
    ...standing,
    operationId: update.operation_id,
    signature: update.signature ?? standing.signature,
    stage: update.stage ?? standing.stage,
    outcome: update.outcome ?? standing.outcome,
    attempt: update.attempt ?? standing.attempt,
    explorerUrl: update.explorer_url ?? standing.explorerUrl,
    temporalUrl: update.temporal_url ?? standing.temporalUrl,
  });
}

/** Marks commands without an answer past the deadline, or after a lost connection (`deadlineMs` 0). The page never sends again on its own. */
export function withSilence(activities: Activities, nowMs: number, deadlineMs: number): Activities {
  if (!activities.some((activity) => activity.status === 'sent' && nowMs - activity.changedAtMs >= deadlineMs)) {
    return activities;
  }
  return activities.map((activity) =>
    activity.status === 'sent' && nowMs - activity.changedAtMs >= deadlineMs
      ? { ...activity, status: 'unanswered', changedAtMs: nowMs }
      : activity,
  );
}

function put(activities: Activities, activity: Activity): Activities {
  const index = activities.findIndex((other) => other.commandId === activity.commandId);
  return index === -1 ? [activity, ...activities].slice(0, MAX_ACTIVITIES) : activities.with(index, activity);
}

const blank = (commandId: string, action: string, nowMs: number): Activity => ({
  commandId,
  action,
  data: {},
  ours: false,
  sentAtMs: nowMs,
  changedAtMs: nowMs,
  status: 'sent',
  message: '',
  error: null,
  commitment: null,
  confirmation: null,
  operationId: null,
  signature: null,
  stage: null,
  outcome: null,
  attempt: null,
  explorerUrl: null,
  temporalUrl: null,
});

/** Whole seconds until the token expires, rounded down; null if the server gave no limit. */
export function secondsLeft(activity: Activity, now: number): number | null {
  const until = activity.confirmation?.expiresAtMs ?? null;
  return until === null ? null : Math.max(0, Math.floor((until - now) / 1_000));
}
