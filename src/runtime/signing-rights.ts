/**
 * What this process may sign and send: by its own mode, account and permissions, whatever an engine or operation carries.
 * Its worker serves other engines too, and those keep the permissions of the process that started them.
 */

import type { SigningRights } from '../../activities/transaction.ts';
import { grants, type Permission, permissionOf } from '../domain/order/permission.ts';
import { parseEngineId } from '../lib/ids.ts';
import type { Settings } from './config.ts';

export type RightsSettings = Pick<Settings, 'engineId' | 'mode'> & {
  readonly engines: readonly { readonly engineId: string }[];
  readonly live: Pick<Settings['live'], 'permissions'>;
};

/** Of this process: its own engine, and those of ENGINES_FILE. */
export const runsEngine = (
  engineId: string,
  { engineId: own, engines }: Pick<RightsSettings, 'engineId' | 'engines'>,
): boolean => engineId === own || engines.some((engine) => engine.engineId === engineId);

/** On a live account that is not this process's own: none. A paper account has no money to protect. */
export function permissionsFor(engineId: string, settings: RightsSettings): Permission {
  if (parseEngineId(engineId)?.venue === 'paper') return 'trading';
  const { mode, live } = settings;
  return mode === 'live' && runsEngine(engineId, settings) ? live.permissions : 'read-only';
}

export function signingRights(settings: RightsSettings): SigningRights {
  return (engineId, intent) => {
    const held = permissionsFor(engineId, settings);
    const needed = permissionOf(intent);
    if (grants(held, needed)) return null;
    const own = settings.mode === 'live' && runsEngine(engineId, settings);
    return {
      code: 'PERMISSION_DENIED',
      message: own
        ? `This process may not sign this transaction: its permission is ${held}, and ${needed} is needed.`
        : `This process may not sign for ${engineId}: it runs ${settings.engineId}.`,
      details: {
        engine_id: engineId,
        have: held,
        need: needed,
        remedy: own
          ? `Set LIVE_PERMISSIONS=${needed} and restart.`
          : `Start Driftless with the settings of ${engineId} and LIVE_PERMISSIONS=${needed}.`,
      },
    };
  };
}
