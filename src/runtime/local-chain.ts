/**
 * `npm start -- --localnet`: a local chain with a venue's real program in this very process, and the settings that point the
 * product at it. Each start makes a new chain with a new wallet, and so a new account and a new engine: an engine of
 * a chain that is gone is ended at the next start, and its history stays readable under its id.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { Journal } from '../journal/journal.ts';
import type { Settings } from './config.ts';
import { endWorkflows, publishStopped } from './engine-end.ts';
import { LIVE_PROGRAMS } from './live-programs.ts';
import { localVenueOf, startLocalVenue } from './local-venues.ts';
import { LOCAL_CHAIN_GONE } from './other-engines.ts';
import type { SettingName } from './setting-table.ts';

export interface LocalChain {
  readonly fixed: Partial<Record<SettingName, string | null>>;
  readonly rpcUrl: string;
  readonly controlUrl: string;
  stop(): Promise<void>;
}

const HOME = 'localnet';
/** Of former chains; nothing to do with the setting ENGINES_FILE. */
const KNOWN_ENGINES = 'engines.json';

/** What stands while the chain is not there yet: only to have all other settings checked before anything slow. */
const PLACEHOLDER = { RPC_URL: 'http://127.0.0.1:1', AUTHORITY: '11111111111111111111111111111111' };

/** @param home DRIFTLESS_HOME; null while it is not known */
export const localSettings = (home: string | null): Partial<Record<SettingName, string | null>> => ({
  ENGINE_MODE: 'live',
  DRIFT_ENV: 'localnet',
  LIVE_PERMISSIONS: 'read-only',
  MARKET_FEED: null,
  MARKET_SPEED: null,
  SOLANA_PRIVATE_KEY: null,
  SOLANA_KEYPAIR_PATH: null,
  SIGNER_SOCKET: null,
  DRIFT_PROGRAM_ID: null,
  DRIFT_SUB_ACCOUNT: null,
  RPC_WS_URL: null,
  JITO_REGION: null,
  JITO_URL: null,
  JITO_TIP_LAMPORTS: null,
  EXPLORER_URL: null,
  ...PLACEHOLDER,
  ...(home === null ? {} : { DRIFTLESS_HOME: join(home, HOME) }),
});

/** @throws CriticalError as `startLocalVenue` */
export async function openLocalChain(settings: Settings, say: (line: string) => void): Promise<LocalChain> {
  const venue = await localVenueOf(settings.live);
  say(`Starting a local chain with the real ${LIVE_PROGRAMS[venue].name} program ...`);
  const { net } = await startLocalVenue(venue, settings.live);
  return {
    fixed: {
      ...localSettings(settings.home),
      LIVE_VENUE: venue,
      RPC_URL: net.rpcUrl,
      RPC_WS_URL: net.wsUrl,
      JITO_URL: net.jitoUrl,
      AUTHORITY: null,
      SOLANA_PRIVATE_KEY: JSON.stringify([...net.wallet.secretKey]),
      LIVE_PERMISSIONS: 'trading',
    },
    rpcUrl: net.rpcUrl,
    controlUrl: net.controlUrl,
    stop: net.stop,
  };
}

interface FormerEngines {
  readonly home: string;
  /** Of this start. */
  readonly engineIds: readonly string[];
  readonly client: Client;
  readonly journal: Journal;
  readonly say: (line: string) => void;
}

/** Ends the engines of chains that earlier starts made, and remembers ours. Others' engines are left alone. */
export async function retireFormerEngines({ home, engineIds, client, journal, say }: FormerEngines): Promise<void> {
  const path = join(home, KNOWN_ENGINES);
  const former = await readEngines(path);
  await writeFile(path, JSON.stringify([...former, ...engineIds]));
  for (const id of former) {
    await endWorkflows({ client, journal }, id, 'its local chain is gone');
    const record = await journal.engine(id);
    if (record === null || record.state === 'stopped') continue;
    await publishStopped({ client, journal }, record, LOCAL_CHAIN_GONE);
    say(`The engine of the previous local chain has ended; its history stays in the journal (${id}).`);
  }
  await writeFile(path, JSON.stringify(engineIds));
}

async function readEngines(path: string): Promise<readonly string[]> {
  try {
    const ids: unknown = JSON.parse(await readFile(path, 'utf8'));
    return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [];
  } catch {
    return [];
  }
}
