/** Our own Temporal dev server: a child that outlives no clean stop, is replaced when it dies, and ended when left over. */

import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { CriticalError, TransientError } from '../lib/errors.ts';
import { sleep } from '../lib/sleep.ts';
import { childEnvironment } from './child-environment.mjs';
import type { Logger } from './logger.ts';
import { LOOPBACK } from './loopback.ts';
import { requireFreePort } from './port-taken.ts';
import { commandLineOf, endProcess, heldStill, isAlive, portOwner } from './processes.ts';
import { SEARCH_ATTRIBUTES } from './search-attributes.ts';
import { copyTemporalStore, requireTemporalStore, temporalStoreIn } from './temporal-store.ts';

/** It ends in 2.5 s when asked; what it acknowledged survives a SIGKILL as well. */
const STOP_GRACE_MS = 5_000;
const READY_WITHIN_MS = 60_000;
const HEALTH_PAUSE_MS = 20;
const CONNECT_MS = 1_000;
const MAX_LOG_BYTES = 10 * 1024 * 1024;
const LOG_TAIL_CHARS = 800;
/** Pauses before it is started again; the last one for ever. A run of a minute begins from the first. */
const RESTART_PAUSES_MS = [200, 500, 1_000, 2_000, 5_000, 10_000] as const;
const SETTLED_MS = 60_000;
const FIRST_START_TRIES = 3;
/** An exit waits as long, at most, for a copy of the store. */
const HELD_STILL_MS = 5_000;

interface TemporalServerOptions {
  readonly cli: string;
  readonly home: string;
  readonly logDir: string;
  readonly port: number;
  /** Where the web UI itself listens, which asks nobody who they are. */
  readonly ui: { readonly host: string; readonly port: number };
  readonly namespace: string;
  readonly logger: Logger;
  /** Asked right before the server is launched: true when it is no longer wanted. */
  readonly cancelled?: () => boolean;
  /** As soon as there is a process, long before it is healthy: how to end it. */
  readonly onLaunch?: (stop: () => Promise<void>) => void;
}

interface TemporalServer {
  readonly address: string;
  /** Of the process that serves now; null while it is being replaced. */
  pid(): number | null;
  /** Its store as files that SQLite opens without loss. @throws TransientError UNAVAILABLE */
  copyStore(into: string): Promise<void>;
  stop(): Promise<void>;
}

/** Throws when nothing listens there yet. */
function knock(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: LOOPBACK, timeout: CONNECT_MS });
    const over = (settle: () => void) => {
      socket.destroy();
      settle();
    };
    socket.once('connect', () => over(resolve));
    socket.once('error', (error) => over(() => reject(error)));
    socket.once('timeout', () => over(() => reject(new Error('no connection'))));
  });
}

/**
 * A place for the UI where nobody looks: any free port, and where the whole of 127/8 is this machine (Linux) any address of it,
 * so that no web page finds it by trying.
 */
export async function hiddenPlace(): Promise<TemporalServerOptions['ui']> {
  const byte = () => randomInt(1, 255);
  const host = process.platform === 'linux' ? `127.${byte()}.${byte()}.${byte()}` : LOOPBACK;
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return { host, port };
}

const pidFileIn = (home: string): string => join(home, 'temporal.pid');

/**
 * Ends a server of this data folder that an earlier process left behind (its store keeps all that it acknowledged), and
 * sees that the ports are free: before anything slow begins.
 * @throws CriticalError PORT_TAKEN, naming the stranger and the setting that moves us
 */
export async function stopStaleServer({
  home,
  port,
  uiPort,
  logger,
}: Pick<TemporalServerOptions, 'home' | 'port' | 'logger'> & { readonly uiPort: number }): Promise<void> {
  await endLeftOver(pidFileIn(home), temporalStoreIn(home), port, logger);
  await requireFreePort(port, LOOPBACK, 'TEMPORAL_PORT');
  await requireFreePort(uiPort, LOOPBACK, 'TEMPORAL_UI_PORT');
}

async function endLeftOver(pidFile: string, database: string, port: number, logger: Logger): Promise<void> {
  const isOurs = async (pid: number) => (await commandLineOf(pid))?.includes(database) === true;
  const noted = Number(await readFile(pidFile, 'utf8').catch(() => ''));
  const candidates = [noted, (await portOwner(port))?.pid ?? 0];
  for (const pid of candidates) {
    if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid) || !(await isOurs(pid))) continue;
    logger.warn({ serverPid: pid }, 'ending the Temporal server that an earlier run left behind');
    await endProcess(pid, STOP_GRACE_MS);
  }
}

/** @param from where what is asked for begins: earlier runs wrote before it */
async function tailOf(file: string, from: number): Promise<string> {
  const text = (await readFile(file).catch(() => Buffer.alloc(0))).subarray(from).toString();
  // Of a panic its first words say why; the last are a list of calls.
  const panic = text.lastIndexOf('\npanic: ');
  return (panic === -1 ? text.slice(-LOG_TAIL_CHARS) : text.slice(panic, panic + LOG_TAIL_CHARS)).trim();
}

/**
 * Started and healthy when it resolves, and kept alive until `stop`. Call `stopStaleServer` first.
 * @throws CriticalError TEMPORAL_FAILED with the end of the server's own log
 */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  const { cli, home, logDir, port, ui, namespace } = options;
  const logger = options.logger.child({ part: 'temporal-server' });
  const database = temporalStoreIn(home);
  const pidFile = pidFileIn(home);
  const logFile = join(logDir, 'temporal-server.log');
  await requireTemporalStore(home);
  await mkdir(dirname(logFile), { recursive: true });
  const logSize = await stat(logFile).then(
    ({ size }) => size,
    () => 0,
  );
  if (logSize > MAX_LOG_BYTES) await truncate(logFile);

  const address = `${LOOPBACK}:${port}`;
  const args = [
    ...['server', 'start-dev', '--db-filename', database],
    ...['--ip', LOOPBACK, '--port', String(port), '--ui-ip', ui.host, '--ui-port', String(ui.port)],
    ...['--log-level', 'error', '--ui-disable-news-fetch'],
    ...(namespace === 'default' ? [] : ['--namespace', namespace]),
    ...Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, { flag }]) => ['--search-attribute', `${name}=${flag}`]),
    // The default reads a shard's transfer queue 20 times a second: 40 ms for every workflow task.
    ...['--dynamic-config-value', 'history.transferProcessorMaxPollRPS=1000'],
    // Its HTTP API has no login either, and nothing of ours uses it: it takes no Host that a browser could send.
    ...['--dynamic-config-value', 'frontend.httpAllowedHosts=["no-host.invalid"]'],
  ];

  let child: ChildProcess | null = null;
  let logBegin = 0;
  let stopping = false;
  let told = false;
  let timer: NodeJS.Timeout | null = null;

  /** Its own session, so that a terminal's Ctrl-C reaches us and we end it last; its log in a file, not in our pipe. */
  function launch(): ChildProcess {
    if (stopping || options.cancelled?.() === true) throw new Error('the Temporal server is no longer wanted');
    const log = openSync(logFile, 'a');
    logBegin = fstatSync(log).size;
    const env = childEnvironment(process.env);
    const launched = spawn(cli, args, { env, detached: true, windowsHide: true, stdio: ['ignore', log, log] });
    closeSync(log);
    launched.once('error', (error) => logger.error({ err: error }, 'the Temporal server cannot be run'));
    return launched;
  }

  async function untilHealthy(started: ChildProcess): Promise<void> {
    const deadline = performance.now() + READY_WITHIN_MS;
    // Loaded while the server starts.
    const loading = import('./temporal-connection.ts');
    let problem = 'no answer';
    while (performance.now() < deadline) {
      if (stopping) throw new Error('stopped');
      if (started.exitCode !== null || started.signalCode !== null || started.pid === undefined) {
        const said = await tailOf(logFile, logBegin);
        throw new CriticalError(
          'TEMPORAL_FAILED',
          `The Temporal server ended while starting (${started.exitCode ?? started.signalCode ?? 'it cannot be run'}): ${said}\nIts log: ${logFile}`,
        );
      }
      try {
        // A gRPC connection that was refused tries again only after a second.
        await knock(port);
        const { checkTemporal } = await loading;
        return await checkTemporal(address, namespace);
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
        await sleep(HEALTH_PAUSE_MS);
      }
    }
    throw new CriticalError(
      'TEMPORAL_FAILED',
      `The Temporal server did not answer on ${address} within ${READY_WITHIN_MS / 1_000} s: ${problem}\nIts log: ${logFile}`,
    );
  }

  async function start(): Promise<void> {
    const launched = launch();
    child = launched;
    if (!told) options.onLaunch?.(stop);
    told = true;
    if (launched.pid !== undefined) await writeFile(pidFile, String(launched.pid));
    await untilHealthy(launched);
  }

  function supervise(failures: number): void {
    const watched = child;
    const startedAt = performance.now();
    const died = () => {
      if (stopping) return;
      const again = performance.now() - startedAt > SETTLED_MS ? 0 : failures;
      const pauseMs = RESTART_PAUSES_MS[Math.min(again, RESTART_PAUSES_MS.length - 1)] ?? 0;
      logger.error(
        { code: watched?.exitCode ?? null, signal: watched?.signalCode ?? null, pauseMs },
        'the Temporal server died; starting it again',
      );
      child = null;
      timer = setTimeout(() => {
        start().then(
          () => {
            logger.info('the Temporal server is back');
            supervise(again + 1);
          },
          async (error: unknown) => {
            if (stopping) return;
            logger.error({ err: error }, 'the Temporal server did not come back');
            if (child?.pid !== undefined) await endProcess(child.pid, STOP_GRACE_MS);
            supervise(again + 1);
          },
        );
      }, pauseMs);
    };
    if (watched === null || watched.exitCode !== null || watched.signalCode !== null || watched.pid === undefined)
      died();
    else watched.once('exit', died);
  }

  /** While it is held still nothing trades, so it is for a moment only. */
  async function copyStore(into: string): Promise<void> {
    const unavailable = (message: string, cause?: unknown) =>
      new TransientError('UNAVAILABLE', message, { part: 'temporal' }, { cause });
    if (process.platform === 'win32')
      throw unavailable('On Windows the Temporal server cannot be held still. Stop Driftless, then make the backup.');
    const pid = child?.pid;
    if (pid === undefined || child?.exitCode !== null || child.signalCode !== null)
      throw unavailable('The Temporal server is being started again. Try again.');
    try {
      await heldStill(pid, HELD_STILL_MS, () => copyTemporalStore(home, into, AbortSignal.timeout(HELD_STILL_MS)));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw unavailable(
        `The Temporal server’s file could not be copied: ${why}. Stop Driftless, then make the backup.`,
        error,
      );
    }
  }

  async function stop(): Promise<void> {
    stopping = true;
    if (timer !== null) clearTimeout(timer);
    const pid = child?.pid;
    if (pid !== undefined && child?.exitCode === null && child.signalCode === null)
      await endProcess(pid, STOP_GRACE_MS);
    await rm(pidFile, { force: true });
  }

  /**
   * It takes its inner ports where it finds them free and now and then loses one to another program before it listens:
   * then it dies at once, and the next try finds others.
   */
  async function firstStart(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await start();
      } catch (error) {
        const ranAndDied = child?.pid !== undefined && (child.exitCode !== null || child.signalCode !== null);
        if (stopping || !ranAndDied || tries >= FIRST_START_TRIES) throw error;
        logger.warn({ err: error, tries }, 'the Temporal server died while starting; starting it again');
        await sleep(RESTART_PAUSES_MS[0]);
      }
    }
  }

  try {
    await firstStart();
  } catch (error) {
    await stop();
    throw error;
  }
  supervise(0);
  return { address, pid: () => child?.pid ?? null, copyStore, stop };
}
