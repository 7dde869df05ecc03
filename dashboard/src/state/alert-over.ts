import type { AlertView } from '../socket/messages.ts';

/** Over: a later `recovered` of the same code, and of the same operation where it names one. */
export function isOver(alert: AlertView, all: readonly AlertView[]): boolean {
  return all.some(
    (other) =>
      other.kind === 'recovered' &&
      other.code === alert.code &&
      (other.operationId === null || other.operationId === alert.operationId) &&
      (other.tsMs ?? 0) >= (alert.tsMs ?? 0),
  );
}
