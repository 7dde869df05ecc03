/**
 * Reports that the engine uses other settings than this process. Of several workers the one that started last decides; a
 * bridge never does.
 */
import type { AlertSink } from '../alerts/channels.ts';
import { alertId, newAlert, raised } from '../domain/alerts/alert.ts';
import type { PolicyJson } from '../domain/hedge/policy.ts';
import type { Journal } from '../journal/journal.ts';
import type { Clock } from '../lib/clock.ts';
import { hashJson } from '../lib/ids.ts';
import { type Repeated, repeatEvery } from '../lib/repeat.ts';
import type { Logger } from './logger.ts';
import { differingSettings } from './policy-settings.ts';

interface SettingsWatchPorts {
  readonly journal: Pick<Journal, 'engine'>;
  readonly alerts: AlertSink;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly engineId: string;
  readonly policy: PolicyJson;
}

export const SETTINGS_EVERY_MS = 10_000;

export function watchSettings(ports: SettingsWatchPorts, everyMs = SETTINGS_EVERY_MS): Repeated {
  const { logger } = ports;
  const look = differenceTeller(ports);
  // Others report a journal that is away.
  return repeatEvery(everyMs, async () => {
    await look().catch((err: unknown) => logger.debug({ err }, 'the settings could not be compared'));
  });
}

/** Tells a difference that two looks in a row find: at a start the engine is about to take what the first one misses. */
function differenceTeller({ journal, alerts, clock, logger, engineId, policy }: SettingsWatchPorts) {
  let seen = '';
  let told = '';
  return async (): Promise<void> => {
    const inForce = (await journal.engine(engineId))?.policy ?? policy;
    const settings = differingSettings(policy, inForce);
    const found = settings.length === 0 ? '' : hashJson([policy, inForce]);
    const standing = found !== '' && found === seen;
    seen = found;
    if (!standing || told === found) return;
    told = found;
    const draft = raised('SETTINGS_DIFFER', { settings });
    logger.warn({ settings, own: policy, in_force: inForce }, 'the engine uses other settings than this process');
    // The id follows from both: a restart with the same difference adds nothing.
    await alerts.raise(newAlert({ id: alertId(engineId, draft, found), engineId, tsMs: clock.nowMs(), draft }));
  };
}
