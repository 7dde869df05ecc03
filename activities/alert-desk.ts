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

/** Beyond it the oldest go: they were delivered to whoever listened. */
const MAX_UNWRITTEN = 200;

interface DeskPorts {
  readonly journal: Pick<Journal, 'db'>;
  readonly alerts: AlertSink;
}

export class AlertDesk {
  private readonly alerts: AlertSink;
  private readonly engineId: string;
  /** Makes ids where the journal has no row of the code, or where its row could not be read. */
  private readonly beginning: string | null;
  private newest: Map<string, Alert>;
  /** Told, and not in the journal yet: with the code's row before it, as this desk knew it. */
  private unwritten: readonly Alert[] = [];
  private writing: Promise<void> | null = null;

  private constructor(
    alerts: AlertSink,
    engineId: string,
    newest: ReadonlyMap<string, Alert>,
    beginning: string | null = null,
  ) {
    this.alerts = alerts;
    this.engineId = engineId;
    this.newest = new Map(newest);
    this.beginning = beginning;
  }

  static async open({ journal, alerts }: DeskPorts, engineId: string): Promise<AlertDesk> {
    return new AlertDesk(alerts, engineId, await newestAlerts(journal.db, engineId));
  }

  /** The journal cannot be read: nothing is known to stand, and ids follow from `outage`. */
  static unread(alerts: AlertSink, engineId: string, outage: string): AlertDesk {
    return new AlertDesk(alerts, engineId, new Map(), `unread/${outage}`);
  }

  /** The journal is back: writes the alerts that were raised while it was away, unless it has the same ones already. */
  takeOver(before: AlertDesk | undefined): this {
    if (before === undefined) return this;
    const news = before.unwritten.filter(({ code, kind }) => (this.newest.get(code)?.kind ?? 'recovered') !== kind);
    this.unwritten = [...this.unwritten, ...news];
    for (const alert of news) this.newest.set(alert.code, alert);
    return this;
  }

  standing(): readonly string[] {
    return [...this.newest.values()].filter((alert) => alert.kind === 'alert').map((alert) => alert.code);
  }

  standingAlert(code: string): Alert | null {
    const alert = this.newest.get(code);
    return alert?.kind === 'alert' ? alert : null;
  }

  /** Told at once, whatever the journal does; `write` brings it there. */
  raise(draft: AlertDraft, atMs: number, context: ErrorDetails = {}): void {
    const { engineId } = this;
    const id = alertId(engineId, draft, this.newest.get(draft.code)?.id ?? this.beginning);
    const alert = newAlert({ id, engineId, tsMs: atMs, draft, context });
    this.alerts.announce(alert);
    this.newest.set(draft.code, alert);
    this.unwritten = [...this.unwritten, alert].slice(-MAX_UNWRITTEN);
  }

  /** Nothing, when the code does not stand. */
  recover(code: PlainCode, atMs: number): void {
    if (this.standingAlert(code) !== null) this.raise(recovered(code), atMs);
  }

  /** Writes the alerts that the journal has not taken yet, in order. If one fails, the rest waits for the next time. */
  async write(): Promise<void> {
    this.writing ??= this.writeAll().finally(() => {
      this.writing = null;
    });
    await this.writing;
  }

  private async writeAll(): Promise<void> {
    for (let [alert] = this.unwritten; alert !== undefined; [alert] = this.unwritten) {
      const written = alert;
      await this.alerts.raise(written);
      this.unwritten = this.unwritten.filter((other) => other !== written);
    }
  }
}
