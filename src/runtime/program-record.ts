/**
 * The program's hash is recorded with the engine and compared at each live start. It is no part of the id: a program may be
 * upgraded under an open position. That it was is told, since layouts and rules may have changed with it.
 */
import type { AlertSink } from '../alerts/channels.ts';
import { endpointsOf } from '../chain/endpoint.ts';
import { RpcPool } from '../chain/rpc-pool.ts';
import { alertId, newAlert, raised } from '../domain/alerts/alert.ts';
import type { PolicyJson } from '../domain/hedge/policy.ts';
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

/** The hash of the program as it is now. @throws TransientError when no node has the program's code */
export async function recordProgram(ports: ProgramRecordPorts): Promise<string> {
  const { journal, alerts, clock } = ports;
  const { engineId } = ports.settings;
  const { programId, rpcUrls } = ports.settings.live;
  const { hash } = await readDeployedCode(new RpcPool({ endpoints: endpointsOf(rpcUrls), clock }), programId);
  const key = keyOf(engineId);
  const known = await journal.db.selectFrom('meta').select('value').where('key', '=', key).executeTakeFirst();
  if (known?.value === hash) return hash;
  await journal.db
    .insertInto('meta')
    .values({ key, value: hash })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: hash }))
    .execute();
  if (known === undefined) return hash;
  const draft = raised('PROGRAM_CHANGED', { program_id: programId, before: known.value, now: hash });
  await alerts.raise(newAlert({ id: alertId(engineId, draft, hash), engineId, tsMs: clock.nowMs(), draft }));
  return hash;
}

const keyOf = (engineId: string): string => `program:${engineId}`;

/** A consent to the carry policy is to one program too: the policy names the one that was recorded last. */
export async function withProgramHash<P extends PolicyJson>(
  policy: P,
  engineId: string,
  { db }: Pick<Journal, 'db'>,
): Promise<P> {
  if (policy.mode !== 'live' || policy.carryPolicy !== 'auto') return policy;
  const known = await db.selectFrom('meta').select('value').where('key', '=', keyOf(engineId)).executeTakeFirst();
  return known === undefined ? policy : { ...policy, programHash: known.value };
}
