/** A backup of the product that runs in this process. */
import type { EngineGateway } from '../bridge/gateway.ts';
import type { Journal } from '../journal/journal.ts';
import type { Clock } from '../lib/clock.ts';
import { TransientError } from '../lib/errors.ts';
import type { BackupMade } from '../protocol/api.ts';
import type { Settings } from './config.ts';
import { makeBackup } from './make-backup.ts';
import { requireOwnStores } from './own-stores.ts';
import type { Cluster } from './starting.ts';

const ANSWER_MS = 2_000;

interface RunningStores extends Pick<Cluster, 'copyStore'> {
  readonly settings: Pick<Settings, 'home' | 'databaseUrl' | 'temporal'>;
  readonly version: string;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly gateway: Pick<EngineGateway, 'state'>;
}

/** @throws ValidationError EXTERNAL_STORES; TransientError UNAVAILABLE */
export async function backupRunning(stores: RunningStores): Promise<BackupMade> {
  const { settings, version, clock, journal, gateway, copyStore } = stores;
  requireOwnStores(settings);
  const { copyTo } = journal;
  if (copyStore === null || copyTo === null)
    throw new TransientError('UNAVAILABLE', 'The stores of this process are in memory.');
  return await makeBackup({
    ...{ home: settings.home, version, clock, madeWhile: 'running' },
    async workflowSequences() {
      const sequences = new Map<string, number>();
      for (const { engineId } of await journal.engines()) {
        const engine = await gateway.state(engineId, clock.nowMs() + ANSWER_MS).catch(() => null);
        if (engine !== null) sequences.set(engineId, engine.sequence);
      }
      return sequences;
    },
    copyTemporal: copyStore,
    copyJournal: copyTo,
  });
}
