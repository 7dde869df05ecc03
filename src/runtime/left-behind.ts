/**
 * What a product that is down has left, for the command line to read: a copy of its journal behind a bridge of our own, so that
 * every answer is the one that the product would give. Nothing in the data folder is changed.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { EngineGateway } from '../bridge/gateway.ts';
import { startBridge } from '../bridge/server.ts';
import { AccessTokens } from '../bridge/tokens.ts';
import type { LeftBehind } from '../cli/ports.ts';
import { refused } from '../domain/order/command.ts';
import { isDatabase } from '../journal/database-folder.ts';
import type { Journal } from '../journal/journal.ts';
import { openJournal } from '../journal/open-journal.ts';
import type { EngineRecord } from '../journal/records.ts';
import { RightOfWay } from '../journal/right-of-way.ts';
import { DriftlessError, TransientError } from '../lib/errors.ts';
import { loadSettings, readSettingSource, type SettingSource, type Settings, SettingsError } from './config.ts';
import { copyJournal } from './journal-copy.ts';

const TOKEN_BYTES = 24;
const logger = pino({ level: 'silent' });

/** @param homes data folders, of which the first with a journal is read */
export async function openLeft(
  homes: readonly string[],
  source: SettingSource = readSettingSource(process.cwd(), process.env),
): Promise<LeftBehind> {
  let settings: Settings;
  try {
    settings = loadSettings(source);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return nothing(error.message);
  }
  if (settings.databaseUrl !== null) return await ofDatabase(settings, settings.databaseUrl);
  try {
    const home = homes.find((one) => isDatabase(join(one, 'journal')));
    if (home === undefined)
      return nothing(`There is no journal in ${homes[0]} either. Set DRIFTLESS_HOME to where it is.`);
    return await ofFolder(settings, home);
  } catch (error) {
    return unreadable(error);
  }
}

const nothing = (why: string): LeftBehind => ({ kind: 'nothing', why });

async function ofFolder(settings: Settings, home: string): Promise<LeftBehind> {
  const copy = await copyJournal(home);
  if (copy.kind === 'held') {
    const { pid, url } = copy.by;
    const where = url === null ? 'it is still starting, or busy' : `its page is ${url}`;
    return nothing(`The data folder ${home} is in use by process ${pid}: ${where}.`);
  }
  try {
    const journal = await openJournal({ databaseUrl: null, dataDir: copy.dataDir });
    return await answering(settings, journal, { from: `a copy of the journal in ${home}`, cleanUp: copy.remove });
  } catch (error) {
    await copy.remove();
    return unreadable(error, copy.named);
  }
}

/** Nobody holds a lock on a database: it is read as it is, and never migrated from here. */
async function ofDatabase(settings: Settings, databaseUrl: string): Promise<LeftBehind> {
  try {
    const journal = await openJournal({ databaseUrl, dataDir: null, migrates: false });
    return await answering(settings, journal, { from: 'the journal’s database', cleanUp: async () => {} });
  } catch (error) {
    return unreadable(error);
  }
}

function unreadable(error: unknown, named = (text: string) => text): LeftBehind {
  const why = error instanceof Error ? error.message : String(error);
  const remedy = error instanceof DriftlessError ? error.details.remedy : undefined;
  return nothing(
    `The journal cannot be read either: ${named(why)}${typeof remedy === 'string' ? `\nRemedy: ${remedy}` : ''}`,
  );
}

interface Read {
  readonly from: string;
  readonly cleanUp: () => Promise<void>;
}

async function answering(settings: Settings, journal: Journal, { from, cleanUp }: Read): Promise<LeftBehind> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const engine = engineOf(await journal.engines(), settings.engineId);
  const bridge = await startBridge({
    journal,
    gateway: AWAY,
    clock: { nowMs: () => Date.now() },
    logger,
    readiness: async () => ({ temporal: DOWN, journal: DOWN, worker: DOWN, feed: DOWN, venue: DOWN }),
    metricsRegistry: new Registry(),
    rightOfWay: new RightOfWay(),
    policy: settings.policy,
    engines: settings.engines.map((one) => ({ ...one, accountAddress: null })),
    alerts: { add: () => undefined as never },
    settings: {
      ...{
        host: '127.0.0.1',
        port: 0,
        tokens: new AccessTokens(token),
        pageDir: null,
        temporalUiUrl: null,
        explorerUrl: settings.explorerUrl,
      },
      engineId: engine?.engineId ?? settings.engineId,
      mode: engine?.mode ?? settings.mode,
    },
  });
  const when = engine === null ? 'no engine has run yet' : `last written ${new Date(engine.updatedAtMs).toISOString()}`;
  return {
    kind: 'copy',
    place: { url: bridge.url, token },
    note: `Driftless does not run. This is read from ${from} (${when}).`,
    close: async () => {
      await bridge.close();
      await journal.close();
      await cleanUp();
    },
  };
}

/** The one that a start here would run, else the one that ran last. */
function engineOf(engines: readonly EngineRecord[], engineId: string): EngineRecord | null {
  const own = engines.find((engine) => engine.engineId === engineId);
  return own ?? [...engines].sort((a, b) => b.updatedAtMs - a.updatedAtMs)[0] ?? null;
}

const DOWN = { ok: false, detail: 'Driftless does not run' };
const away = () => new TransientError('UNAVAILABLE', 'Driftless does not run.');

/** Nothing behind this bridge commands anything. */
const AWAY: EngineGateway = {
  command: async () => refused(away().report()),
  resolve: async () => refused(away().report()),
  state: () => Promise.reject(away()),
  ping: () => Promise.reject(away()),
};
