/**
 * Somebody may end the engine's workflow from outside (the Temporal UI, `temporal workflow terminate`). Then nothing
 * watches the position. It is started again, under the hold that two stores that differ bring, but not for ever.
 */
import type { AlertSink } from '../alerts/channels.ts';
import { type AlertDraft, alertId, newAlert, raised, recovered } from '../domain/alerts/alert.ts';
import type { Clock } from '../lib/clock.ts';
import { type Repeated, repeatEvery } from '../lib/repeat.ts';
import type { Logger } from './logger.ts';

interface GuardianPorts {
  readonly engineId: string;
  readonly engineRuns: () => Promise<boolean>;
  readonly startEngine: () => Promise<void>;
  readonly alerts: AlertSink;
  readonly clock: Clock;
  readonly logger: Logger;
}

const EVERY_MS = 3_000;
const HOUR_MS = 3_600_000;
const RESTARTS_AN_HOUR = 3;

export function keepEngineRunning(ports: GuardianPorts, everyMs = EVERY_MS): Repeated {
  const { logger } = ports;
  const guardian = new Guardian(ports);
  // Temporal or the journal is away: that is told by who watches them, and tried again.
  return repeatEvery(everyMs, async () => {
    await guardian.look().catch((err: unknown) => logger.warn({ err }, 'could not check the engine'));
  });
}

class Guardian {
  readonly #ports: GuardianPorts;
  #restartedMs: number[] = [];
  /** When it was left down; null: it was not. */
  #downSinceMs: number | null = null;

  constructor(ports: GuardianPorts) {
    this.#ports = ports;
  }

  async look(): Promise<void> {
    const { engineRuns, startEngine, clock } = this.#ports;
    if (await engineRuns()) {
      if (this.#downSinceMs !== null) await this.#tell(recovered('ENGINE_STAYS_DOWN'), this.#downSinceMs);
      this.#downSinceMs = null;
      return;
    }
    const nowMs = clock.nowMs();
    this.#restartedMs = this.#restartedMs.filter((atMs) => nowMs - atMs < HOUR_MS);
    if (this.#restartedMs.length >= RESTARTS_AN_HOUR) {
      if (this.#downSinceMs !== null) return;
      this.#downSinceMs = nowMs;
      await this.#tell(raised('ENGINE_STAYS_DOWN', { restarts: RESTARTS_AN_HOUR }), nowMs);
      return;
    }
    await startEngine();
    this.#restartedMs.push(nowMs);
    await this.#tell(raised('ENGINE_RESTARTED', {}), nowMs);
  }

  async #tell(draft: AlertDraft, causeMs: number): Promise<void> {
    const { engineId, alerts, clock } = this.#ports;
    await alerts.raise(
      newAlert({ id: alertId(engineId, draft, String(causeMs)), engineId, tsMs: clock.nowMs(), draft }),
    );
  }
}
