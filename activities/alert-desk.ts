/**
 * Tells each alert once per crossing. What stands is read from the journal when a watch starts; the id of an alert
 * follows from the row before it, so that two watches that overlap, or a retried one, tell it once.
 */
import type { AlertDraft } from '../src/domain/alerts/alerts.ts';
import type { Journal } from '../src/journal/journal.ts';
import type { AlertRecord } from '../src/journal/records.ts';
import { newestAlerts } from '../src/journal/standing-alerts.ts';
import type { Json } from '../src/lib/errors.ts';
import { hashJson } from '../src/lib/ids.ts';

export type AlertText = Omit<AlertDraft, 'code'> & { readonly code: string };

export class AlertDesk {
  private readonly journal: Journal;
  private readonly engineId: string;
  private newest: Map<string, AlertRecord>;

  private constructor(journal: Journal, engineId: string, newest: ReadonlyMap<string, AlertRecord>) {
    this.journal = journal;
    this.engineId = engineId;
    this.newest = new Map(newest);
  }

  static async open(journal: Journal, engineId: string): Promise<AlertDesk> {
    return new AlertDesk(journal, engineId, await newestAlerts(journal.db, engineId));
  }

  standing(): readonly string[] {
    return [...this.newest.values()].filter((alert) => alert.kind === 'alert').map((alert) => alert.code);
  }

  standingAlert(code: string): AlertRecord | null {
    const alert = this.newest.get(code);
    return alert?.kind === 'alert' ? alert : null;
  }

  async raise(text: AlertText, atMs: number, marketTimeMs: number): Promise<void> {
    await this.write('alert', text, atMs, { ...text.details, market_time_ms: marketTimeMs });
  }

  /** Nothing, when the code does not stand. */
  async recover(code: string, message: string, atMs: number): Promise<void> {
    if (this.standingAlert(code) === null) return;
    await this.write('recovered', { code, severity: 'info', message, action: '', details: {} }, atMs, {});
  }

  private async write(kind: AlertRecord['kind'], text: AlertText, atMs: number, details: Json): Promise<void> {
    const alert: AlertRecord = {
      id: hashJson([this.engineId, kind, text.code, this.newest.get(text.code)?.id ?? null]).slice(0, 32),
      engineId: this.engineId,
      kind,
      severity: text.severity,
      code: text.code,
      message: text.message,
      action: text.action,
      operationId: null,
      details,
      tsMs: atMs,
    };
    await this.journal.raiseAlert(alert);
    this.newest.set(text.code, alert);
  }
}
