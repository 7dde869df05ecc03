/** Alerts as conditions: what stands comes first, each condition once, and what is over behind it. */
import type { AlertInfo } from '../../../src/protocol/alert.ts';

export interface AlertCondition {
  readonly key: string;
  /** The newest alert of the condition, or its recovery where that is all that is known. */
  readonly alert: AlertInfo;
  /** When it was over; null: it stands. */
  readonly overAt: number | null;
  /** How often it was raised. */
  readonly times: number;
}

const SEVERITY: Readonly<Record<AlertInfo['severity'], number>> = { critical: 0, warning: 1, info: 2 };

const conditionOf = ({ code, operation_id: operationId }: AlertInfo): string => `${code}/${operationId ?? ''}`;

/** @param unresolved operations whose outcome is unknown now; null: not known. An answered question asks no more. */
export function alertConditions(
  alerts: readonly AlertInfo[],
  unresolved: readonly string[] | null,
): readonly AlertCondition[] {
  const byCondition = new Map<string, AlertInfo[]>();
  for (const alert of alerts) {
    const key = conditionOf(alert);
    byCondition.set(key, [...(byCondition.get(key) ?? []), alert]);
  }
  const conditions = [...byCondition].map(([key, of]): AlertCondition => {
    const newest = of.toSorted((a, b) => b.ts - a.ts);
    const raised = newest.filter(({ kind }) => kind === 'alert');
    const alert = raised[0] ?? newest[0];
    if (alert === undefined) throw new Error('a condition without an alert');
    return { key, alert, overAt: overAt(alert, alerts, unresolved), times: raised.length };
  });
  return conditions.toSorted(
    (a, b) =>
      Number(a.overAt !== null) - Number(b.overAt !== null) ||
      (a.overAt === null ? SEVERITY[a.alert.severity] - SEVERITY[b.alert.severity] : 0) ||
      b.alert.ts - a.alert.ts,
  );
}

/** A later `recovered` of the same code ends it, and of the same operation where it names one. */
function overAt(alert: AlertInfo, all: readonly AlertInfo[], unresolved: readonly string[] | null): number | null {
  if (alert.kind === 'recovered') return alert.ts;
  const ends = all.filter(
    (other) =>
      other.kind === 'recovered' &&
      other.code === alert.code &&
      (other.operation_id === undefined || other.operation_id === alert.operation_id) &&
      other.ts >= alert.ts,
  );
  if (ends.length > 0) return Math.min(...ends.map(({ ts }) => ts));
  const { code, operation_id: operationId } = alert;
  if (code !== 'TRANSACTION_UNKNOWN' || operationId === undefined || unresolved === null) return null;
  return unresolved.includes(operationId) ? null : alert.ts;
}

/** What needs attention: it stands, and is more than information. */
export const isStanding = ({ alert, overAt: over }: AlertCondition): boolean =>
  over === null && alert.severity !== 'info';

/** What is worth a notification: it has just been raised, and a person should look. */
export const isWorthNotifying = ({ kind, severity }: AlertInfo): boolean => kind === 'alert' && severity !== 'info';
