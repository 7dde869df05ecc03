/**
 * Whether somebody may sign for each live engine: the workers that may tell so every second and a half, and every process
 * looks. A position that nobody can close or guard is told within 10 s.
 */
import { AlertDesk } from '../../activities/alert-desk.ts';
import type { AlertSink } from '../alerts/channels.ts';
import { raised } from '../domain/alerts/alert.ts';
import { signingQueue } from '../domain/order/permission.ts';
import type { Journal } from '../journal/journal.ts';
import type { EngineRecord } from '../journal/records.ts';
import { forgetSigner, noteSigner, signerSeenMsAgo } from '../journal/signer-presence.ts';
import type { Clock } from '../lib/clock.ts';
import { type Repeated, repeatEvery } from '../lib/repeat.ts';
import type { Logger } from './logger.ts';
import { hasPosition } from './other-engines.ts';

const TELL_EVERY_MS = 1_500;
const LOOK_EVERY_MS = 2_000;
/** Three words missed: a busy second or two is not an absence. */
const GONE_AFTER_MS = 5_000;

export interface PresencePorts {
  readonly journal: Pick<Journal, 'db'>;
  readonly logger: Pick<Logger, 'debug'>;
  /** The queues that are polled at this moment. */
  readonly polled: () => readonly string[];
  /** Names this process; random at each start. */
  readonly process: string;
}

export function tellPresence({ journal, logger, polled, process }: PresencePorts, everyMs = TELL_EVERY_MS): Repeated {
  const telling = repeatEvery(everyMs, async () => {
    // The part watch reports a journal that is away.
    await noteSigner(journal.db, polled(), process).catch((err: unknown) => logger.debug({ err }, 'presence not told'));
  });
  return {
    stop: async () => {
      await telling.stop();
      await forgetSigner(journal.db, process).catch(() => undefined);
    },
  };
}

export interface SignerWatchPorts {
  readonly journal: Pick<Journal, 'db' | 'engines' | 'latestSnapshot'>;
  readonly alerts: AlertSink;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'debug' | 'error'>;
}

export function watchSigners(ports: SignerWatchPorts, everyMs = LOOK_EVERY_MS): Repeated {
  const watch = new SignerWatch(ports);
  return repeatEvery(everyMs, async () => {
    await watch.look().catch((err: unknown) => ports.logger.debug({ err }, 'signers not looked for'));
  });
}

class SignerWatch {
  readonly #ports: SignerWatchPorts;
  readonly #missing = new Set<string>();

  constructor(ports: SignerWatchPorts) {
    this.#ports = ports;
  }

  async look(): Promise<void> {
    for (const engine of await this.#ports.journal.engines('live')) await this.#lookFor(engine);
  }

  async #lookFor({ engineId, policy }: EngineRecord): Promise<void> {
    const { journal, clock, logger } = this.#ports;
    // By its own settings an engine that is only watched has nobody who signs.
    const needed = policy?.permissions ?? 'read-only';
    const gone =
      needed !== 'read-only' &&
      // First: as long as somebody may sign, no snapshot is read.
      ((await signerSeenMsAgo(journal.db, signingQueue(engineId, needed))) ?? GONE_AFTER_MS) >= GONE_AFTER_MS &&
      (await hasPosition(journal, engineId));
    // A second look, because a worker that has just started has not written its row yet.
    if (gone === this.#missing.has(engineId)) {
      await this.#tell(engineId, gone, needed, clock.nowMs());
      return;
    }
    if (gone) this.#missing.add(engineId);
    else this.#missing.delete(engineId);
    if (!gone) logger.debug({ engineId }, 'somebody may sign again');
  }

  async #tell(engineId: string, gone: boolean, needed: string, nowMs: number): Promise<void> {
    const desk = await AlertDesk.open(this.#ports, engineId);
    const stands = desk.standingAlert('SIGNER_MISSING') !== null;
    if (gone === stands) return;
    if (gone) {
      this.#ports.logger.error({ engineId, needed }, 'nobody may sign for an engine that has a position');
      desk.raise(raised('SIGNER_MISSING', { permission: needed }), nowMs);
    } else desk.recover('SIGNER_MISSING', nowMs);
    await desk.write();
  }
}
