/** Starts the parts of a role, each after those it needs. */
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createEngineActivities } from '../../activities/engine.ts';
import { createTransactionActivities } from '../../activities/transaction.ts';
import type { AlertChannels } from '../alerts/channels.ts';
import type { EngineGateway } from '../bridge/gateway.ts';
import type { Readiness } from '../bridge/ports.ts';
import { startBridge } from '../bridge/server.ts';
import { temporalGateway } from '../bridge/temporal-gateway.ts';
import { startTemporalUi } from '../bridge/temporal-ui.ts';
import { commandKeyOf } from '../domain/order/signed-command.ts';
import type { DataLock } from '../journal/data-lock.ts';
import type { Journal } from '../journal/journal.ts';
import { openJournal } from '../journal/open-journal.ts';
import { isDatabase } from '../journal/pglite-folder.ts';
import { keepComparing, sharedClock } from '../journal/shared-clock.ts';
import type { Clock } from '../lib/clock.ts';
import { DriftlessError } from '../lib/errors.ts';
import { sleep } from '../lib/sleep.ts';
import { openFeed } from '../market-data/open-feed.ts';
import { startActivityLog } from './activity-log.ts';
import { openAlertChannels } from './alert-channels.ts';
import type { Settings } from './config.ts';
import { whyUnwritable } from './disk-probe.ts';
import { resetPaper } from './engine-end.ts';
import { keepEngineRunning } from './engine-guardian.ts';
import { type EngineStart, lastRunId, startEngine, workflowLookup } from './engine-start.ts';
import { ENGINE_TUNING } from './engine-tuning.ts';
import type { FormerIdentityPorts } from './former-identity.ts';
import { logLiveStart } from './live-start.ts';
import { type LocalChain, retireFormerEngines } from './local-chain.ts';
import type { Logger, OpenLogger } from './logger.ts';
import { makeNewJournal } from './new-journal.ts';
import { watchOtherEngines } from './other-engines.ts';
import { openPage } from './page.ts';
import { watchParts } from './part-watch.ts';
import type { Parts } from './parts.ts';
import { requireFreePort } from './port-taken.ts';
import { readinessOf } from './readiness.ts';
import { announceReady } from './ready-note.ts';
import type { Redactor } from './redaction.ts';
import { watchSettings } from './settings-watch.ts';
import { tellPresence, watchSigners } from './signer-watch.ts';
import { signingRights } from './signing-rights.ts';
import { startSigningWorkers } from './signing-workers.ts';
import { watchForStuck } from './stuck-workflows.ts';
import { findTemporalCli } from './temporal-cli.ts';
import { type ConnectOptions, connectOptions, prepareNamespace } from './temporal-connection.ts';
import { hiddenPlace, startTemporalServer, stopStaleServer } from './temporal-server.ts';
import { openToken } from './token.ts';
import { refuseUnchosenVenue } from './venue-choice.ts';
import { venueRegistry } from './venues.ts';
import { type RunningWorker, startWorker } from './worker.ts';
import { openWorkflowBundle, type WorkflowBundle } from './workflow-bundle.ts';

export interface StartOptions {
  readonly role: 'all' | 'worker' | 'bridge';
  readonly demo: boolean;
  readonly resetPaper: boolean;
  /** Live mode on a local chain of our own, with the real program of the venue. */
  readonly localnet: boolean;
}

export interface StartUp {
  readonly settings: Settings;
  readonly options: StartOptions;
  readonly chain: LocalChain | null;
  readonly log: OpenLogger;
  readonly redactor: Redactor;
  readonly lock: (DataLock & { readonly kind: 'locked' }) | null;
  readonly say: (line: string) => void;
  /** Registers what was started, to be stopped in the opposite order. Throws once a stop was asked for. */
  readonly add: Parts['add'];
  readonly stopAsked: () => boolean;
  /** Called with our own Temporal server as soon as it answers. */
  readonly onServer: (server: { pid(): number | null }) => void;
}

/** Built or opened beside each other; a role has no use for some of them. */
interface Beginnings {
  readonly token: string;
  readonly page: Promise<string> | null;
  readonly bundle: Promise<WorkflowBundle> | null;
  readonly journal: Promise<Journal>;
}

interface Cluster {
  readonly address: string;
  readonly uiUrl: string | null;
  /** Where our own server's UI listens; null: the server is not ours. */
  readonly ui: { readonly host: string; readonly port: number } | null;
}

type Venues = ReturnType<typeof venueRegistry>;

/** What engine, worker and bridge rest on. */
interface Ground extends Cluster {
  readonly journal: Journal;
  readonly sharedClock: Clock;
  readonly alerts: AlertChannels;
  readonly client: Client;
  readonly connect: ConnectOptions;
  readonly gateway: EngineGateway;
  readonly venues: Venues;
  readonly engine: EngineStart;
}

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const REACH_TRIES = 12;
const REACH_PAUSE_MS = 5_000;
const CONNECT_MS = 5_000;

const clock = { nowMs: () => Date.now() };

const hasBridge = ({ options }: StartUp): boolean => options.role !== 'worker';
const hasWorker = ({ options }: StartUp): boolean => options.role !== 'bridge';

/** Resolves when all that the role needs runs and answers. */
export async function startUp(start: StartUp): Promise<void> {
  await refuseEarly(start);
  const beginnings = await begin(start);
  const cluster = await openCluster(start);
  const { start: known, ground } = await openGround(start, cluster, await beginnings.journal);
  await serve(known, ground, beginnings);
}

/** From here on it is known under which id the engine runs. */
async function serve(start: StartUp, ground: Ground, beginnings: Beginnings): Promise<void> {
  await prepareAccounts(start, ground);
  const worker = await startWorkerSide(start, ground, beginnings);
  const readiness = startWatches(start, ground, worker);
  if (hasBridge(start)) return await startBridgeSide(start, ground, beginnings, readiness);
  const { namespace } = start.settings.temporal;
  start.say(`Driftless worker ready: Temporal ${ground.address}, namespace ${namespace}.`);
}

/** What looks at the parts while they run, and says what is wrong with them. */
function startWatches(
  { settings, log, add }: StartUp,
  { client, gateway, journal, alerts, engine }: Ground,
  worker: RunningWorker | null,
): () => Promise<Readiness> {
  const { engineId, policy, home, databaseUrl, temporal } = settings;
  const { logger } = log;
  const engineRuns = async () => (await workflowLookup(client).state(engineId)) === 'running';
  const ownsStore = databaseUrl === null || temporal.address === null;
  const readiness = readinessOf({
    ...{ gateway, journal, clock, engineId, engineRuns },
    pollIntervalMs: policy.pollIntervalMs,
    localWorker: worker === null ? null : worker.state,
    whyUnwritable: async () => (ownsStore ? await whyUnwritable(home) : null),
  });
  add('settings watch', 1_000, watchSettings({ journal, alerts, clock, logger, engineId, policy }).stop);
  add('signer watch', 2_000, watchSigners({ journal, alerts, clock, logger }).stop);
  add('part watch', 3_000, watchParts({ readiness, journal, alerts, clock, logger, engineId }).stop);
  if (worker === null) return readiness;
  const guardian = {
    ...{ engineId, engineRuns, journal, alerts, clock, logger },
    lastRunId: async () => await lastRunId(client, engineId),
    startEngine: async () => await startEngine(engine),
  };
  add('engine guardian', 1_000, keepEngineRunning(guardian).stop);
  return readiness;
}

/** A taken port or a bad market history is named before anything slow begins. */
async function refuseEarly(start: StartUp): Promise<void> {
  const { host, port, temporal, home, mode, feed, paper } = start.settings;
  if (hasBridge(start)) await requireFreePort(port, host, 'PORT');
  if (temporal.address === null) {
    await stopStaleServer({ home, port: temporal.port, uiPort: temporal.uiPort, logger: start.log.logger });
  }
  // The venue opens the feed again when it needs it.
  if (hasWorker(start) && mode === 'paper') openFeed(feed, { periodMs: paper.fundingPeriodMs });
}

async function begin(start: StartUp): Promise<Beginnings> {
  const { settings, chain, redactor, say } = start;
  const { home, databaseUrl } = settings;
  const { logger } = start.log;
  const token = await openToken(home, settings.token);
  redactor.add(token);
  // A local chain's folder is one of many; what is built is the same for all.
  const folder = join(chain === null ? home : dirname(home), 'cache');
  const dataDir = join(home, 'journal');
  const page = hasBridge(start) ? openPage({ root: ROOT, folder, say }) : null;
  // Missing parts are made one after the other: each takes hundreds of MB while it is made.
  const bundle = hasWorker(start) ? after(page, () => openWorkflowBundle({ root: ROOT, folder, say })) : null;
  const made =
    databaseUrl === null && !isDatabase(dataDir) ? after(bundle, () => makeNewJournal(dataDir, logger)) : null;
  const journal = after(made, () =>
    reachable('the journal’s database', logger, () => openJournal({ databaseUrl, dataDir, logger })),
  );
  // Each is awaited in its turn: until then a failure must not count as unhandled.
  for (const promise of [page, bundle, journal]) promise?.catch(() => undefined);
  return { token, page, bundle, journal };
}

/** However `before` went. */
async function after<T>(before: Promise<unknown> | null, work: () => Promise<T>): Promise<T> {
  await before?.catch(() => undefined);
  return await work();
}

/** The configured Temporal, or a server of our own. */
async function openCluster({ settings, log, say, add, stopAsked, onServer }: StartUp): Promise<Cluster> {
  const { home, logDir, temporal } = settings;
  const { address, uiUrl, port, uiPort, namespace } = temporal;
  if (address !== null) return { address, uiUrl, ui: null };
  const ui = await hiddenPlace();
  const { path } = await findTemporalCli({ given: temporal.cli ?? undefined, env: process.env, say });
  say('Starting Temporal, the journal and the worker ...');
  const server = await startTemporalServer({
    ...{ cli: path, home, logDir, port, ui, namespace, logger: log.logger, cancelled: stopAsked },
    onLaunch: (end) => add('temporal server', 8_000, end),
  });
  onServer(server);
  return { address: server.address, uiUrl: uiUrl ?? `http://127.0.0.1:${uiPort}`, ui };
}

async function openGround(
  start: StartUp,
  cluster: Cluster,
  journal: Journal,
): Promise<{ readonly start: StartUp; readonly ground: Ground }> {
  const { log, say, add } = start;
  const { logger } = log;
  const { policy, paper } = start.settings;
  const { namespace } = start.settings.temporal;
  add('journal', 2_000, () => journal.close());
  const shared = await openSharedClock(start, journal);
  const alerts = openAlertChannels({ journal, clock, logger, logsAlerts: hasWorker(start) });
  add('alert channels', 1_000, alerts.stop);
  if (hasWorker(start))
    add('activity log', 1_000, startActivityLog({ journal, logger, policy, nowMs: clock.nowMs }).stop);
  const connect = await connectOptions(start.settings.temporal, cluster.address);
  const connection = await reachable(`Temporal at ${cluster.address}`, logger, () =>
    Connection.connect({ ...connect, connectTimeout: CONNECT_MS }),
  );
  add('temporal connection', 1_000, () => connection.close());
  const { searchAttributesMissing } = await prepareNamespace(connection, namespace);
  if (searchAttributesMissing !== null) logger.warn(searchAttributesMissing);
  const client = new Client({ connection, namespace });
  const mayAdopt = hasWorker(start);
  const settings = await withEngineInForce({ settings: start.settings, client, journal, clock, say, mayAdopt });
  const { engineId } = settings;
  const venues = venueRegistry({ journal, clock, settings, logger });
  add('venues', 1_000, venues.closeAll);
  const tuning = { ...ENGINE_TUNING, searchAttributes: searchAttributesMissing === null };
  const engine = { client, journal, venues, say, tuning, engineId, policy, paper };
  const gateway = temporalGateway({ client, clock, logger });
  const stores = { journal, sharedClock: shared, alerts: alerts.channels };
  const ground = { ...cluster, ...stores, client, connect, gateway, venues, engine };
  return { start: { ...start, settings }, ground };
}

/** A live engine may run under its former id for this start. Solana's SDK is loaded only then: a paper process does without. */
async function withEngineInForce(ports: FormerIdentityPorts): Promise<Settings> {
  if (ports.settings.mode !== 'live') return ports.settings;
  await refuseUnchosenVenue(ports);
  const { engineIdInForce } = await import('./former-identity.ts');
  return { ...ports.settings, engineId: await engineIdInForce(ports) };
}

/** By which bridges and workers agree on when a command is late. An embedded database runs on this machine's clock. */
async function openSharedClock({ settings, add }: StartUp, journal: Journal): Promise<Clock> {
  if (settings.databaseUrl === null) return clock;
  const shared = sharedClock(journal, clock);
  await shared.compare();
  add('shared clock', 1_000, keepComparing(shared).stop);
  return shared;
}

/** Of this engine and of others that this data folder knows, before any workflow runs. */
async function prepareAccounts(start: StartUp, { journal, engine }: Ground): Promise<void> {
  const { settings, options, say } = start;
  if (options.resetPaper) await resetPaper(engine);
  if (options.localnet) await retireFormerEngines({ ...engine, home: settings.home });
  if (hasWorker(start)) await watchOtherEngines({ journal, settings, say });
}

/** The engine's settings come from the workers' side; a bridge only speaks to it. */
async function startWorkerSide(
  { settings, log, say, add }: StartUp,
  { client, connect, journal, alerts, venues, engine, sharedClock }: Ground,
  { bundle, token }: Beginnings,
): Promise<RunningWorker | null> {
  if (bundle === null) return null;
  const { logger } = log;
  const { venueOf, accountExists } = venues;
  const shared = { venueOf, journal, alerts, clock, logger, rights: signingRights(settings) };
  const transactions = createTransactionActivities(shared);
  const activities = {
    ...transactions,
    ...createEngineActivities({
      ...{ ...shared, accountExists, sharedClock },
      lookup: workflowLookup(client),
      commandKey: commandKeyOf(token),
    }),
  };
  const { namespace } = settings.temporal;
  const workflowBundle = await bundle;
  await startEngine(engine);
  const { sign, submit } = transactions;
  const signing = await startSigningWorkers(settings, { connect, namespace, activities: { sign, submit }, logger });
  add('signing workers', 6_000, signing.stop);
  const presence = { journal, logger, polled: signing.polled, process: randomUUID() };
  add('signing presence', 1_000, tellPresence(presence).stop);
  const worker = await startWorker({ connect, namespace, bundle: workflowBundle, activities, logger });
  add('worker', 6_000, worker.stop);
  add('stuck workflows', 1_000, watchForStuck({ client, journal, alerts, clock, logger }).stop);
  if (settings.mode === 'live') {
    await logLiveStart({ settings, venues, logger: log.fileOnly, say });
    const { recordProgram } = await import('./program-record.ts');
    recordProgram({ journal, alerts, clock, settings }).catch((err: unknown) =>
      logger.debug({ err }, 'could not check the program'),
    );
  }
  return worker;
}

async function startBridgeSide(
  { settings, log, chain, lock, say, add }: StartUp,
  { address, uiUrl, ui, journal, alerts, gateway, sharedClock }: Ground,
  { token, page }: Beginnings,
  readiness: () => Promise<Readiness>,
): Promise<void> {
  const { engineId, policy, mode, host, port, explorerUrl } = settings;
  const { namespace } = settings.temporal;
  const metricsRegistry = new Registry();
  collectDefaultMetrics({ register: metricsRegistry });
  const bridge = await startBridge({
    ...{ journal, alerts, gateway, clock, sharedClock, policy, metricsRegistry },
    logger: log.logger.child({ part: 'bridge' }),
    readiness,
    settings: {
      ...{ host, port, token, engineId, mode, explorerUrl },
      pageDir: page === null ? null : await page,
      temporalUiUrl: uiUrl,
      temporalNamespace: namespace,
      temporalAddress: address,
    },
  });
  add('bridge', 3_000, bridge.close);
  if (ui !== null) {
    const { uiPort } = settings.temporal;
    const proxy = await startTemporalUi({ port: uiPort, token, pagePort: port, target: ui, logger: log.logger });
    add('temporal ui', 1_000, proxy.close);
  }
  lock?.update({ pid: process.pid, url: bridge.url });
  announceReady(say, settings, chain, { url: bridge.url, token, uiUrl: uiUrl ?? `(on ${address})` });
}

/** A database or a cluster may come up after us: asked again for a minute. */
async function reachable<T>(what: string, logger: Logger, work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      const forGood = error instanceof DriftlessError && error.category !== 'transient';
      if (forGood || tries >= REACH_TRIES) throw error;
      logger.warn({ err: error, tries }, `${what} cannot be reached; trying again in ${REACH_PAUSE_MS / 1_000} s`);
      await sleep(REACH_PAUSE_MS);
    }
  }
}
