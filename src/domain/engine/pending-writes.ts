/** Alerts and final answers that the journal has not taken yet: bounded, each taken once by its id. */

import type { Alert } from '../alerts/alert.ts';
import type { CommandAnswer } from '../order/command.ts';

export interface PendingAnswer {
  readonly commandId: string;
  readonly answer: CommandAnswer;
  readonly atMs: number;
}

export interface PendingWrites {
  readonly alerts: readonly Alert[];
  readonly answers: readonly PendingAnswer[];
}

/** Of each kind; beyond it the oldest are dropped. A journal that is away for that long has a hold of its own. */
export const MAX_PENDING = 200;

export const withAlert = (pending: PendingWrites, alert: Alert): PendingWrites => ({
  ...pending,
  alerts: [...pending.alerts.filter((other) => other.id !== alert.id), alert].slice(-MAX_PENDING),
});

export const withAnswer = (pending: PendingWrites, answer: PendingAnswer): PendingWrites => ({
  ...pending,
  answers: [...pending.answers.filter((other) => other.commandId !== answer.commandId), answer].slice(-MAX_PENDING),
});

export const isWritten = ({ alerts, answers }: PendingWrites): boolean => alerts.length === 0 && answers.length === 0;

/** The rest after `written` was taken. Later additions stay. */
export const afterWrite = (pending: PendingWrites, written: PendingWrites): PendingWrites => ({
  alerts: pending.alerts.filter((alert) => !written.alerts.includes(alert)),
  answers: pending.answers.filter((answer) => !written.answers.includes(answer)),
});
