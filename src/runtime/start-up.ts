/** The first half of a start: early refusals, the cluster, and the parts that are built or opened at the same time. */
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AccessTokens } from '../bridge/tokens.ts';
import { isDatabase } from '../journal/database-folder.ts';
import type { Db } from '../journal/writes.ts';
import { parseEngineId } from '../lib/ids.ts';
import { openFeed } from '../market-data/open-feed.ts';
import type { Settings } from './config.ts';
import { enter, thisGeneration } from './generation.ts';
import { makeNewJournal } from './new-journal.ts';
import { openPage } from './page.ts';
import { requireFreePort } from './port-taken.ts';
import { reachable } from './reachable.ts';
import { type Beginnings, type Cluster, hasBridge, hasWorker, type StartUp } from './starting.ts';
import { findTemporalCli } from './temporal-cli.ts';
import { hiddenPlace, startTemporalServer, stopStaleServer } from './temporal-server.ts';
import { openReadToken, openToken } from './token.ts';
import { versionIn } from './version.ts';
import { openWorkflowBundle } from './workflow-bundle.ts';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Resolves when all that the role needs runs and answers. */
export async function startUp(start: StartUp): Promise<void> {
  await refuseEarly(start);
  const { cluster, launched } = openingCluster(start);
  await launched;
  const beginnings = await begin(start);
  // Builders take hundreds of MB: the rest of the program is loaded when they have ended.
  await beginnings.built;
  const { serve } = await import('./serve.ts');
  await serve(start, await cluster, beginnings);
}

/** `launched`: our own server's process runs, or nothing has to be launched. */
function openingCluster(start: StartUp): { readonly cluster: Promise<Cluster>; readonly launched: Promise<unknown> } {
  let launch = () => {};
  const process = new Promise<void>((resolve) => {
    launch = resolve;
  });
  const cluster = openCluster(start, launch);
  // It is awaited later: until then a failure must not count as unhandled.
  cluster.catch(() => undefined);
  return { cluster, launched: Promise.race([process, cluster]) };
}

/** A taken port or a bad market history is named before anything slow begins. */
async function refuseEarly(start: StartUp): Promise<void> {
  const { host, port, temporal, home, mode } = start.settings;
  if (hasBridge(start)) await requireFreePort(port, host, 'PORT');
  if (temporal.address === null) {
    await stopStaleServer({ home, port: temporal.port, uiPort: temporal.uiPort, logger: start.log.logger });
  }
  if (hasWorker(start) && mode === 'paper') refuseBadHistories(start.settings);
}

/** The venues open them again when they need them. */
function refuseBadHistories({ engineId, paper, engines }: Settings): void {
  const found = new Map<string, () => unknown>();
  for (const one of [{ engineId, paper }, ...engines]) {
    const { authority: feed = 'live' } = parseEngineId(one.engineId) ?? {};
    const { fundingPeriodMs: periodMs } = one.paper;
    if (feed !== 'live') found.set(`${periodMs} ${feed}`, () => openFeed(feed, { periodMs }));
  }
  for (const open of found.values()) open();
}

async function begin(start: StartUp): Promise<Beginnings> {
  const { settings, chain, redactor, say } = start;
  const { home, databaseUrl } = settings;
  const { logger } = start.log;
  const token = await openToken(home, settings.token);
  redactor.add(token);
  const readToken = await openReadToken(home, settings.readToken);
  if (readToken !== null) redactor.add(readToken);
  // Local chains have a folder each, but all use the same builds.
  const folder = join(chain === null ? home : dirname(home), 'cache');
  const dataDir = join(home, 'journal');
  const page = hasBridge(start) ? openPage({ root: ROOT, folder, say }) : null;
  // Missing parts are made one after the other: each takes hundreds of MB while it is made.
  const bundle = hasWorker(start) ? after(page, () => openWorkflowBundle({ root: ROOT, folder, say })) : null;
  const made =
    databaseUrl === null && !isDatabase(dataDir) ? after(bundle, () => makeNewJournal(dataDir, logger)) : null;
  const version = versionIn(ROOT);
  const process = databaseUrl === null ? null : randomUUID();
  const succession = { generation: await thisGeneration(version), process, works: hasWorker(start), say };
  // If a shared journal is to be migrated, older workers end when it is opened: what takes long is done before.
  const journal = after(databaseUrl === null ? made : bundle, () =>
    reachable('the journal’s database', logger, async () => {
      const { openJournal } = await import('../journal/open-journal.ts');
      const beforeMigration = (db: Db) => enter(db, succession);
      return await openJournal({ databaseUrl, dataDir, logger, beforeMigration });
    }),
  );
  // Each is awaited in its turn: until then a failure must not count as unhandled.
  for (const promise of [page, bundle, journal]) promise?.catch(() => undefined);
  const built = Promise.allSettled([page, bundle, made]);
  return { tokens: new AccessTokens(token, readToken), page, bundle, journal, built, version, succession };
}

/** However `before` went. */
async function after<T>(before: Promise<unknown> | null, work: () => Promise<T>): Promise<T> {
  await before?.catch(() => undefined);
  return await work();
}

/** The configured Temporal, or a server of our own. `launched` is called when the server's process runs. */
async function openCluster(
  { settings, log, say, add, stopAsked, onServer }: StartUp,
  launched: () => void,
): Promise<Cluster> {
  const { home, logDir, temporal } = settings;
  const { address, uiUrl, port, uiPort, namespace } = temporal;
  if (address !== null) return { address, uiUrl, ui: null, copyStore: null };
  const ui = await hiddenPlace();
  const { path } = await findTemporalCli({ given: temporal.cli ?? undefined, env: process.env, say });
  say('Starting Temporal, the journal and the worker ...');
  const server = await startTemporalServer({
    ...{ cli: path, home, logDir, port, ui, namespace, logger: log.logger, cancelled: stopAsked },
    onLaunch: (end) => {
      add('temporal server', 8_000, end);
      launched();
    },
  });
  onServer(server);
  return { address: server.address, uiUrl: uiUrl ?? `http://127.0.0.1:${uiPort}`, ui, copyStore: server.copyStore };
}
