/** Which alerts a person is sent, and when. Pure: the time is an argument. */
import type { Alert } from '../domain/alerts/alert.ts';
import { type AlertSeverity, SEVERITY_RANK } from '../domain/alerts/alert-row.ts';
import { ALERT_CODES, usualSeverity } from '../domain/alerts/alert-table.ts';

/** Minutes of the day in this machine's time zone. A night from 22:00 to 07:00 wraps. */
export interface QuietHours {
  readonly fromMinute: number;
  readonly toMinute: number;
}

export interface DeliveryPolicy {
  readonly minSeverity: AlertSeverity;
  /** A critical alert that stands, and that nobody acknowledged, is sent again after this time. */
  readonly repeatMs: number;
  readonly quietHours: QuietHours | null;
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;

/** The end of a condition is as important as its beginning was: who heard of the one hears of the other. */
export function severityOf({ kind, severity, code }: Pick<Alert, 'kind' | 'severity' | 'code'>): AlertSeverity {
  return kind === 'recovered' ? usualSeverity(code) : severity;
}

export const isWanted = (alert: Pick<Alert, 'kind' | 'severity' | 'code'>, { minSeverity }: DeliveryPolicy): boolean =>
  SEVERITY_RANK[severityOf(alert)] >= SEVERITY_RANK[minSeverity];

/** The same, as the journal is asked for it. */
export const wantedOf = ({ minSeverity }: DeliveryPolicy) => ({
  severities: (['info', 'warning', 'critical'] as const).filter(
    (severity) => SEVERITY_RANK[severity] >= SEVERITY_RANK[minSeverity],
  ),
  recoveredCodes: ALERT_CODES.filter((code) => SEVERITY_RANK[usualSeverity(code)] >= SEVERITY_RANK[minSeverity]),
});

/**
 * When the first message about an alert may go out, wall ms. Only what is critical now disturbs the quiet hours; the rest goes
 * out together at their end.
 * @param minuteOfDay of `nowMs`, in the person's time zone
 */
export function firstDueMs(
  { kind, severity }: Pick<Alert, 'kind' | 'severity'>,
  { quietHours }: DeliveryPolicy,
  nowMs: number,
  minuteOfDay: number,
): number {
  if (quietHours === null || (kind === 'alert' && severity === 'critical')) return nowMs;
  const { fromMinute, toMinute } = quietHours;
  const since = (minuteOfDay - fromMinute + DAY_MINUTES) % DAY_MINUTES;
  const length = (toMinute - fromMinute + DAY_MINUTES) % DAY_MINUTES;
  return since < length ? nowMs + (length - since) * MINUTE_MS : nowMs;
}

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 300_000;

/** @param failed how often in a row it failed, from 1. @param askedMs what the endpoint asked for; null: nothing */
export const redeliveryMs = (failed: number, askedMs: number | null): number =>
  Math.max(askedMs ?? 0, Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failed - 1, 20)));
