import type { AlertInfo } from '../../../src/protocol/alert.ts';

/** Over: a later `recovered` of the same code, and of the same operation where it names one. */
export function isOver(alert: AlertInfo, all: readonly AlertInfo[]): boolean {
  return all.some(
    (other) =>
      other.kind === 'recovered' &&
      other.code === alert.code &&
      (other.operation_id === undefined || other.operation_id === alert.operation_id) &&
      other.ts >= alert.ts,
  );
}
