/**
 * Workers for the queues on which a live engine is signed and sent for. Each queue is named for the engine and a permission,
 * and only a process that holds the key and grants the permission polls it: another worker can keep no exit from its end.
 */
import { grants, type NeededPermission, PERMISSIONS, signingQueue } from '../domain/order/permission.ts';
import { permissionsFor, type RightsSettings } from './signing-rights.ts';
import { type RunningWorker, startWorker, type WorkerOptions } from './worker.ts';

export interface SigningWorkers {
  /** The queues that are polled at this moment. */
  readonly polled: () => readonly string[];
  readonly stop: () => Promise<void>;
}

export function queuesOf(settings: RightsSettings): readonly string[] {
  const { engineId: own, engines, mode } = settings;
  if (mode !== 'live') return [];
  return [own, ...engines.map(({ engineId }) => engineId)].flatMap((engineId) => {
    const held = permissionsFor(engineId, settings);
    return PERMISSIONS.filter(
      (permission): permission is NeededPermission => permission !== 'read-only' && grants(held, permission),
    ).map((permission) => signingQueue(engineId, permission));
  });
}

/** @param activities `sign` and `submit`, and nothing else */
export async function startSigningWorkers(
  settings: RightsSettings,
  options: Omit<WorkerOptions, 'bundle' | 'taskQueue'>,
): Promise<SigningWorkers> {
  const workers: { readonly queue: string; readonly worker: RunningWorker }[] = [];
  for (const queue of queuesOf(settings)) {
    workers.push({ queue, worker: await startWorker({ ...options, bundle: null, taskQueue: queue }) });
  }
  return {
    polled: () => workers.filter(({ worker }) => worker.state() === 'RUNNING').map(({ queue }) => queue),
    stop: async () => {
      await Promise.all(workers.map(({ worker }) => worker.stop()));
    },
  };
}
