/**
 * The program's hash is recorded with the engine and compared at each live start. It is no part of the id: a program may be
 * upgraded under an open position. That it was is told, since layouts and rules may have changed with it.
 */
import type { AlertSink } from '../alerts/channels.ts';
import { endpointsOf } from '../chain/endpoint.ts';
import { RpcPool } from '../chain/rpc-pool.ts';
import { alertId, newAlert, raised } from '../domain/alerts/alert.ts';
import type { Journal } from '../journal/journal.ts';
import type { Clock } from '../lib/clock.ts';
import { readDeployedCode } from '../venues/solana-perps/deployed-program.ts';
import type { Settings } from './config.ts';

export interface ProgramRecordPorts {
  readonly journal: Pick<Journal, 'db'>;
  readonly alerts: AlertSink;
  readonly clock: Clock;
  readonly settings: { readonly engineId: string; readonly live: Pick<Settings['live'], 'rpcUrls' | 'programId'> };
}

/** @throws TransientError when no node has the program's code */
export async function recordProgram(ports: ProgramRecordPorts): Promise<void> {
  const { journal, alerts, clock } = ports;
  const { engineId } = ports.settings;
  const { programId, rpcUrls } = ports.settings.live;
  const { hash } = await readDeployedCode(new RpcPool({ endpoints: endpointsOf(rpcUrls), clock }), programId);
  const key = `program:${engineId}`;
  const known = await journal.db.selectFrom('meta').select('value').where('key', '=', key).executeTakeFirst();
  if (known?.value === hash) return;
  await journal.db
    .insertInto('meta')
    .values({ key, value: hash })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: hash }))
    .execute();
  if (known === undefined) return;
  const draft = raised('PROGRAM_CHANGED', { program_id: programId, before: known.value, now: hash });
  await alerts.raise(newAlert({ id: alertId(engineId, draft, hash), engineId, tsMs: clock.nowMs(), draft }));
}
