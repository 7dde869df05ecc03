/** A Chromium for the tests of the page: the person's own browser first, else the one that comes as a package. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runProgram } from '../../src/runtime/run-program.ts';

const CHECK_MS = 30_000;

export interface FoundChromium {
  readonly executablePath: string;
  readonly args: readonly string[];
  /** In words: where it was found. */
  readonly source: string;
}

const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'brave-browser',
  'microsoft-edge',
];
const MAC_APPS = ['Google Chrome', 'Chromium', 'Brave Browser', 'Microsoft Edge'];
const WINDOWS_PATHS = [
  'Google\\Chrome\\Application\\chrome.exe',
  'Chromium\\Application\\chrome.exe',
  'Microsoft\\Edge\\Application\\msedge.exe',
];

function candidates(env: NodeJS.ProcessEnv): readonly string[] {
  if (process.platform === 'darwin') return MAC_APPS.map((app) => `/Applications/${app}.app/Contents/MacOS/${app}`);
  if (process.platform === 'win32') {
    const folders = [env.ProgramFiles, env['ProgramFiles(x86)'], env.LOCALAPPDATA].filter(
      (folder) => folder !== undefined,
    );
    return folders.flatMap((folder) => WINDOWS_PATHS.map((path) => join(folder, path)));
  }
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
}

/** Sandboxes need rights that containers and root do not have. */
const PLAIN_ARGS = ['--no-sandbox', '--disable-dev-shm-usage'];

async function runs(path: string): Promise<boolean> {
  if (process.platform === 'win32') return existsSync(path);
  return existsSync(path) && (await runProgram(path, ['--version'], CHECK_MS)).code === 0;
}

/** @throws Error that says what was tried, with the remedy */
export async function findChromium(env: NodeJS.ProcessEnv = process.env): Promise<FoundChromium> {
  const given = env.CHROMIUM_PATH;
  if (given !== undefined && given !== '') {
    if (await runs(given)) return { executablePath: given, args: PLAIN_ARGS, source: 'CHROMIUM_PATH' };
    throw new Error(`CHROMIUM_PATH names ${given}, which does not run.`);
  }
  for (const path of candidates(env)) {
    if (await runs(path)) return { executablePath: path, args: PLAIN_ARGS, source: path };
  }
  if (process.platform === 'linux') {
    // The package brings the libraries that a bare system lacks, and unpacks them only where it believes to be on Lambda.
    const libraries = await runProgram('ldconfig', ['-p'], CHECK_MS);
    if (!libraries.output.includes('libnss3.so')) env.AWS_LAMBDA_JS_RUNTIME ??= 'nodejs22.x';
    const { default: packaged } = await import('@sparticuz/chromium');
    const executablePath = await packaged.executablePath();
    if (await runs(executablePath)) return { executablePath, args: [...PLAIN_ARGS, '--no-zygote'], source: 'package' };
  }
  throw new Error(
    'No Chromium was found for the tests of the page.\nRemedy: install Chrome, Chromium or Edge, or set CHROMIUM_PATH to one.',
  );
}
