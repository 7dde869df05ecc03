/**
 * Alerts that follow from restrictions of trading: one that names an alert raises it or goes with it, and its end is the
 * alert's end.
 */
import { type AlertDraft, raised, recovered } from '../alerts/alert.ts';
import { isPlain, type PlainCode } from '../alerts/alert-table.ts';
import type { Hold } from './hold.ts';

const alertOf = ({ details }: Hold): PlainCode | null =>
  typeof details?.alert === 'string' && isPlain(details.alert) ? details.alert : null;

/** Alerts that the restriction itself raises. The others were raised by whoever found their cause. */
function draftOf(hold: Hold): AlertDraft | null {
  switch (alertOf(hold)) {
    case 'GUARD_ACTED':
      return raised('GUARD_ACTED', {});
    case 'POSITION_LEFT_OPEN': {
      const { remaining, why } = hold.details ?? {};
      const text = (value: unknown) => (typeof value === 'string' ? value : null);
      return raised('POSITION_LEFT_OPEN', { remaining: text(remaining), why: text(why) });
    }
    case 'AUTOMATIC_TRADES_FAILED': {
      const { failures, last_error: reason } = hold.details ?? {};
      return raised('AUTOMATIC_TRADES_FAILED', { failures: Number(failures), reason: String(reason) });
    }
    case 'VERDICT_UNACCEPTED':
      return raised('VERDICT_UNACCEPTED', {});
    case 'SETTINGS_REFUSED':
      return raised('SETTINGS_REFUSED', { reason: String(hold.details?.cause) });
    default:
      return null;
  }
}

/** What to tell when the restrictions were `before` and are `after`. */
export function alertsOfHolds(before: readonly Hold[], after: readonly Hold[]): readonly AlertDraft[] {
  const told = new Set(before.map(alertOf));
  const stands = new Set(after.map(alertOf));
  const came = after.filter((hold) => !told.has(alertOf(hold))).map(draftOf);
  const over = before.map(alertOf).filter((code) => code !== null && !stands.has(code));
  return [
    ...came.filter((draft) => draft !== null),
    ...over.flatMap((code) => (code === null ? [] : [recovered(code)])),
  ];
}
