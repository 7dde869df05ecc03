/** Where a live operation is signed and sent: the queue that only workers poll which hold its key and the permission. */
import { ActivityFailure, type ActivityOptions, TimeoutFailure } from '@temporalio/workflow';
import type { Intent } from '../../src/domain/order/intent.ts';
import { permissionOf, signingQueue } from '../../src/domain/order/permission.ts';
import type { ErrorReport } from '../../src/lib/errors.ts';
import type { OperationInput } from '../messages.ts';

/** Nobody polls it for so long: the attempt ends, and an exit begins another one. A call that is lost takes as long. */
const UNSERVED_MS = 30_000;

/** Empty: the operation's own queue. */
export const onSigningQueue = (
  { engineId, timing, signsOnQueue = false }: Pick<OperationInput, 'engineId' | 'timing' | 'signsOnQueue'>,
  intent: Intent,
): Pick<ActivityOptions, 'taskQueue' | 'scheduleToStartTimeout'> =>
  signsOnQueue
    ? { taskQueue: signingQueue(engineId, permissionOf(intent)), scheduleToStartTimeout: timing.callMs ?? UNSERVED_MS }
    : {};

/** What to say when no worker took it in time; null: something else failed. */
export function unserved(
  error: unknown,
  { engineId }: Pick<OperationInput, 'engineId'>,
  intent: Intent,
): ErrorReport | null {
  const timeout = error instanceof ActivityFailure ? error.cause : null;
  if (!(timeout instanceof TimeoutFailure) || timeout.timeoutType !== 'SCHEDULE_TO_START') return null;
  const permission = permissionOf(intent);
  return {
    code: 'UNAVAILABLE',
    message: `No worker that holds the key and LIVE_PERMISSIONS=${permission} for this engine is running. Nothing was sent.`,
    details: { part: 'signer', engine_id: engineId, need: permission },
  };
}
