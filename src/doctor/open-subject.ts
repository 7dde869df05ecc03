/** Opens what is examined, each part when the first check asks for it, and closes what was opened. Changes nothing. */
import { join } from 'node:path';
import { pino } from 'pino';
import { endpointsOf } from '../chain/endpoint.ts';
import { RpcPool, readSlot } from '../chain/rpc-pool.ts';
import { genesisOf } from '../chain/testimony.ts';
import { Client, type ClientPlace } from '../cli/client.ts';
import { holderOf } from '../journal/data-lock.ts';
import { isDatabase, requireNothingElse } from '../journal/database-folder.ts';
import { inspectJournal, openJournal } from '../journal/open-journal.ts';
import type { Clock } from '../lib/clock.ts';
import { DriftlessError } from '../lib/errors.ts';
import { parseEngineId } from '../lib/ids.ts';
import { within } from '../lib/within.ts';
import { ANSWERS } from '../protocol/api.ts';
import {
  loadSettings,
  type SettingError,
  type SettingSource,
  type Settings,
  SettingsError,
} from '../runtime/config.ts';
import { copyJournal } from '../runtime/journal-copy.ts';
import { LiveNodes } from '../runtime/live-nodes.ts';
import { openLiveVenue } from '../runtime/open-live.ts';
import { SETTING_NAMES, type SettingName } from '../runtime/setting-table.ts';
import { brokenBy } from './examine.ts';
import type { JournalSight, Subject, VenueSight } from './subject.ts';

const NODE_MS = 5_000;
const VENUE_MS = 25_000;
const MOST_ROUNDS = 3;

interface OpenSubject {
  readonly subject: Subject;
  readonly close: () => Promise<void>;
}

interface Opening {
  readonly source: SettingSource;
  readonly root: string;
  readonly place: ClientPlace;
  readonly sendsTest: boolean;
  readonly clock: Clock;
  readonly nodeVersion?: string;
}

export async function openSubject(opening: Opening): Promise<OpenSubject> {
  const { source, root, place, sendsTest, clock, nodeVersion = process.versions.node } = opening;
  const { settings, errors } = await readSettings(source, clock);
  const closing: (() => Promise<void>)[] = [];
  const subject: Subject = {
    ...{ source, root, sendsTest, clock, nodeVersion, settings, settingErrors: errors },
    holder: settings === null ? null : await holderOf(settings.home).catch(() => null),
    product: once(() => runningProduct(place)),
    journal: once(async () => (settings === null ? { kind: 'none' } : await sightOfJournal(settings, clock, closing))),
    isNodeThere: once(async () => settings !== null && (await isNodeThere(settings, clock))),
    venue: once(async () => await sightOfVenue(settings?.engineId ?? '', settings, { clock, closing })),
    venueOf: async (engineId) => await sightOfVenue(engineId, settings, { clock, closing }),
  };
  return {
    subject,
    close: async () => {
      await Promise.allSettled(closing.reverse().map((close) => close()));
    },
  };
}

function once<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | null = null;
  return () => {
    opened ??= open();
    return opened;
  };
}

/** With wrong settings taken as not set, what depends on the others can still be looked at. */
async function readSettings(
  source: SettingSource,
  clock: Clock,
): Promise<{ readonly settings: Settings | null; readonly errors: readonly SettingError[] }> {
  const unset: Partial<Record<SettingName, null>> = {};
  let errors: readonly SettingError[] = [];
  let readable = source;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    try {
      const settings = loadSettings(readable, { fixed: unset });
      const genesis = await localGenesis(settings, clock);
      return { settings: genesis === null ? settings : loadSettings(readable, { fixed: unset, genesis }), errors };
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      if (round === 0) errors = error.errors;
      for (const { setting } of error.errors) {
        const name = SETTING_NAMES.find((one) => one === setting || `${one}_FILE` === setting);
        if (name === undefined || name !== setting) readable = withoutName(readable, setting);
        if (name !== undefined) unset[name] = null;
      }
      // Live mode needs what is missing.
      if (round > 0) unset.ENGINE_MODE = null;
    }
  }
  return { settings: null, errors };
}

/** A name that is none of ours, or that of a file which cannot be read. */
function withoutName({ env, dotenv, cwd }: SettingSource, name: string): SettingSource {
  const { [name]: _left, ...rest } = env;
  const lines = dotenv?.split('\n').filter(
    (line) =>
      !line
        .trim()
        .replace(/^export\s+/, '')
        .startsWith(`${name}=`),
  );
  return { cwd, env: rest, dotenv: lines?.join('\n') ?? null };
}

/** A start remembers it in the data folder; here it is only asked. Null: not needed, or no node tells it. */
async function localGenesis({ mode, live }: Settings, clock: Clock): Promise<string | null> {
  if (mode !== 'live' || live.genesis !== null || live.rpcUrls.length === 0) return null;
  const { nodes } = new RpcPool({ endpoints: endpointsOf(live.rpcUrls), clock });
  const told = await Promise.all(nodes.map((node) => genesisOf(node)));
  return told.find((genesis) => genesis !== null) ?? null;
}

async function isNodeThere({ live }: Settings, clock: Clock): Promise<boolean> {
  if (live.rpcUrls.length === 0) return false;
  const { nodes } = new RpcPool({ endpoints: endpointsOf(live.rpcUrls), clock, tuning: { timeoutMs: NODE_MS } });
  const told = await Promise.all(nodes.map((node) => node.ask('getSlot', [{ commitment: 'confirmed' }], readSlot)));
  return told.some(({ kind }) => kind === 'answer');
}

async function runningProduct(place: ClientPlace): Promise<Client | null> {
  const client = new Client(place);
  return await client.get('/healthz', ANSWERS['/healthz']).then(
    () => client,
    () => null,
  );
}

async function sightOfJournal(
  { home, databaseUrl }: Settings,
  clock: Clock,
  closing: (() => Promise<void>)[],
): Promise<JournalSight> {
  let named = (text: string) => text;
  try {
    if (databaseUrl !== null) {
      const before = clock.nowMs();
      const { schema, journal, timeMs, close } = await inspectJournal({ databaseUrl, dataDir: null });
      closing.push(close);
      const aheadMs = timeMs - (before + clock.nowMs()) / 2;
      return { kind: 'open', where: 'The journal’s database', schema, journal, aheadMs };
    }
    const dataDir = join(home, 'journal');
    if (!isDatabase(dataDir)) {
      requireNothingElse(dataDir);
      return { kind: 'none' };
    }
    const copy = await copyJournal(home);
    if (copy.kind === 'held') return { kind: 'held' };
    closing.push(copy.remove);
    named = copy.named;
    const { schema, journal, close } = await inspectJournal({ databaseUrl, dataDir: copy.dataDir, migrates: true });
    closing.push(close);
    return { kind: 'open', where: `The journal in ${home}`, schema, journal, aheadMs: null };
  } catch (error) {
    const { message, remedy } = brokenBy(error);
    const why = named(message);
    return { kind: 'failed', why: `${why.charAt(0).toUpperCase()}${why.slice(1)}`, remedy: remedy ?? '' };
  }
}

/** Read as a start without a key would read it. Its books go to a journal in memory. */
async function sightOfVenue(
  engineId: string,
  settings: Settings | null,
  { clock, closing }: { readonly clock: Clock; readonly closing: (() => Promise<void>)[] },
): Promise<VenueSight> {
  const parts = settings === null ? null : parseEngineId(engineId);
  if (settings === null || parts === null || parts.venue === 'paper')
    return { kind: 'failed', code: 'ENGINE_UNKNOWN', why: 'The settings name no account.', remedy: null };
  const { venue: name } = parts;
  try {
    const journal = await openJournal({ databaseUrl: null, dataDir: null });
    closing.push(() => journal.close());
    const live = {
      ...settings.live,
      permissions: 'read-only',
      privateKey: null,
      keypairPath: null,
      signerSocket: null,
    } as const;
    const logger = pino({ level: 'silent' });
    const read = await within(VENUE_MS, async () => {
      const venue = await openLiveVenue({
        ...{ engineId, parts, venue: name, journal, clock },
        settings: { ...settings, live },
        ...{ logger, nodes: new LiveNodes({ live, clock, logger }) },
      });
      closing.push(() => venue.close());
      return await venue.read('confirmed');
    });
    if (read.kind === 'value') return { kind: 'read', snapshot: read.value };
    if (read.kind === 'late')
      return { kind: 'failed', code: 'RPC_TIMEOUT', why: 'The account could not be read in time.', remedy: null };
    throw read.error;
  } catch (error) {
    const { message: why, remedy } = brokenBy(error);
    const code = error instanceof DriftlessError ? error.code : 'FAILED';
    return { kind: 'failed', code, why, remedy };
  }
}
