/**
 * The program's hash is recorded with the engine and compared at each live start. It is no part of the id: a program may be
 * upgraded under an open position. That it was is told, since layouts and rules may have changed with it.
 */
import { createHash } from 'node:crypto';
import type { AlertSink } from '../alerts/channels.ts';
import { isFields } from '../chain/answer-shapes.ts';
import { endpointsOf } from '../chain/endpoint.ts';
import { RpcPool } from '../chain/rpc-pool.ts';
import { alertId, newAlert, raised } from '../domain/alerts/alert.ts';
import type { Journal } from '../journal/journal.ts';
import { toBase58 } from '../lib/base58.ts';
import type { Clock } from '../lib/clock.ts';
import type { Settings } from './config.ts';

export interface ProgramRecordPorts {
  readonly journal: Pick<Journal, 'db'>;
  readonly alerts: AlertSink;
  readonly clock: Clock;
  readonly settings: { readonly engineId: string; readonly live: Pick<Settings['live'], 'rpcUrls' | 'programId'> };
}

/** Of the upgradeable loader: a program's account names the one that holds its code, behind a header of so many bytes. */
const PROGRAM_BYTES = 36;
const ADDRESS_OFFSET = 4;
const CODE_OFFSET = 45;

/** @throws TransientError when no node has the program's code */
export async function recordProgram(ports: ProgramRecordPorts): Promise<void> {
  const { journal, alerts, clock } = ports;
  const { engineId } = ports.settings;
  const { programId, rpcUrls } = ports.settings.live;
  const hash = await programHash(new RpcPool({ endpoints: endpointsOf(rpcUrls), clock }), programId);
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

async function programHash(pool: RpcPool, programId: string): Promise<string> {
  const account = await bytesOf(pool, programId);
  const code =
    account.length === PROGRAM_BYTES
      ? (await bytesOf(pool, toBase58(account.subarray(ADDRESS_OFFSET)))).subarray(CODE_OFFSET)
      : account;
  // The account may be larger than its code.
  const end = code.findLastIndex((byte) => byte !== 0) + 1;
  return createHash('sha256').update(code.subarray(0, end)).digest('hex');
}

const bytesOf = (pool: RpcPool, address: string): Promise<Buffer> =>
  pool.read('getAccountInfo', [address, { commitment: 'confirmed', encoding: 'base64' }], (result) => {
    const data = isFields(result) && isFields(result.value) ? result.value.data : undefined;
    return Array.isArray(data) && typeof data[0] === 'string' ? Buffer.from(data[0], 'base64') : undefined;
  });
