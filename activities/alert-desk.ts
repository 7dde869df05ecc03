/**
 * Tells each alert once per crossing. What stands is read from the journal when a watch starts; the id of an alert
 * follows from the row before it, so that two watches that overlap, or a retried one, tell it once.
 */
import type { AlertSink } from '../src/alerts/channels.ts';
import { type Alert, type AlertDraft, alertId, newAlert, recovered } from '../src/domain/alerts/alert.ts';
import type { PlainCode } from '../src/domain/alerts/alert-table.ts';
import type { Journal } from '../src/journal/journal.ts';
import { newestAlerts } from '../src/journal/standing-alerts.ts';
import type { ErrorDetails } from '../src/lib/errors.ts';

export interface DeskPorts {
  readonly journal: Pick<Journal, 'db'>;
  readonly alerts: AlertSink;
}

export class AlertDesk {
  private readonly alerts: AlertSink;
  private readonly engineId: string;
  private newest: Map<string, Alert>;

  private constructor(alerts: AlertSink, engineId: string, newest: ReadonlyMap<string, Alert>) {
    this.alerts = alerts;
    this.engineId = engineId;
    this.newest = new Map(newest);
  }

  static async open({ journal, alerts }: DeskPorts, engineId: string): Promise<AlertDesk> {
    return new AlertDesk(alerts, engineId, await newestAlerts(journal.db, engineId));
  }

  standing(): readonly string[] {
    return [...this.newest.values()].filter((alert) => alert.kind === 'alert').map((alert) => alert.code);
  }

  standingAlert(code: string): Alert | null {
    const alert = this.newest.get(code);
    return alert?.kind === 'alert' ? alert : null;
  }

  async raise(draft: AlertDraft, atMs: number, context: ErrorDetails = {}): Promise<void> {
    const { engineId } = this;
    const id = alertId(engineId, draft, this.newest.get(draft.code)?.id ?? null);
    const alert = newAlert({ id, engineId, tsMs: atMs, draft, context });
    await this.alerts.raise(alert);
    this.newest.set(draft.code, alert);
  }

  /** Nothing, when the code does not stand. */
  async recover(code: PlainCode, atMs: number): Promise<void> {
    if (this.standingAlert(code) !== null) await this.raise(recovered(code), atMs);
  }
}
