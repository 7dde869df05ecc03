/** What the engine told and the journal has yet to take: alerts and final answers, bounded, each taken once by its id. */

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

/** Of each; beyond it the oldest go: a journal that is away for that long is told of by its hold. */
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

/** What is left after `written` was taken; what came meanwhile stays. */
export const afterWrite = (pending: PendingWrites, written: PendingWrites): PendingWrites => ({
  alerts: pending.alerts.filter((alert) => !written.alerts.includes(alert)),
  answers: pending.answers.filter((answer) => !written.answers.includes(answer)),
});
