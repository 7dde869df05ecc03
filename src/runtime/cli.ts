/** The command line in this process: where the product is, the terminal, and what a product that is down has left. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parse } from 'dotenv';
import type { Access } from '../bridge/tokens.ts';
import { AnsweredWithError, type ClientPlace, NotReachable } from '../cli/client.ts';
import { paintFor } from '../cli/paint.ts';
import type { CliPorts, LeftBehind, Restored, StoppedBackup } from '../cli/ports.ts';
import { runCli } from '../cli/run.ts';
import { holderOf, lockDataFolder } from '../journal/data-lock.ts';
import { ValidationError } from '../lib/errors.ts';
import { visible } from '../lib/visible.ts';
import { strangerAt } from './port-users.ts';
import { replaceToken, TOKEN_FILES } from './token.ts';

/** Of `scripts/driftless.mjs`: a part that few commands need is a program of its own, and compiled when it is asked for. */
type Load = (entry: string) => Promise<unknown>;

/** `src/runtime/backup-files.ts`, loaded when it is asked for. */
interface BackupFiles {
  readonly backupStopped: (homes: readonly string[], version: string) => Promise<StoppedBackup>;
  readonly moveBackup: (from: string, to: string) => Promise<void>;
  readonly restoreBackup: (backup: string, into: string) => Promise<Restored>;
}

/** Hosts to listen on that are no address to connect to. */
const EVERYWHERE = new Set(['0.0.0.0', '::', '[::]']);
/** As the table of settings has them (a test holds them equal): reading that table would take a third of our time. */
export const DEFAULTS = { HOST: '127.0.0.1', PORT: '8765', DRIFTLESS_HOME: '.driftless' } as const;

/** The exit code. */
export async function main(words: readonly string[], load: Load, version: string): Promise<number> {
  // A reader such as head may close our pipe: that is its answer, not our failure.
  process.stdout.on('error', () => process.exit(0));
  const backups = async () => (await load('src/runtime/backup-files.ts')) as BackupFiles;
  return await runCli(words, {
    say: (line) => void process.stdout.write(visible(`${line}\n`)),
    tell: (line) => void process.stderr.write(visible(`${line}\n`)),
    write: async (text) => {
      // A file gets it as it is.
      if (!process.stdout.write(process.stdout.isTTY === true ? visible(text) : text))
        await once(process.stdout, 'drain');
    },
    paint: paintFor(process.env, process.stdout.isTTY === true),
    place,
    left: async () => {
      const { openLeft } = (await load('src/runtime/left-behind.ts')) as {
        openLeft: (homes: readonly string[]) => Promise<LeftBehind>;
      };
      return await openLeft(homesOf(await settingsHere()));
    },
    backupStopped: async () => {
      const { backupStopped } = await backups();
      return await backupStopped(homesOf(await settingsHere()), version);
    },
    moveBackup: async (from, to) => await (await backups()).moveBackup(from, to),
    restore: async (backup, into) => {
      const { restoreBackup } = await backups();
      return await restoreBackup(backup, into ?? homesOf(await settingsHere())[0]);
    },
    replaceToken: replaceTokenOfStopped,
    doctor: async (options) => {
      const { doctor } = (await load('src/doctor/main.ts')) as { doctor: CliPorts['doctor'] };
      return await doctor(options);
    },
    logFolders: async () => {
      const setting = await settingsHere();
      const given = setting('LOG_DIR');
      return given === undefined ? homesOf(setting).map((home) => join(home, 'logs')) : [resolve(given)];
    },
    ask: process.stdin.isTTY ? ask : null,
    newId: randomUUID,
    version,
  });
}

type SettingHere = (name: string) => string | undefined;

/** From the environment or `.env`, as the product reads them. */
async function settingsHere(): Promise<SettingHere> {
  const kept = parse(await readFile('.env').catch(() => ''));
  return (name) => process.env[name]?.trim() || kept[name]?.trim() || undefined;
}

/** A product with --localnet keeps its data, its token and its log in a folder of its own. */
function homesOf(setting: SettingHere): readonly [string, string] {
  const home = resolve(setting('DRIFTLESS_HOME') ?? DEFAULTS.DRIFTLESS_HOME);
  return [home, join(home, 'localnet')];
}

/**
 * The address that was given, else HOST and PORT of the environment, else where the product that holds the data folder says
 * that it is, else HOST and PORT of `.env` and their defaults. The token as the product has it.
 */
async function place(given: string | undefined): Promise<ClientPlace> {
  const setting = await settingsHere();
  const letIn = (home: readonly string[]) => tokenHere(setting, home);
  const homes = homesOf(setting);
  if (given !== undefined) return { url: given, ...(await letIn(homes)) };
  if (!process.env.HOST && !process.env.PORT) {
    for (const home of homes) {
      const { url } = (await holderOf(home)) ?? {};
      if (url != null) return { url, ...(await letIn([home])) };
    }
  }
  const host = setting('HOST') ?? DEFAULTS.HOST;
  const port = setting('PORT') ?? DEFAULTS.PORT;
  const name = EVERYWHERE.has(host) ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  // Nobody vouches for what listens there: while the product is down, anybody can.
  const heldBy = await strangerAt(name.replace(/^\[|\]$/g, ''), Number(port));
  return { url: `http://${name}:${port}`, ...(await letIn(homes)), ...(heldBy === null ? {} : { heldBy }) };
}

/** The full token, wherever it stands. Without it the read-only one, which is enough for what only reads. */
async function tokenHere(setting: SettingHere, homes: readonly string[]): Promise<Omit<ClientPlace, 'url'>> {
  const set = async (name: string) => setting(name) ?? (await textIn(setting(`${name}_FILE`)));
  const full = (await set('DRIFTLESS_TOKEN')) ?? (await tokenIn(homes, TOKEN_FILES.full));
  if (full !== '') return { token: full };
  const read = (await set('DRIFTLESS_READ_TOKEN')) ?? (await tokenIn(homes, TOKEN_FILES.read));
  return { token: read, readOnly: read !== '' };
}

/** Under the lock, so that no start reads the former one meanwhile. @throws NotReachable, AnsweredWithError */
async function replaceTokenOfStopped(access: Access): Promise<string> {
  const setting = await settingsHere();
  const [home] = homesOf(setting);
  if (!existsSync(home)) throw new NotReachable(`There is no data folder at ${home}: the first start makes a token.`);
  const lock = await lockDataFolder(home, { pid: process.pid, url: null });
  if (lock.kind === 'held')
    throw new NotReachable(
      `Process ${lock.by.pid} uses the data folder ${home} and does not answer. Try again when it does.`,
    );
  const name = access === 'full' ? 'DRIFTLESS_TOKEN' : 'DRIFTLESS_READ_TOKEN';
  try {
    return await replaceToken(home, access, setting(name) ?? setting(`${name}_FILE`) ?? null);
  } catch (error) {
    throw error instanceof ValidationError ? new AnsweredWithError(error.report()) : error;
  } finally {
    await lock.release();
  }
}

async function textIn(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.trim() === '' ? undefined : text.trim();
}

async function tokenIn(homes: readonly string[], file: string): Promise<string> {
  for (const home of homes) {
    const token = await readFile(join(home, file), 'utf8').catch(() => '');
    if (token.trim() !== '') return token.trim();
  }
  return '';
}

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}
