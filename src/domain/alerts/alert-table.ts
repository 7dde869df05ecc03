/**
 * The one table of alerts: every code with its severity, its words, and whether a person is needed. A new alert is a new
 * row in the file of its subject; a code without a row does not exist. docs/architecture/alerts.md shows the whole.
 */
import { ACCOUNT_ALERTS } from './account-alerts.ts';
import type { AlertRow, AlertSeverity } from './alert-row.ts';
import { CARRY_ALERTS } from './carry-alerts.ts';
import { ENGINE_ALERTS } from './engine-alerts.ts';
import { HISTORY_ALERTS } from './history-alerts.ts';
import { SETUP_ALERTS } from './setup-alerts.ts';
import { TRANSACTION_ALERTS, UNCERTAIN, type UncertainCode } from './transaction-alerts.ts';

export const ALERTS = {
  ...ACCOUNT_ALERTS,
  ...CARRY_ALERTS,
  ...TRANSACTION_ALERTS,
  ...ENGINE_ALERTS,
  ...HISTORY_ALERTS,
  ...SETUP_ALERTS,
} as const;

export type AlertCode = keyof typeof ALERTS;
export const ALERT_CODES = Object.keys(ALERTS) as readonly AlertCode[];

/** What the sentences of a code are made from. */
export type AlertDetails<Code extends AlertCode> = Parameters<(typeof ALERTS)[Code]['happened']>[0];

/** Codes that stand until they are over; the others are events. */
export type StandingCode = {
  [Code in AlertCode]: (typeof ALERTS)[Code]['over'] extends null ? never : Code;
}[AlertCode];
export type OverDetails<Code extends StandingCode> = Parameters<NonNullable<(typeof ALERTS)[Code]['over']>>[0];

const isAlertCode = (code: string): code is AlertCode => Object.hasOwn(ALERTS, code);

/** Standing codes whose end is one withPeriod, whatever ended them. */
export type PlainCode = Exclude<StandingCode, UncertainCode>;
const isUncertain = (code: string): boolean => (UNCERTAIN as readonly string[]).includes(code);
export const isPlain = (code: string): code is PlainCode =>
  isAlertCode(code) && ALERTS[code].over !== null && !isUncertain(code);

/** The row of a code whose details are of unknown kind. */
export const alertRow = (code: AlertCode): AlertRow<never, never> => ALERTS[code] as AlertRow<never, never>;

/** Of a code whose severity depends on its details, the higher one it may have. */
export function usualSeverity(code: string): AlertSeverity {
  if (!isAlertCode(code)) return 'warning';
  const { severity } = alertRow(code);
  return typeof severity === 'function' ? 'critical' : severity;
}

/** The heading of an alert; a code of another version has its words at least. */
export const alertTitle = (code: string): string =>
  isAlertCode(code) ? ALERTS[code].title : code.charAt(0) + code.slice(1).replaceAll('_', ' ').toLowerCase();
