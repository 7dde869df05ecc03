/**
 * Says within seconds when a part that the engine needs is gone, and when it is back: to the log and the sockets at once,
 * to the journal as soon as that can be written.
 */
import { AlertDesk } from '../../activities/alert-desk.ts';
import type { AlertSink } from '../alerts/channels.ts';
import type { PartReadiness, Readiness } from '../bridge/ports.ts';
import { type Alert, type AlertDraft, alertId, newAlert, raised, recovered } from '../domain/alerts/alert.ts';
import type { Journal } from '../journal/journal.ts';
import type { Clock } from '../lib/clock.ts';
import { type Repeated, repeatEvery } from '../lib/repeat.ts';
import { within } from '../lib/within.ts';
import type { Logger } from './logger.ts';

interface PartWatchPorts {
  readonly readiness: () => Promise<Readiness>;
  readonly journal: Pick<Journal, 'db'>;
  readonly alerts: AlertSink;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly engineId: string;
}

const CODES = {
  temporal: 'TEMPORAL_UNAVAILABLE',
  journal: 'JOURNAL_UNAVAILABLE',
  worker: 'WORKER_UNAVAILABLE',
} as const;
type WatchedPart = keyof typeof CODES;
const WATCHED = Object.keys(CODES) as readonly WatchedPart[];

const EVERY_MS = 2_000;
/** A look or two may fail by themselves: a server that restarts, a busy second. */
const LOOKS = 3;
const DESK_MS = 1_000;

export function watchParts(ports: PartWatchPorts, everyMs = EVERY_MS): Repeated {
  const parts = WATCHED.map((part) => new PartAlert(part, ports));
  return repeatEvery(everyMs, async (signal) => {
    const found = await ports.readiness();
    // Without Temporal nothing is known of the workers.
    const judged = parts.filter(({ part }) => part !== 'worker' || found.temporal.ok);
    if (!signal.aborted) await Promise.all(judged.map((part) => part.look(found[part.part])));
  });
}

/** The alert of one part: told once when it is gone, and over once it is back. */
class PartAlert {
  readonly part: WatchedPart;
  readonly #ports: PartWatchPorts;
  #missed = 0;
  #standing: Alert | null = null;
  /** Alerts that the journal has not taken yet. */
  #unkept: Alert[] = [];
  /** A former process may have left the alert standing. */
  #checked = false;

  constructor(part: WatchedPart, ports: PartWatchPorts) {
    this.part = part;
    this.#ports = ports;
  }

  async look({ ok, detail }: PartReadiness): Promise<void> {
    this.#missed = ok ? 0 : this.#missed + 1;
    if (this.#missed >= LOOKS && this.#standing === null) {
      this.#ports.logger.error({ readyz: this.part, detail }, 'a part that the engine needs is unavailable');
      this.#standing = this.#tell(raised(CODES[this.part], { reason: detail }), null);
    } else if (ok && this.#standing !== null) {
      this.#ports.logger.info({ readyz: this.part }, 'the part is available again');
      this.#tell(recovered(CODES[this.part]), this.#standing.id);
      this.#standing = null;
    }
    await this.#keep();
    if (ok) await this.#endFormer();
  }

  #tell(draft: AlertDraft, cause: string | null): Alert {
    const { engineId, clock, alerts } = this.#ports;
    const tsMs = clock.nowMs();
    const alert = newAlert({ id: alertId(engineId, draft, cause ?? String(tsMs)), engineId, tsMs, draft });
    alerts.announce(alert);
    this.#unkept.push(alert);
    return alert;
  }

  async #keep(): Promise<void> {
    for (let alert = this.#unkept[0]; alert !== undefined; alert = this.#unkept[0]) {
      const next = alert;
      const kept = await within(DESK_MS, () => this.#ports.alerts.raise(next));
      if (kept.kind !== 'value') return;
      this.#unkept.shift();
    }
  }

  async #endFormer(): Promise<void> {
    if (this.#checked) return;
    const { engineId, clock } = this.#ports;
    const ended = await within(DESK_MS, async () => {
      const desk = await AlertDesk.open(this.#ports, engineId);
      desk.recover(CODES[this.part], clock.nowMs());
      await desk.write();
    });
    this.#checked = ended.kind === 'value';
  }
}
