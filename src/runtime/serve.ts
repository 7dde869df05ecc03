/**
 * The second half of a start: what rests on a cluster and a journal. It loads most of the program, while the Temporal server
 * starts beside it.
 */
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { createEngineActivities } from '../../activities/engine.ts';
import { createTransactionActivities } from '../../activities/transaction.ts';
import type { AlertChannels } from '../alerts/channels.ts';
import { type Summary, startDailySummary } from '../alerts/daily-summary.ts';
import { EnginePages } from '../alerts/engine-pages.ts';
import { startHeartbeat } from '../alerts/heartbeat.ts';
import type { EngineGateway } from '../bridge/gateway.ts';
import type { Readiness } from '../bridge/ports.ts';
import { startBridge } from '../bridge/server.ts';
import { temporalGateway } from '../bridge/temporal-gateway.ts';
import { startTemporalUi } from '../bridge/temporal-ui.ts';
import type { RpcObserver } from '../chain/rpc-observer.ts';
import { alertId, newAlert, raised } from '../domain/alerts/alert.ts';
import { EngineNames, OWN_ENGINE } from '../domain/engine/engine-names.ts';
import type { PolicyJson } from '../domain/hedge/policy.ts';
import { commandKeyOf } from '../domain/order/signed-command.ts';
import { claimSummary } from '../journal/deliveries.ts';
import { forgetEncryptionKey, notedEncryptionKeys, noteEncryptionKey } from '../journal/encryption-keys.ts';
import type { Journal } from '../journal/journal.ts';
import { lastReads } from '../journal/last-reads.ts';
import { RightOfWay } from '../journal/right-of-way.ts';
import { keepComparing, sharedClock } from '../journal/shared-clock.ts';
import type { Clock } from '../lib/clock.ts';
import { parseEngineId } from '../lib/ids.ts';
import { startActivityLog } from './activity-log.ts';
import { openAlertChannels } from './alert-channels.ts';
import { backupRunning } from './backup-running.ts';
import { backtestCarry } from './carry-backtest.ts';
import { startCodecEndpoint } from './codec-endpoint.ts';
import type { Settings } from './config.ts';
import { whyUnwritable } from './disk-probe.ts';
import { agreeOnKeys, searchKeyUsers } from './encryption-keys-used.ts';
import { resetPaper } from './engine-end.ts';
import { GUARD_EVERY_MS, keepEngineRunning } from './engine-guardian.ts';
import { addEngineCounts, EngineReads } from './engine-reads.ts';
import { type EngineStart, lastRunId, startEngine, workflowLookup } from './engine-start.ts';
import { ENGINE_TUNING, watchSilenceOf } from './engine-tuning.ts';
import type { FormerIdentityPorts } from './former-identity.ts';
import { type Succession, supersededSentence, takeOver, tellWorkerLives, watchForNewer } from './generation.ts';
import { notingHealth } from './health-note.ts';
import { logLiveStart } from './live-start.ts';
import { retireFormerEngines } from './local-chain.ts';
import { localDay } from './local-day.ts';
import { watchOtherEngines } from './other-engines.ts';
import { watchParts } from './part-watch.ts';
import { type PayloadCipher, payloadCipher } from './payload-encryption.ts';
import { openPayloadKeys, type PayloadKeys, signingCodec } from './payload-signatures.ts';
import { type ProcessMetrics, processMetrics } from './process-metrics.ts';
import { reachable } from './reachable.ts';
import { readinessOf } from './readiness.ts';
import { watchRemoteSigning } from './remote-signing.ts';
import { resetTarget } from './reset-paper-target.ts';
import { openRestoration } from './restored-folder.ts';
import { endRestoredWorkflows } from './restored-workflows.ts';
import { SETTINGS_EVERY_MS, watchSettings } from './settings-watch.ts';
import { tellPresence, watchSigners } from './signer-watch.ts';
import { signingRights } from './signing-rights.ts';
import { startSigningWorkers } from './signing-workers.ts';
import { type Beginnings, type Cluster, hasBridge, hasWorker, type StartUp } from './starting.ts';
import { watchForStuck } from './stuck-workflows.ts';
import { summaryFigures } from './summary-figures.ts';
import { summaryOfEngines } from './summary-of-engines.ts';
import { type ConnectOptions, connectOptions, prepareNamespace } from './temporal-connection.ts';
import { addTemporalMetrics, temporalMetricsBuffer } from './temporal-metrics.ts';
import { installTemporalRuntime } from './temporal-runtime.ts';
import { replaceToken } from './token.ts';
import type { Tracing } from './tracing.ts';
import { refuseUnchosenVenue } from './venue-choice.ts';
import { venueRegistry } from './venues.ts';
import { prepareWorker, type RunningWorker } from './worker.ts';
import { startWorkerPort } from './worker-port.ts';

type Venues = ReturnType<typeof venueRegistry>;

/** What engine, worker and bridge rest on. */
interface Ground extends Cluster {
  readonly journal: Journal;
  readonly sharedClock: Clock;
  readonly alerts: AlertChannels;
  readonly client: Client;
  readonly connect: ConnectOptions;
  readonly payloadKeys: PayloadKeys;
  readonly cipher: PayloadCipher;
  readonly gateway: EngineGateway;
  readonly metrics: ProcessMetrics;
  /** Null: nothing is traced. */
  readonly tracing: Tracing | null;
  readonly rightOfWay: RightOfWay;
  readonly venues: Venues;
  readonly engine: EngineStart;
  /** Those of ENGINES_FILE. */
  readonly further: readonly EngineStart[];
}

const CONNECT_MS = 5_000;
/** Engines that are started at the same time: each takes a few calls to journal and Temporal. */
const STARTED_AT_ONCE = 16;
/** Where many engines are watched from outside, each takes its turn: as many looks a second as fifty engines need. */
const WATCH_SPREAD_MS = 60;

const clock = { nowMs: () => Date.now() };

/** Resolves when all that the role needs runs and answers. */
export async function serve(given: StartUp, cluster: Cluster, beginnings: Beginnings): Promise<void> {
  // From here on it is known under which id the engine runs.
  const { start, ground } = await openGround(given, cluster, beginnings);
  const { client, journal } = ground;
  await endRestoredWorkflows({ client, journal, home: start.settings.home, say: start.say });
  await prepareAccounts(start, ground);
  const worker = await startWorkerSide(start, ground, beginnings);
  const readiness = startWatches(start, ground, worker);
  if (hasBridge(start)) return await startBridgeSide(start, ground, beginnings, readiness);
  const { workerPort, readToken, temporal } = start.settings;
  if (workerPort !== null) {
    const { logger } = start.log;
    const token = beginnings.tokens.full;
    const door = { port: workerPort, token, readToken, registry: ground.metrics.registry, readiness, logger };
    start.add('worker port', 1_000, (await startWorkerPort({ ...door, nowMs: clock.nowMs })).stop);
  }
  const { namespace } = temporal;
  start.say(`Driftless worker ready: Temporal ${ground.address}, namespace ${namespace}.`);
}

/** The watches that check the parts while they run, and report problems. */
function startWatches(
  start: StartUp,
  { client, gateway, journal, alerts, engine, further, metrics }: Ground,
  worker: RunningWorker | null,
): () => Promise<Readiness> {
  const { settings, add } = start;
  const { engineId, policy, home, databaseUrl, temporal } = settings;
  const { logger } = start.log;
  const engineRuns = async () => (await workflowLookup(client).state(engineId)) === 'running';
  const ownsStore = databaseUrl === null || temporal.address === null;
  const named = [{ engineId, name: OWN_ENGINE, policy }, ...settings.engines];
  const reads = new EngineReads({
    engines: named.map((one) => ({ ...one, pollIntervalMs: one.policy.pollIntervalMs })),
    lastReads: (ids) => lastReads(journal.db, ids),
    clock,
  });
  addEngineCounts(metrics.registry, reads);
  const readiness = readinessOf({
    ...{ gateway, journal, clock, engineId, engineRuns },
    pollIntervalMs: policy.pollIntervalMs,
    localWorker: worker === null ? null : worker.state,
    ...(further.length === 0 ? {} : { reads }),
    whyUnwritable: async () => (ownsStore ? await whyUnwritable(home) : null),
  });
  add('settings watch', 1_000, watchSettings({ journal, alerts, clock, logger, engineId, policy }).stop);
  const seldom = further.length * WATCH_SPREAD_MS;
  const watched = further.map((one) => {
    const { engineId: id, policy: own } = one;
    return watchSettings({ journal, alerts, clock, logger, engineId: id, policy: own }, SETTINGS_EVERY_MS + seldom);
  });
  add('settings watches', 1_000, () => stopAll(watched));
  add('signer watch', 2_000, watchSigners({ journal, alerts, clock, logger }).stop);
  const looked = hasBridge(start) ? readiness : notingHealth(home, readiness);
  add('part watch', 3_000, watchParts({ readiness: looked, journal, alerts, clock, logger, engineId }).stop);
  const { heartbeatUrl } = settings.alerts;
  if (heartbeatUrl !== null) {
    const isHealthy = async () => Object.values(await readiness()).every(({ ok }) => ok);
    add('heartbeat', 1_000, startHeartbeat({ url: heartbeatUrl, isHealthy, logger }).stop);
  }
  if (worker === null) return readiness;
  const guarded = [engine, ...further].map((one) =>
    keepEngineRunning(
      {
        ...{ engineId: one.engineId, journal, alerts, clock, logger },
        engineRuns: async () => (await workflowLookup(client).state(one.engineId)) === 'running',
        lastRunId: async () => await lastRunId(client, one.engineId),
        startEngine: async () => await startEngine(one),
      },
      one === engine ? GUARD_EVERY_MS : GUARD_EVERY_MS + seldom,
    ),
  );
  add('engine guardian', 1_000, () => stopAll(guarded));
  return readiness;
}

/** Of the one engine in full, of several what a message can hold. */
async function summaryOf({ engineId, policy, engines, mode }: Settings, journal: Journal): Promise<Summary | null> {
  if (engines.length === 0) return await summaryFigures({ journal, engineId, policy });
  return await summaryOfEngines({ journal, engines: [{ engineId, name: OWN_ENGINE, policy }, ...engines], mode });
}

const engineNames = ({ engineId, engines }: Settings): EngineNames => new EngineNames(engineId, engines);

async function stopAll(watches: readonly { readonly stop: () => Promise<void> }[]): Promise<void> {
  await Promise.all(watches.map((watch) => watch.stop()));
}

async function openGround(
  start: StartUp,
  cluster: Cluster,
  beginnings: Beginnings,
): Promise<{ readonly start: StartUp; readonly ground: Ground }> {
  const { log, say, add } = start;
  const { logger } = log;
  const reaching = reachTemporal(start, cluster.address);
  // It is awaited after the journal: until then a failure must not count as unhandled.
  reaching.catch(() => undefined);
  const journal = await beginnings.journal;
  const { policy, paper } = start.settings;
  add('journal', 2_000, () => journal.close());
  const shared = await openSharedClock(start, journal);
  const { host, port, alerts: alertSettings } = start.settings;
  const pageUrl = `http://${host.includes(':') ? `[${host}]` : host}:${port}/`;
  let names = engineNames(start.settings);
  const pages = new EnginePages(pageUrl, () => names);
  const alerts = openAlertChannels({
    ...{ journal, clock, logger, logsAlerts: hasWorker(start), nameOf: (alert) => pages.nameOf(alert) },
    sending: { settings: alertSettings, pages },
  });
  add('alert channels', 4_000, alerts.stop);
  followGenerations(start, { journal, alerts: alerts.channels }, beginnings);
  if (hasWorker(start))
    add('activity log', 1_000, startActivityLog({ journal, logger, policy, nowMs: clock.nowMs }).stop);
  const { connect, connection, searchAttributesMissing } = await reaching;
  add('temporal connection', 1_000, () => connection.close());
  if (searchAttributesMissing !== null) logger.warn(searchAttributesMissing);
  const tracing = await openTracing(start);
  const { client, payloadKeys, cipher } = await openClient(
    start,
    { connection, journal, tracing },
    beginnings.tokens.full,
  );
  const mayAdopt = hasWorker(start);
  const settings = await withEngineInForce({ settings: start.settings, client, journal, clock, say, mayAdopt });
  const { engineId } = settings;
  names = engineNames(settings);
  const metrics = processMetrics();
  const observe: RpcObserver = (call) => {
    metrics.observeRpc(call);
    tracing?.observeRpc(call);
  };
  const venues = venueRegistry({ journal, clock, settings, logger, observe });
  add('venues', 1_000, venues.closeAll);
  const watchSilenceMs = watchSilenceOf(1 + settings.engines.length);
  const silence = watchSilenceMs === undefined ? {} : { watchSilenceMs };
  const tuning = { ...ENGINE_TUNING, ...silence, searchAttributes: searchAttributesMissing === null };
  const named = settings.mode === 'live' ? await namingProgram(policy, engineId, journal) : policy;
  const engine = { client, journal, venues, say, tuning, engineId, policy: named, paper };
  const further: EngineStart[] = [];
  for (const one of settings.engines) {
    const of = settings.mode === 'live' ? await namingProgram(one.policy, one.engineId, journal) : one.policy;
    const sayNamed = (line: string) => say(`${one.name}: ${line}`);
    further.push({ ...engine, name: one.name, engineId: one.engineId, policy: of, paper: one.paper, say: sayNamed });
  }
  const gateway = temporalGateway({ client, clock, logger });
  const { summaryAtMinute } = alertSettings;
  if (summaryAtMinute !== null && alerts.messengers.length > 0) {
    const summary = startDailySummary({
      ...{ messengers: alerts.messengers, atMinute: summaryAtMinute, localDay, clock, logger, pageUrl },
      summary: () => summaryOf(settings, journal),
      claimDay: (day) => claimSummary(journal.db, engineId, day),
    });
    add('daily summary', 1_000, summary.stop);
  }
  const stores = { journal, sharedClock: shared, alerts: alerts.channels };
  const served = { gateway, metrics, tracing, venues, engine, further, rightOfWay: new RightOfWay() };
  const ground = { ...cluster, ...stores, client, connect, payloadKeys, cipher, ...served };
  return { start: { ...start, settings }, ground };
}

/** Of an embedded journal there is one process, and the next version starts when it has ended. */
function followGenerations(
  start: StartUp,
  { journal, alerts }: Pick<Ground, 'journal' | 'alerts'>,
  { succession: { generation, process, works } }: Beginnings,
): void {
  if (process === null) return;
  const { add, settings, log, onSuperseded } = start;
  const { logger } = log;
  const debug = (err: unknown) => logger.debug({ err }, 'could not look for other versions');
  const life = { db: journal.db, generation, process, debug };
  const { engineId } = settings;
  const superseded = async (newer: string) => {
    const sentence = supersededSentence({ version: generation.version, newer, works });
    logger.error({ version: generation.version, newer }, sentence);
    if (!works) return;
    const draft = raised('WORKER_SUPERSEDED', { version: generation.version, newer });
    // Of several workers of one version: one alert.
    const id = alertId(engineId, draft, `${generation.id} ${newer}`);
    await alerts.raise(newAlert({ id, engineId, tsMs: clock.nowMs(), draft })).catch(debug);
    onSuperseded(sentence);
  };
  add('newer version watch', 1_000, watchForNewer(life, superseded).stop);
}

/** Replaces older workers, and tells those that replace this one that it lives, until after it has stopped. */
async function succeed(
  { log, add }: Pick<StartUp, 'log' | 'add'>,
  { db }: Journal,
  succession: Succession,
): Promise<void> {
  await takeOver(db, succession);
  const { generation, process } = succession;
  if (process === null) return;
  const debug = (err: unknown) => log.logger.debug({ err }, 'presence not told');
  add('worker presence', 1_000, (await tellWorkerLives({ db, generation, process, debug })).stop);
}

/** Its packages are loaded only when traces are wanted. */
async function openTracing({ settings, log, redactor, add }: StartUp): Promise<Tracing | null> {
  if (settings.tracing === null) return null;
  const { openTracing: open } = await import('./tracing.ts');
  const tracing = open({ settings: settings.tracing, logger: log.logger, redactor });
  add('traces', 3_000, tracing.stop);
  return tracing;
}

/** It signs, and encrypts if there are keys: which it may not do before all that histories need are there. */
async function openClient(
  { settings }: StartUp,
  { connection, journal, tracing }: { connection: Connection; journal: Journal; tracing: Tracing | null },
  token: string,
): Promise<Pick<Ground, 'client' | 'payloadKeys' | 'cipher'>> {
  const { keys } = settings.codec;
  const cipher = payloadCipher(keys);
  const payloadKeys = await openPayloadKeys(settings.home, token);
  const { namespace } = settings.temporal;
  const client = new Client({
    ...{ connection, namespace },
    dataConverter: { payloadCodecs: [signingCodec(payloadKeys, cipher)] },
    ...(tracing === null ? {} : { interceptors: { workflow: [tracing.client] } }),
  });
  const { db } = journal;
  const notes = {
    noted: () => notedEncryptionKeys(db),
    note: (id: string, fingerprint: string) => noteEncryptionKey(db, id, fingerprint),
    forget: (id: string) => forgetEncryptionKey(db, id),
  };
  await agreeOnKeys(keys, notes, (ids) => searchKeyUsers(client, ids));
  return { client, payloadKeys, cipher };
}

/** Connects, and sees to the namespace. */
async function reachTemporal({ settings, log }: StartUp, address: string) {
  const connect = await connectOptions(settings.temporal, address);
  const connection = await reachable(`Temporal at ${address}`, log.logger, () =>
    Connection.connect({ ...connect, connectTimeout: CONNECT_MS }),
  );
  return { connect, connection, ...(await prepareNamespace(connection, settings.temporal.namespace)) };
}

/** A live engine may run under its former id for this start. Solana's SDK is loaded only then: a paper process does without. */
async function withEngineInForce(ports: FormerIdentityPorts): Promise<Settings> {
  if (ports.settings.mode !== 'live') return ports.settings;
  await refuseUnchosenVenue(ports);
  const { engineIdInForce } = await import('./former-identity.ts');
  return { ...ports.settings, engineId: await engineIdInForce(ports) };
}

/** What reads a program is loaded for a live engine alone. */
async function namingProgram(policy: PolicyJson, engineId: string, journal: Journal): Promise<PolicyJson> {
  const { withProgramHash } = await import('./program-record.ts');
  return await withProgramHash(policy, engineId, journal);
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
async function prepareAccounts(start: StartUp, { journal, engine, further }: Ground): Promise<void> {
  const { settings, options, say } = start;
  const reset = resetTarget(options.resetPaper, settings);
  const anew = [engine, ...further].find(({ engineId }) => reset.kind === 'engine' && reset.engineId === engineId);
  if (anew !== undefined) await resetPaper(anew);
  const engineIds = [engine, ...further].map(({ engineId }) => engineId);
  if (options.localnet) await retireFormerEngines({ ...engine, engineIds, home: settings.home });
  if (hasWorker(start)) await watchOtherEngines({ journal, settings, say });
}

/** The engine's settings come from the workers' side; a bridge only speaks to it. */
async function startWorkerSide(
  { settings, log, say, add }: StartUp,
  {
    client,
    connect,
    payloadKeys,
    cipher,
    journal,
    alerts,
    venues,
    engine,
    further,
    sharedClock,
    metrics,
    tracing,
    rightOfWay,
  }: Ground,
  { bundle, tokens, succession }: Beginnings,
): Promise<RunningWorker | null> {
  if (bundle === null) return null;
  const { logger } = log;
  const { venueOf, accountExists } = venues;
  const shared = { venueOf, journal, alerts, clock, logger, rights: signingRights(settings) };
  const restoration = openRestoration(settings.home, clock);
  const restored = (id: string) => restoration?.of(id) ?? null;
  const transactions = createTransactionActivities({ ...shared, restored });
  const activities = {
    ...transactions,
    ...createEngineActivities({
      ...{ ...shared, accountExists, sharedClock },
      ...(restoration === undefined ? {} : { restoration }),
      lookup: workflowLookup(client),
      commandKeys: () => tokens.signing.map(commandKeyOf),
      backtestCarry,
    }),
  };
  const { namespace } = settings.temporal;
  const workflowBundle = await bundle;
  const temporalBuffer = temporalMetricsBuffer();
  installTemporalRuntime(logger, temporalBuffer);
  const temporalMetrics = addTemporalMetrics(temporalBuffer, metrics.registry);
  add('temporal metrics', 1_000, temporalMetrics.stop);
  const polling = { connect, namespace, payloadKeys, cipher, logger, tracing, rightOfWay };
  // The thread of the workflows starts on another core in the meantime.
  const [runWorker] = await Promise.all([
    prepareWorker({ ...polling, bundle: workflowBundle, activities }),
    succeed({ log, add }, journal, succession)
      .then(() => startEngine(engine))
      .then(() => startAll(further)),
  ]);
  const { sign, submit } = transactions;
  const signing = await startSigningWorkers(settings, { ...polling, activities: { sign, submit } });
  add('signing workers', 6_000, signing.stop);
  const remote = await watchRemoteSigning({ live: settings.live, logger });
  add('remote signer', 1_500, remote.stop);
  const polled = () => (remote.answers() ? signing.polled() : []);
  const presence = { journal, logger, polled, process: randomUUID() };
  add('signing presence', 1_000, tellPresence(presence).stop);
  const worker = runWorker();
  add('worker', 6_000, worker.stop);
  add('stuck workflows', 1_000, watchForStuck({ client, journal, alerts, clock, logger }).stop);
  if (settings.mode === 'live') {
    await logLiveStart({ settings, venues, logger: log.fileOnly, say });
    const { recordProgram, withProgramHash } = await import('./program-record.ts');
    for (const one of [engine, ...further]) {
      const { engineId } = one;
      recordProgram({ journal, alerts, clock, settings: { ...settings, engineId } })
        .then(async (hash) => {
          const policy = await withProgramHash(one.policy, engineId, journal);
          // Another program than at the start of this engine: a consent does not cover it.
          if (policy.programHash === hash && one.policy.programHash !== hash) await startEngine({ ...one, policy });
        })
        .catch((err: unknown) => logger.debug({ err, engineId }, 'could not check the program'));
    }
  }
  return worker;
}

/** One that cannot start keeps none of the others from starting: the guardian tries it again. */
async function startAll(engines: readonly EngineStart[]): Promise<void> {
  const waiting = [...engines];
  const oneByOne = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await startEngine(next).catch((error: unknown) => next?.say(`could not be started yet: ${String(error)}`));
    }
  };
  await Promise.all(Array.from({ length: STARTED_AT_ONCE }, oneByOne));
}

/** Null: paper, which has no chain; what derives addresses is loaded for a live engine alone. */
async function accountAddressOf(engineId: string): Promise<string | null> {
  const { chain, authority, subAccount } = parseEngineId(engineId) ?? {};
  if (chain === undefined || authority === undefined || subAccount === undefined) return null;
  const { marginAccountAddress } = await import('../venues/solana-perps/addresses.ts');
  return marginAccountAddress(chain.programId, authority, subAccount);
}

async function startBridgeSide(
  { settings, options, log, redactor, chain, lock, say, announce, add }: StartUp,
  {
    address,
    uiUrl,
    ui,
    journal,
    alerts,
    gateway,
    sharedClock,
    metrics,
    tracing,
    rightOfWay,
    cipher,
    copyStore,
  }: Ground,
  { tokens, page, version }: Beginnings,
  readiness: () => Promise<Readiness>,
): Promise<void> {
  const { engineId, policy, mode, host, port, explorerUrl, inForce } = settings;
  const { namespace } = settings.temporal;
  const engines = await Promise.all(
    settings.engines.map(async (one) => ({ ...one, accountAddress: await accountAddressOf(one.engineId) })),
  );
  const bridge = await startBridge({
    ...{ journal, alerts, gateway, clock, sharedClock, policy, engines, rightOfWay },
    metricsRegistry: metrics.registry,
    ...(tracing === null ? {} : { traceCommand: tracing.traceCommand }),
    logger: log.logger.child({ part: 'bridge' }),
    readiness,
    telegram: settings.alerts.telegramCommands,
    backup: () => backupRunning({ settings, version, clock, journal, gateway, copyStore }),
    newToken: async (access) => {
      const given = access === 'full' ? settings.token : settings.readToken;
      const token = await replaceToken(settings.home, access, given);
      redactor.add(token);
      return token;
    },
    settings: {
      ...{ host, port, tokens, version, engineId, mode, explorerUrl, inForce },
      accountAddress: await accountAddressOf(engineId),
      pageDir: page === null ? null : await page,
      temporalUiUrl: uiUrl,
      temporalNamespace: namespace,
      temporalAddress: address,
    },
  });
  add('bridge', 3_000, bridge.close);
  if (ui !== null) {
    const { uiPort } = settings.temporal;
    const { logger } = log;
    const proxy = await startTemporalUi({
      ...{ port: uiPort, tokens, pagePort: port, target: ui, logger, nowMs: clock.nowMs },
    });
    add('temporal ui', 1_000, proxy.close);
  }
  const { endpoint } = settings.codec;
  if (endpoint !== null) {
    const served = await startCodecEndpoint({ ...endpoint, cipher, logger: log.logger, nowMs: clock.nowMs });
    add('codec endpoint', 1_000, served.stop);
  }
  lock?.update({ pid: process.pid, url: bridge.url });
  announce({ settings, chain, url: bridge.url, token: tokens.full, uiUrl: uiUrl ?? `(on ${address})` });
  if (options.demo) {
    const { runDemo } = await import('./demo.ts');
    add(
      'demo',
      2_000,
      runDemo({ journal, engineId, policy, place: { url: bridge.url, token: tokens.full }, say }).stop,
    );
  }
}
