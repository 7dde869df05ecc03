/**
 * A live engine of a version whose id did not name its chain. Its account may be this one or, with the same key, one on
 * another cluster or of another program: that is proven before anything of it counts here.
 */
import type { Client } from '@temporalio/client';
import { endpointsOf } from '../chain/endpoint.ts';
import { RpcPool } from '../chain/rpc-pool.ts';
import type { Journal } from '../journal/journal.ts';
import { renameEngine } from '../journal/rename-engine.ts';
import type { Clock } from '../lib/clock.ts';
import { CriticalError } from '../lib/errors.ts';
import { engineIdOf, parseEngineId } from '../lib/ids.ts';
import type { Settings } from './config.ts';
import { endWorkflows, publishStopped } from './engine-end.ts';
import { LIVE_PROGRAMS } from './live-programs.ts';
import { whatIsOpen } from './other-engines.ts';

export interface FormerIdentityPorts {
  readonly settings: Settings;
  readonly client: Client;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly say: (line: string) => void;
  /** A bridge alone moves nothing. */
  readonly mayAdopt: boolean;
}

/** Newest first; each is one question to the nodes. */
const ATTEMPTS_ASKED = 10;
const OPERATIONS_READ = 50;

/**
 * The id under which this process's engine runs: its own, or for this start the one of before while something of it is
 * unresolved.
 * @throws CriticalError ENGINE_OF_ANOTHER_CHAIN when it holds something and is not proven to be of this chain and program
 */
export async function engineIdInForce(ports: FormerIdentityPorts): Promise<string> {
  const { settings, journal, say, mayAdopt } = ports;
  const own = parseEngineId(settings.engineId);
  if (own?.chain === undefined) return settings.engineId;
  const formerId = engineIdOf({ venue: own.venue, authority: own.authority, subAccount: own.subAccount });
  const former = await journal.engine(formerId);
  if (former === null) return settings.engineId;
  const open = await whatIsOpen(journal, former);
  const foreign = await whyNotProven(ports, formerId);
  if (foreign !== null) {
    if (open !== null) throw anotherChain(formerId, open, foreign);
    if (mayAdopt) {
      await endWorkflows(ports, formerId, 'it belongs to another chain or program');
      await publishStopped(ports, former, foreign);
    }
    say(`Note: ${formerId} is an engine of before, and not this one: ${foreign}. Its history stays under its id.`);
    return settings.engineId;
  }
  if (former.unresolved.length > 0 || (await journal.unfinishedOperations(formerId)).length > 0) {
    say(
      `Note: this account's engine runs under its id of before, ${formerId}, until its last transaction is resolved. ` +
        'Then restart, and it continues under its full id.',
    );
    return formerId;
  }
  if (!mayAdopt) return settings.engineId;
  await endWorkflows(ports, formerId, `it continues as ${settings.engineId}`);
  await renameEngine(journal.db, formerId, settings.engineId);
  say(
    `The engine ${formerId} continues as ${settings.engineId}, with all its records: chain and program match. It only ` +
      'reduces until you have looked at it and pressed Resume.',
  );
  return settings.engineId;
}

/** Null: a transaction of its own stands on this chain and calls this program. */
async function whyNotProven(ports: FormerIdentityPorts, formerId: string): Promise<string | null> {
  const { settings, journal, clock } = ports;
  const { live } = settings;
  const { items } = await journal.operations({ engineId: formerId, limit: OPERATIONS_READ });
  const landed = items
    .flatMap(({ attempts }) => attempts)
    .filter(({ outcome }) => outcome === 'confirmed')
    .map(({ signature }) => signature);
  if (landed.length === 0) return await whyNotWatchedHere(ports, formerId);
  if (live.rpcUrls.length === 0)
    return 'RPC_URL is not set, so no node can say whether its transactions are of this chain';
  const pool = new RpcPool({ endpoints: endpointsOf(live.rpcUrls), clock });
  for (const signature of landed.slice(0, ATTEMPTS_ASKED)) {
    const keys = await accountsOf(pool, signature);
    if (keys === null) continue;
    return keys.includes(live.programId) ? null : `its transactions call another program than ${live.programId}`;
  }
  return 'no node in RPC_URL knows any of its transactions';
}

/** One that never sent anything: the cluster stands in what it read, and the program was always this one. */
async function whyNotWatchedHere({ settings, journal }: FormerIdentityPorts, formerId: string): Promise<string | null> {
  const { venue, driftEnv, programId } = settings.live;
  const feed = (await journal.latestSnapshot(formerId))?.snapshot.feed.feed ?? null;
  if (feed === null) return null;
  const known = programId === LIVE_PROGRAMS[venue].programId;
  const same = feed === `${venue} ${driftEnv}` && driftEnv !== 'localnet' && known;
  return same ? null : `it watched an account of "${feed}" and sent nothing that would prove more`;
}

/** The programs that a transaction names; null: no responding node knows it. */
async function accountsOf(pool: RpcPool, signature: string): Promise<readonly string[] | null> {
  const config = { commitment: 'confirmed', encoding: 'json', maxSupportedTransactionVersion: 0 };
  return await pool
    .readKnown('getTransaction', [signature, config], (result) => (result === null ? null : accountKeys(result)))
    .catch(() => null);
}

function accountKeys(result: unknown): readonly string[] | undefined {
  const keys = (result as { transaction?: { message?: { accountKeys?: unknown } } }).transaction?.message?.accountKeys;
  return Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : undefined;
}

const anotherChain = (engineId: string, open: string, why: string): CriticalError =>
  new CriticalError(
    'ENGINE_OF_ANOTHER_CHAIN',
    `${engineId}, an engine of before, has ${open}, and it is not proven that its account is on this chain: ${why}.`,
    {
      engine_id: engineId,
      remedy:
        'Start once with the DRIFT_ENV, RPC_URL and DRIFT_PROGRAM_ID that it ran with (a node with history), and close there; ' +
        'or use another DRIFTLESS_HOME.',
    },
  );
