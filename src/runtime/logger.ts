/**
 * The one logger: JSON lines to a file a day, 30 kept; to the terminal in human form, or as JSON on stderr in
 * production. Every line is scrubbed of secrets as text, so that one inside an error's message is caught too.
 */
import { once } from 'node:events';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Level, type LevelWithSilent, type Logger, multistream, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import roll from 'pino-roll';
import { DriftlessError } from '../lib/errors.ts';
import { visible } from '../lib/visible.ts';
import { within } from '../lib/within.ts';
import { logIdsHere, withEveryId } from './log-ids.ts';
import type { Redactor } from './redaction.ts';

export type { Logger } from 'pino';

const FILES_KEPT = 30;
const FILE_NAME = 'driftless';
const MAX_CAUSES = 5;
const FLUSH_MS = 2_000;
/** Characters kept while the file cannot be written; newer lines are dropped then. The terminal has them. */
const MAX_UNWRITTEN = 4_000_000;

export interface LoggerOptions {
  readonly folder: string;
  readonly environment: 'development' | 'production' | 'test';
  /** Overrides the environment's level. */
  readonly level: LevelWithSilent | null;
  readonly redactor: Redactor;
  /** Where the terminal's lines go; stderr. */
  readonly terminal?: (text: string) => void;
}

export interface OpenLogger {
  readonly logger: Logger;
  /** For lines that the terminal gets in other words. */
  readonly fileOnly: Logger;
  /** Writes the buffer and closes the file. Later lines go to the terminal only. */
  close(): Promise<void>;
}

/** The file never says less than the terminal. */
const LEVELS: Readonly<Record<LoggerOptions['environment'], { readonly file: Level; readonly terminal: Level }>> = {
  development: { file: 'debug', terminal: 'info' },
  production: { file: 'info', terminal: 'info' },
  test: { file: 'debug', terminal: 'warn' },
};

/** Errors with stack, our codes and details, and their causes; foreign fields are left out: some hold whole requests. */
function serializeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  const { code } = error as { readonly code?: unknown };
  return {
    type: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    ...(error instanceof DriftlessError ? { category: error.category, details: error.details } : {}),
    stack: error.stack,
    ...(error.cause === undefined || depth >= MAX_CAUSES ? {} : { cause: serializeError(error.cause, depth + 1) }),
  };
}

/** pino-roll removes old files only when it rolls: a program that is restarted daily never would. */
async function removeOldFiles(folder: string): Promise<void> {
  const dated = (await readdir(folder)).filter((name) => /^driftless\.\d{4}-\d{2}-\d{2}\.\d+\.log$/.test(name)).sort();
  const old = dated.slice(0, Math.max(0, dated.length - FILES_KEPT + 1));
  await Promise.all(old.map((name) => rm(join(folder, name), { force: true })));
}

export async function openLogger(options: LoggerOptions): Promise<OpenLogger> {
  const { folder, environment, level, redactor } = options;
  const toTerminal = options.terminal ?? ((text: string) => void process.stderr.write(visible(text)));
  const levels = level === null ? LEVELS[environment] : { file: level, terminal: level };
  if (levels.file === 'silent' || levels.terminal === 'silent') {
    const silent = pino({ level: 'silent' });
    return { logger: silent, fileOnly: silent, close: async () => {} };
  }
  await mkdir(folder, { recursive: true });
  await removeOldFiles(folder);
  const file = await roll({
    file: join(folder, FILE_NAME),
    frequency: 'daily',
    dateFormat: 'yyyy-MM-dd',
    mkdir: true,
    maxLength: MAX_UNWRITTEN,
    limit: { count: FILES_KEPT - 1, removeOtherLogFiles: true },
  });
  let open = true;
  let failing = false;
  // A full disk does not end the file: the stream keeps unwritten lines, and each new line tries again.
  file.on('error', (error: Error) => {
    if (open && !failing) toTerminal(`the log file in ${folder} cannot be written: ${error.message}\n`);
    failing = true;
  });
  file.on('write', () => {
    if (open && failing) toTerminal(`the log file in ${folder} is written again\n`);
    failing = false;
  });
  const pretty =
    environment === 'production'
      ? (line: string) => line
      : prettyFactory({
          colorize: process.stderr.isTTY === true,
          ignore: 'pid,hostname,part,workflowId',
          translateTime: 'SYS:HH:MM:ss.l',
          messageFormat: '{if part}{part}: {end}{msg}',
        });
  const shape = {
    level: levels.file,
    serializers: { err: (error: unknown) => serializeError(error), error: (error: unknown) => serializeError(error) },
    base: { pid: process.pid },
    mixin: logIdsHere,
    formatters: { log: withEveryId },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  const toFile = { write: (line: string) => void (open && file.write(redactor.scrub(line))) };
  const logger = pino(
    shape,
    multistream([
      { level: levels.file, stream: toFile },
      { level: levels.terminal, stream: { write: (line: string) => toTerminal(pretty(redactor.scrub(line))) } },
    ]),
  );
  return {
    logger,
    fileOnly: pino(shape, toFile),
    close: async () => {
      if (!open) return;
      open = false;
      // Waiting for a file that cannot be written would never end.
      if (failing) return file.destroy();
      const closed = once(file, 'close');
      file.end();
      await within(FLUSH_MS, () => closed);
    },
  };
}
