/** Alerts that follow from holds: a hold whose details name an alert tells it when it comes, and that it is over. */
import type { Hold } from './hold.ts';

export interface HoldAlert {
  readonly kind: 'alert' | 'recovered';
  readonly code: string;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly message: string;
}

const alertOf = ({ details }: Hold): string | null => (typeof details?.alert === 'string' ? details.alert : null);

const severityOf = ({ details }: Hold): HoldAlert['severity'] =>
  details?.severity === 'critical' || details?.severity === 'info' ? details.severity : 'warning';

/** Between two lists of holds: what came that nobody told of otherwise (it has a severity), and what is over. */
export function alertsOfHolds(before: readonly Hold[], after: readonly Hold[]): readonly HoldAlert[] {
  const told = new Set(before.map(alertOf));
  const stands = new Set(after.map(alertOf));
  const came = after
    .filter((hold) => hold.details?.severity !== undefined && !told.has(alertOf(hold)))
    .map(
      (hold): HoldAlert => ({
        kind: 'alert',
        code: alertOf(hold) ?? hold.code,
        severity: severityOf(hold),
        message: hold.reason,
      }),
    );
  const over = before
    .filter((hold) => alertOf(hold) !== null && !stands.has(alertOf(hold)))
    .map(
      (hold): HoldAlert => ({
        kind: 'recovered',
        code: alertOf(hold) ?? hold.code,
        severity: 'info',
        message: 'Resolved.',
      }),
    );
  return [...came, ...over];
}
