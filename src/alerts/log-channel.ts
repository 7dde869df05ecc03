/** Writes every alert to the log, by its severity. */
import type { Alert } from '../domain/alerts/alert.ts';
import type { AlertChannel } from './channels.ts';

type WriteLine = (fields: object, message: string) => void;
interface AlertLog {
  readonly info: WriteLine;
  readonly warn: WriteLine;
  readonly error: WriteLine;
}

function levelOf({ kind, severity }: Alert): keyof AlertLog {
  if (kind === 'recovered' || severity === 'info') return 'info';
  return severity === 'critical' ? 'error' : 'warn';
}

/** Null: there is only one engine. */
export type NameOfEngine = (alert: Pick<Alert, 'engineId' | 'code'>) => string | null;

export const logChannel = (log: AlertLog, nameOf: NameOfEngine = () => null): AlertChannel => ({
  name: 'log',
  deliver(alert) {
    const { id, engineId, code, action, operationId, details } = alert;
    const name = nameOf(alert);
    const of = name === null || name === engineId ? {} : { engine: name };
    log[levelOf(alert)]({ id, engineId, ...of, code, action, operationId, details }, `${alert.kind}: ${alert.message}`);
  },
});
