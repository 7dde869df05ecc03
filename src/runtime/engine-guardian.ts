/**
 * Somebody may end the engine's workflow from outside (the Temporal UI, `temporal workflow terminate`). Then nothing
 * watches the position. It is started again, under the hold that two stores that differ bring, but not for ever: restarts are
 * counted in the journal, so that several workers, or one that is started anew, share the count.
 */
import type { AlertSink } from '../alerts/channels.ts';
import { type AlertDraft, alertId, newAlert, raised, recovered } from '../domain/alerts/alert.ts';
import type { Journal } from '../journal/journal.ts';
import type { Clock } from '../lib/clock.ts';
import { type Repeated, repeatEvery } from '../lib/repeat.ts';
import type { Logger } from './logger.ts';

interface GuardianPorts {
  readonly engineId: string;
  readonly engineRuns: () => Promise<boolean>;
  /** Names the engine's last run; null: Temporal no longer knows it. */
  readonly lastRunId: () => Promise<string | null>;
  readonly startEngine: () => Promise<void>;
  readonly journal: Pick<Journal, 'alerts'>;
  readonly alerts: AlertSink;
  readonly clock: Clock;
  readonly logger: Logger;
}

export const GUARD_EVERY_MS = 3_000;
const HOUR_MS = 3_600_000;
const RESTARTS_AN_HOUR = 3;
/** Of the newest alerts: an hour's restarts are among them unless far more happened than a person can overlook. */
const LOOKED_AT = 200;

export function keepEngineRunning(ports: GuardianPorts, everyMs = GUARD_EVERY_MS): Repeated {
  const { logger } = ports;
  const guardian = new Guardian(ports);
  // Temporal or the journal is away: the part watch reports that, and the next round tries again.
  return repeatEvery(everyMs, async () => {
    await guardian.look().catch((err: unknown) => logger.warn({ err }, 'could not check the engine'));
  });
}

class Guardian {
  readonly #ports: GuardianPorts;
  /** Runs that this process found ended and replaced, for while the journal is away. */
  readonly #replaced = new Map<string, number>();
  /** What was told about an engine that was left down, or is to be asked of the journal. */
  #down: 'unknown' | 'no' | 'yes' = 'unknown';

  constructor(ports: GuardianPorts) {
    this.#ports = ports;
  }

  async look(): Promise<void> {
    const { engineRuns, lastRunId, startEngine, clock } = this.#ports;
    if (await engineRuns()) return await this.#tellRuns();
    const ended = (await lastRunId()) ?? 'unknown';
    if ((await this.#restarts()) >= RESTARTS_AN_HOUR) {
      if (this.#down === 'yes') return;
      await this.#tell(raised('ENGINE_STAYS_DOWN', { restarts: RESTARTS_AN_HOUR }), ended);
      this.#down = 'yes';
      return;
    }
    await startEngine();
    this.#replaced.set(ended, clock.nowMs());
    // Of several workers that see the same end each starts the engine, and Temporal starts one: one alert, one restart.
    await this.#tell(raised('ENGINE_RESTARTED', {}), ended);
  }

  /** In the last hour, by whichever worker: each left its alert in the journal. */
  async #restarts(): Promise<number> {
    const { journal, engineId, clock, logger } = this.#ports;
    const sinceMs = clock.nowMs() - HOUR_MS;
    for (const [runId, atMs] of this.#replaced) if (atMs < sinceMs) this.#replaced.delete(runId);
    try {
      const { items } = await journal.alerts({ engineId, limit: LOOKED_AT, fromMs: sinceMs });
      const told = items.filter(({ code }) => code === 'ENGINE_RESTARTED').length;
      return Math.max(told, this.#replaced.size);
    } catch (err) {
      logger.debug({ err }, 'the journal does not say how often the engine was restarted');
      return this.#replaced.size;
    }
  }

  async #tellRuns(): Promise<void> {
    if (this.#down === 'no') return;
    const { journal, engineId } = this.#ports;
    const { items } = await journal.alerts({ engineId, limit: LOOKED_AT });
    const last = items.find(({ code }) => code === 'ENGINE_STAYS_DOWN');
    if (last?.kind === 'alert') await this.#tell(recovered('ENGINE_STAYS_DOWN'), last.id);
    this.#down = 'no';
  }

  async #tell(draft: AlertDraft, cause: string): Promise<void> {
    const { engineId, alerts, clock } = this.#ports;
    await alerts.raise(newAlert({ id: alertId(engineId, draft, cause), engineId, tsMs: clock.nowMs(), draft }));
  }
}
