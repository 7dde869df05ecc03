/** What each command did: a list of the newest first, changed by pure steps. */
import type { CommandResult, ResultStatus, TransactionUpdate } from '../socket/messages.ts';

export const MAX_ACTIVITIES = 60;
/** The server answers within 5 s, always: after this, silence is told as such. */
export const ANSWER_WITHIN_MS = 6_000;

export type CommandData = Readonly<Record<string, string>>;

/**
 * `sent`: no answer yet · `unanswered`: none came in time, or the connection was lost first: it may or may not have been
 * accepted · the rest as the server says.
 */
export type ActivityStatus = 'sent' | 'unanswered' | ResultStatus;

export interface Activity {
  readonly commandId: string;
  readonly action: string;
  /** As sent, without confirmation token; empty for a command of another client. */
  readonly data: CommandData;
  readonly ours: boolean;
  readonly sentAtMs: number;
  readonly changedAtMs: number;
  readonly status: ActivityStatus;
  readonly result: CommandResult | null;
  readonly operationId: string | null;
  readonly signature: string | null;
  readonly stage: string | null;
  readonly outcome: string | null;
  readonly attempt: number | null;
  readonly explorerUrl: string | null;
  readonly temporalUrl: string | null;
}

export type Activities = readonly Activity[];

const isFinal = (status: ActivityStatus): boolean => status === 'done' || status === 'rejected' || status === 'failed';
/** The server owes these another word. */
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
    changedAtMs: nowMs,
  };
  return put(activities, activity);
}

export function withResult(activities: Activities, result: CommandResult, nowMs: number): Activities {
  const standing = activities.find((activity) => activity.commandId === result.commandId);
  const before = standing ?? blank(result.commandId, result.action, nowMs);
  const status = result.status ?? (result.success ? 'done' : 'rejected');
  // A repeated "pending" tells nothing new once the end is known.
  if (isFinal(before.status) && !isFinal(status)) return activities;
  return put(activities, {
    ...before,
    status,
    result,
    changedAtMs: nowMs,
    operationId: result.operationId ?? before.operationId,
    signature: result.signature ?? before.signature,
  });
}

export function withTransaction(activities: Activities, update: TransactionUpdate): Activities {
  const standing = activities.find(
    (activity) =>
      (update.commandId !== null && activity.commandId === update.commandId) ||
      (activity.operationId !== null && activity.operationId === update.operationId),
  );
  if (standing === undefined) return activities;
  return put(activities, {
    ...standing,
    operationId: update.operationId || standing.operationId,
    signature: update.signature ?? standing.signature,
    stage: update.stage ?? standing.stage,
    outcome: update.outcome ?? standing.outcome,
    attempt: update.attempt ?? standing.attempt,
    explorerUrl: update.explorerUrl ?? standing.explorerUrl,
    temporalUrl: update.temporalUrl ?? standing.temporalUrl,
  });
}

/** Silence past the deadline, or a lost connection (`deadlineMs` 0), is told; nothing is ever sent again by itself. */
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
  result: null,
  operationId: null,
  signature: null,
  stage: null,
  outcome: null,
  attempt: null,
  explorerUrl: null,
  temporalUrl: null,
});

/** Whole seconds until the token is worth nothing, rather one too few; null when the server gave no term. */
export function secondsLeft(activity: Activity, now: number): number | null {
  const confirmation = activity.result?.confirmation ?? null;
  if (confirmation === null) return null;
  const until =
    confirmation.expiresInMs !== null ? activity.changedAtMs + confirmation.expiresInMs : confirmation.expiresAtMs;
  return until === null ? null : Math.max(0, Math.floor((until - now) / 1_000));
}
