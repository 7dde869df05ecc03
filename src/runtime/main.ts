/** The composition root: puts the parts of a role together, waits until it is asked to stop, and takes them apart. */
import { type DataLock, lockDataFolder } from '../journal/data-lock.ts';
import { CriticalError, DriftlessError } from '../lib/errors.ts';
import { within } from '../lib/within.ts';
import { loadSettings, readSettingSource, type Settings, SettingsError } from './config.ts';
import { openDataFolder } from './data-folder.ts';
import { forgetSecretsInEnvironment, leaveNoMemoryInCores } from './key-exposure.ts';
import type { LocalChain } from './local-chain.ts';
import { type Logger, type OpenLogger, openLogger } from './logger.ts';
import { Parts } from './parts.ts';
import { readyJson, readyText } from './ready-note.ts';
import { createRedactor, type Redactor } from './redaction.ts';
import { resetTarget } from './reset-paper-target.ts';
import { startUp } from './start-up.ts';
import { watchStarter } from './starter-watch.ts';
import type { StartOptions } from './starting.ts';
import { listenForStop, type StopSignal } from './stop-signal.ts';
import { openTerminal } from './terminal.ts';

const USAGE = 2;
const INTERRUPTED = 130;
const STEP_MS = 1_500;

/** The terminal, for the set-up. Later messages go through the logger. */
const terminal = openTerminal();
let say = terminal.say;
let printError = terminal.printError;

/** For a program: each message is a line of JSON, on standard output. */
function speakJson(): void {
  const line = (json: object) => terminal.say(JSON.stringify(json));
  say = (text) => line({ message: text.trim() });
  printError = (text) => {
    const [message = '', remedy] = text.split('\nRemedy: ');
    line({ error: { message: message.trim(), ...(remedy === undefined ? {} : { remedy: remedy.trim() }) } });
  };
}

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
  if (options.json === true) speakJson();
  let settings: Settings;
  let chain: LocalChain | null = null;
  try {
    const source = readSettingSource(process.cwd(), process.env);
    const { demo, role } = options;
    if (options.localnet) {
      const { localSettings, openLocalChain } = await import('./local-chain.ts');
      const checked = loadSettings(source, { fixed: localSettings(null) });
      chain = await openLocalChain(checked, say);
    }
    const overrides = { demo, role, ...(chain === null ? {} : { fixed: chain.fixed }) };
    settings = loadSettings(source, overrides);
    if (settings.mode === 'live' && settings.live.genesis === null) {
      // Solana's SDK is loaded only where a live engine is.
      const { localGenesis } = await import('./local-genesis.ts');
      const genesis = await localGenesis(settings.live.rpcUrls, settings.home, { nowMs: () => Date.now() });
      settings = loadSettings(source, { ...overrides, genesis });
    }
    refuseWhatIsNotThere(settings, options);
    const target = resetTarget(options.resetPaper, settings);
    if (target.kind === 'refused') {
      await chain?.stop();
      printError(target.why);
      return USAGE;
    }
    forgetSecretsInEnvironment();
    // Also where there is no wallet key: the token and what signs commands are in the memory.
    leaveNoMemoryInCores();
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
    const openToOthers = await openDataFolder(settings.home);
    if (openToOthers !== null) printError(openToOthers);
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

async function openLog({ logDir, logLevel, environment }: Settings, redactor: Redactor): Promise<OpenLogger> {
  const log = await openLogger({ folder: logDir, level: logLevel, environment, redactor, terminal: terminal.log });
  terminal.whenGone((error) => log.fileOnly.warn({ err: error }, 'the terminal is gone; the engine goes on'));
  return log;
}

function refuseWhatIsNotThere(settings: Settings, { role }: StartOptions): void {
  const lacking = [
    ...(settings.temporal.address === null ? ['TEMPORAL_ADDRESS'] : []),
    ...(settings.databaseUrl === null ? ['DATABASE_URL'] : []),
    ...(settings.token === null ? ['DRIFTLESS_TOKEN'] : []),
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
  readonly redactor: Redactor;
  readonly lock: (DataLock & { readonly kind: 'locked' }) | null;
}

/** Starts, waits for the stop, and stops what was started. */
async function run(settings: Settings, options: StartOptions, foundation: Foundation): Promise<number> {
  const { parts, log } = foundation;
  let killServer = () => {};
  const stop = listenForStop(() => {
    killServer();
    process.exit(INTERRUPTED);
  });
  failOnSurprises(log.logger, stop);
  await watchStarter(process.env, () => stop.request('starter gone'));
  let asked = false;
  stop.stopped.then(() => {
    asked = true;
  });
  const started = startUp({
    ...{ settings, options, say, ...foundation },
    announce: (ready) => (options.json === true ? terminal.say(readyJson(ready)) : say(readyText(ready))),
    add: (...part) => {
      parts.add(...part);
      if (asked) throw new Error('asked to stop while starting');
    },
    stopAsked: () => asked,
    onSuperseded: (sentence) => {
      printError(sentence);
      stop.request('superseded');
    },
    onServer: (server) => {
      killServer = () => {
        const pid = server.pid();
        if (pid !== null) process.kill(pid, 'SIGKILL');
      };
    },
  });
  const outcome = await Promise.race([started.then(() => 'started' as const), stop.stopped]);
  // After a stop in the middle of the start, the present step has a moment to end by itself.
  if (outcome !== 'started') await within(STEP_MS, () => started);
  const why = outcome === 'started' ? await stop.stopped : outcome;
  if (isWanted(why)) say('\nStopping ...');
  log.logger.info({ why }, 'stopping');
  await parts.stopAll(log.logger);
  const next = options.localnet
    ? 'The local chain is gone. Its journal is kept; the next start makes a new chain.'
    : 'The next start continues from here.';
  if (isWanted(why)) say(`Stopped. ${next}`);
  return isWanted(why) ? 0 : 1;
}

/** Somebody asked for it. Else whoever watches over this process should know that it ended by itself. */
const isWanted = (why: string): boolean => why !== 'failed' && why !== 'superseded';

function failOnSurprises(logger: Logger, stop: StopSignal): void {
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'Uncaught error; stopping');
    stop.request('failed');
  });
  process.on('unhandledRejection', (reason) => {
    logger.fatal({ err: reason }, 'Unhandled promise rejection; stopping');
    stop.request('failed');
  });
}
