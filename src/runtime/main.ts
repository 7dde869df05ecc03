/** The composition root: puts the parts of a role together, waits until it is asked to stop, and takes them apart. */
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createEngineActivities } from '../../activities/engine.ts';
import { createTransactionActivities } from '../../activities/transaction.ts';
import { startBridge } from '../bridge/server.ts';
import { temporalGateway } from '../bridge/temporal-gateway.ts';
import { within } from '../bridge/within.ts';
import { type DataLock, lockDataFolder } from '../journal/data-lock.ts';
import { openJournal } from '../journal/open-journal.ts';
import { CriticalError, DriftlessError } from '../lib/errors.ts';
import { openFeed } from '../market-data/open-feed.ts';
import { startActivityLog } from './activity-log.ts';
import { loadSettings, readSettingSource, type Settings, SettingsError } from './config.ts';
import { resetPaper, startEngine, workflowLookup } from './engine-start.ts';
import { ENGINE_TUNING } from './engine-tuning.ts';
import { logLiveStart } from './live-start.ts';
import { type LocalChain, localSettings, openLocalChain, retireFormerEngines } from './local-chain.ts';
import { installTemporalRuntime, type Logger, type OpenLogger, openLogger } from './logger.ts';
import { watchOtherEngines } from './other-engines.ts';
import { openPage } from './page.ts';
import { Parts } from './parts.ts';
import { requireFreePort } from './port-taken.ts';
import { readinessOf } from './readiness.ts';
import { createRedactor } from './redaction.ts';
import { listenForStop, type StopSignal } from './stop-signal.ts';
import { watchForStuck } from './stuck-workflows.ts';
import { findTemporalCli } from './temporal-cli.ts';
import { type ConnectOptions, connectOptions, prepareNamespace } from './temporal-connection.ts';
import { startTemporalServer, stopStaleServer } from './temporal-server.ts';
import { openTerminal } from './terminal.ts';
import { openToken } from './token.ts';
import { venueRegistry } from './venues.ts';
import { startWorker } from './worker.ts';
import { openWorkflowBundle } from './workflow-bundle.ts';

export interface StartOptions {
  readonly role: 'all' | 'worker' | 'bridge';
  readonly demo: boolean;
  readonly resetPaper: boolean;
  /** Live mode on a local chain of our own, with the real Drift program. */
  readonly localnet: boolean;
}

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const INTERRUPTED = 130;
const REACH_TRIES = 12;
const REACH_PAUSE_MS = 5_000;
const CONNECT_MS = 5_000;
const STEP_MS = 1_500;

/** What the terminal shows of the set-up; what happens later goes through the logger. */
const terminal = openTerminal();
const { say, printError } = terminal;

const clock = { nowMs: () => Date.now() };

/** A plain text for a person: our own errors carry their remedy, others their stack. */
function inWords(error: unknown): string {
  if (error instanceof SettingsError) return error.message;
  if (error instanceof DriftlessError) {
    const { remedy } = error.details;
    return typeof remedy === 'string' ? `${error.message}\nRemedy: ${remedy}` : error.message;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The exit code. Never throws. */
export async function main(options: StartOptions): Promise<number> {
  let settings: Settings;
  let chain: LocalChain | null = null;
  try {
    const source = readSettingSource(process.cwd(), process.env);
    const { demo, role } = options;
    if (options.localnet) {
      const checked = loadSettings(source, { fixed: localSettings(null) });
      say('Starting a local chain with the real Drift program ...');
      chain = await openLocalChain(checked);
    }
    settings = loadSettings(source, { demo, role, ...(chain === null ? {} : { fixed: chain.fixed }) });
    refuseWhatIsNotThere(settings, options);
  } catch (error) {
    await chain?.stop();
    printError(inWords(error));
    return 1;
  }
  const redactor = createRedactor(settings.secrets);
  const parts = new Parts();
  if (chain !== null) parts.add('local chain', 2_000, chain.stop);
  let log: OpenLogger | null = null;
  try {
    await mkdir(settings.home, { recursive: true });
    if (options.role === 'all') {
      const lock = await lockDataFolder(settings.home, { pid: process.pid, url: null });
      if (lock.kind === 'held') return alreadyRunning(settings, lock);
      parts.add('data lock', 1_000, lock.release);
      log = await openLog(settings, redactor);
      return await run(settings, options, { parts, log, redactor, lock, chain });
    }
    log = await openLog(settings, redactor);
    return await run(settings, options, { parts, log, redactor, lock: null, chain });
  } catch (error) {
    log?.fileOnly.fatal({ err: error }, 'the start failed');
    printError(redactor.scrub(inWords(error)));
    return 1;
  } finally {
    if (log !== null) {
      await parts.stopAll(log.logger);
      await log.close();
    }
  }
}

async function openLog(settings: Settings, redactor: ReturnType<typeof createRedactor>): Promise<OpenLogger> {
  const { log: write } = terminal;
  const log = await openLogger({
    ...settings,
    ...{ folder: settings.logDir, level: settings.logLevel, redactor, terminal: write },
  });
  terminal.whenGone((error) => log.fileOnly.warn({ err: error }, 'the terminal is gone; the engine goes on'));
  return log;
}

function refuseWhatIsNotThere(settings: Settings, { role }: StartOptions): void {
  const lacking = [
    ...(settings.temporal.address === null ? ['TEMPORAL_ADDRESS'] : []),
    ...(settings.databaseUrl === null ? ['DATABASE_URL'] : []),
    ...(role === 'bridge' && settings.token === null ? ['DRIFTLESS_TOKEN'] : []),
  ];
  if (role !== 'all' && lacking.length > 0) {
    throw new CriticalError(
      'SETTING_MISSING',
      `The role ${role} needs a Temporal server and a database that it shares with the other roles. Set ${lacking.join(' and ')}.`,
    );
  }
}

function alreadyRunning(settings: Settings, lock: DataLock & { readonly kind: 'held' }): number {
  const where = lock.by.url === null ? 'it is still starting' : `its page is ${lock.by.url}`;
  printError(
    `Driftless is already running in ${settings.home}: process ${lock.by.pid}, ${where}.\n` +
      'Remedy: use it, stop it first (Ctrl-C in its terminal), or set DRIFTLESS_HOME to another folder.',
  );
  return 1;
}

interface Foundation {
  readonly chain: LocalChain | null;
  readonly parts: Parts;
  readonly log: OpenLogger;
  readonly redactor: ReturnType<typeof createRedactor>;
  readonly lock: (DataLock & { readonly kind: 'locked' }) | null;
}

async function run(settings: Settings, options: StartOptions, foundation: Foundation): Promise<number> {
  const { parts, log, redactor, lock, chain } = foundation;
  const { logger } = log;
  let killServer = () => {};
  const stop = listenForStop(() => {
    killServer();
    process.exit(INTERRUPTED);
  });
  failOnSurprises(logger, stop);
  installTemporalRuntime(logger);
  let asked = false;
  stop.stopped.then(() => {
    asked = true;
  });
  const add: Parts['add'] = (...part) => {
    parts.add(...part);
    if (asked) throw new Error('asked to stop while starting');
  };
  const started = (async () => {
    const isBridge = options.role !== 'worker';
    const isWorker = options.role !== 'bridge';
    const { home, logDir } = settings;
    if (isBridge) await requireFreePort(settings.port, settings.host, 'PORT');
    if (settings.temporal.address === null) await stopStaleServer({ ...settings.temporal, home, logger });
    // A bad market history is named before anything slow begins; the venue opens it again when it needs it.
    if (isWorker && settings.mode === 'paper') openFeed(settings.feed, { periodMs: settings.paper.fundingPeriodMs });
    const token = await openToken(settings.home, settings.token);
    redactor.add(token);

    // A local chain's folder is one of many; what is built is the same for all.
    const cache = join(chain === null ? settings.home : dirname(settings.home), 'cache');
    const page = isBridge ? openPage({ root: ROOT, folder: cache, say }) : null;
    const bundle = isWorker ? openWorkflowBundle({ root: ROOT, folder: cache, logger, say }) : null;
    const journalOpening = reachable('the journal’s database', logger, () =>
      openJournal({ databaseUrl: settings.databaseUrl, dataDir: join(settings.home, 'journal'), logger }),
    );
    // Awaited below, in turn; a failure of one must not count as unhandled while another is awaited.
    for (const promise of [page, bundle, journalOpening]) promise?.catch(() => undefined);

    let address = settings.temporal.address;
    let uiUrl = settings.temporal.uiUrl;
    if (address === null) {
      const cli = await findTemporalCli({ given: settings.temporal.cli ?? undefined, env: process.env, say });
      say('Starting Temporal, the journal and the worker ...');
      const server = await startTemporalServer({
        ...{ ...settings.temporal, home, logDir, cli: cli.path, logger, cancelled: () => asked },
        onLaunch: (end) => add('temporal server', 8_000, end),
      });
      killServer = () => {
        const pid = server.pid();
        if (pid !== null) process.kill(pid, 'SIGKILL');
      };
      address = server.address;
      uiUrl ??= server.uiUrl;
    }
    const journal = await journalOpening;
    add('journal', 2_000, () => journal.close());
    if (isWorker) {
      const activityLog = startActivityLog({ journal, logger, policy: settings.policy, nowMs: clock.nowMs });
      add('activity log', 1_000, activityLog.stop);
    }
    const connect = await connectOptions(settings.temporal, address);
    const connection = await reachable(`Temporal at ${address}`, logger, () =>
      Connection.connect({ ...connect, connectTimeout: CONNECT_MS }),
    );
    add('temporal connection', 1_000, () => connection.close());
    const { namespace } = settings.temporal;
    const prepared = await prepareNamespace(connection, namespace);
    if (prepared.searchAttributesMissing !== null) logger.warn(prepared.searchAttributesMissing);
    const client = new Client({ connection, namespace });
    const venues = venueRegistry({ journal, clock, settings, logger });
    add('venues', 1_000, venues.closeAll);
    const tuning = { ...ENGINE_TUNING, searchAttributes: prepared.searchAttributesMissing === null };

    // The engine's settings come from the workers' side; a bridge only speaks to it.
    const engineStart = {
      ...{ client, journal, venues, logger, say, tuning },
      ...{ engineId: settings.engineId, policy: settings.policy, paper: settings.paper },
    };
    if (options.resetPaper) await resetPaper(engineStart);
    if (options.localnet) await retireFormerEngines({ ...engineStart, home: settings.home });
    if (isWorker) await watchOtherEngines({ journal, settings, say });
    const worker = bundle === null ? null : await startWorker(await workerOptions(connect, await bundle));
    if (worker !== null) add('worker', 6_000, worker.stop);
    if (isWorker) await startEngine(engineStart);
    if (isWorker) add('stuck workflows', 1_000, watchForStuck({ client, journal, clock, logger }).stop);
    if (isWorker && settings.mode === 'live') await logLiveStart({ settings, venues, logger: log.fileOnly, say });

    if (!isBridge) {
      say(`Driftless worker ready: Temporal ${address}, namespace ${namespace}.`);
      return;
    }
    const gateway = temporalGateway({ client, clock, logger });
    const metricsRegistry = new Registry();
    collectDefaultMetrics({ register: metricsRegistry });
    const { engineId, policy, mode, host, port, explorerUrl } = settings;
    const bridge = await startBridge({
      ...{ journal, gateway, clock, policy, metricsRegistry },
      logger: logger.child({ part: 'bridge' }),
      readiness: readinessOf({
        ...{ client, namespace, gateway, journal, clock, engineId },
        pollIntervalMs: policy.pollIntervalMs,
        localWorker: worker === null ? null : worker.state,
      }),
      settings: {
        ...{ host, port, token, engineId, mode, explorerUrl },
        pageDir: page === null ? null : await page,
        temporalUiUrl: uiUrl,
        temporalNamespace: namespace,
        temporalAddress: address,
      },
    });
    add('bridge', 3_000, bridge.close);
    lock?.update({ pid: process.pid, url: bridge.url });
    announce(settings, chain, { url: bridge.url, token, uiUrl: uiUrl ?? `(on ${address})` });

    async function workerOptions(to: ConnectOptions, code: Awaited<NonNullable<typeof bundle>>) {
      const shared = { venueOf: venues.venueOf, journal, clock, logger };
      const activities = {
        ...createTransactionActivities(shared),
        ...createEngineActivities({ ...shared, accountExists: venues.accountExists, lookup: workflowLookup(client) }),
      };
      return { connect: to, namespace, bundle: code, activities, logger };
    }
  })();
  const outcome = await Promise.race([started.then(() => 'started' as const), stop.stopped]);
  // A stop in the middle of the start gives the step at hand a moment to end by itself.
  if (outcome !== 'started') await within(STEP_MS, () => started);
  const why = outcome === 'started' ? await stop.stopped : outcome;
  if (why !== 'failed') say('\nStopping ...');
  logger.info({ why }, 'stopping');
  await parts.stopAll(logger);
  const next = options.localnet
    ? 'The local chain is gone. Its journal is kept; the next start makes a new chain.'
    : 'The next start continues from here.';
  if (why !== 'failed') say(`Stopped. ${next}`);
  return why === 'failed' ? 1 : 0;
}

function announce(
  settings: Settings,
  chain: LocalChain | null,
  { url, token, uiUrl }: { url: string; token: string; uiUrl: string },
): void {
  const speed = settings.policy.marketSpeed;
  const { mode, live } = settings;
  const madeUp = settings.feed.startsWith('synthetic') ? ', made-up prices' : '';
  const where = mode === 'live' ? `Drift ${live.driftEnv}, ${live.permissions}` : settings.feed;
  const demo =
    chain === null
      ? []
      : [
          '  This is a local chain: the real Drift program, made-up prices, no real money. Each start makes a new one.',
          `  Its RPC:     ${chain.rpcUrl}`,
          `  Its control: ${chain.controlUrl} (localnet/README.md)`,
        ];
  const pace = speed === 1 ? '' : `, market at ${speed === 'max' ? 'max speed' : `${speed}x speed`}`;
  say(
    [
      '',
      `Driftless is ready (${mode === 'live' ? 'LIVE' : mode}, ${where}${madeUp}${pace}).`,
      ...demo,
      `  Page:        ${url}/?token=${token}`,
      `  Temporal UI: ${uiUrl}`,
      `  State:       ${settings.home}`,
      '  Press Ctrl-C to stop.',
      '',
    ].join('\n'),
  );
}

function failOnSurprises(logger: Logger, stop: StopSignal): void {
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'Uncaught error; stopping');
    stop.request();
  });
  process.on('unhandledRejection', (reason) => {
    logger.fatal({ err: reason }, 'Unhandled promise rejection; stopping');
    stop.request();
  });
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
      await new Promise((resolve) => setTimeout(resolve, REACH_PAUSE_MS));
    }
  }
}
