/** Checks what our own code needs to run. Node's builtins only. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../src/runtime/child-environment.mjs';
import { NODE_REMEDY, whyUnfitNode } from '../src/runtime/node-version.mjs';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const PROGRESS_EVERY_MS = 10_000;
const SHOWN_LINES = 12;

export class SetupError extends Error {}

export const say = (text) => process.stdout.write(`${text}\n`);

/** @throws SetupError with the remedy when this Node is too old, or an odd one that was never supported */
export function checkNode(version = process.versions.node) {
  const why = whyUnfitNode(version);
  if (why !== null) throw new SetupError(`${why}\nRemedy: ${NODE_REMEDY}`);
}

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/**
 * Null when node_modules holds what the lockfile names, else why not. npm writes node_modules/.package-lock.json as
 * the last step of an install, so an interrupted one is seen too.
 */
export function staleDependencies(root, withDev) {
  const installedPath = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedPath)) return 'not installed yet';
  let installed;
  try {
    installed = readJson(installedPath).packages ?? {};
  } catch {
    return 'the last install was cut off';
  }
  const wanted = readJson(join(root, 'package-lock.json')).packages;
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '' || entry.optional === true || entry.devOptional === true || entry.peer === true) continue;
    if (entry.dev === true && !withDev) continue;
    if (installed[path]?.version !== entry.version) return `${path.replace(/^.*node_modules\//, '')} is not up to date`;
  }
  const direct = readJson(join(root, 'package.json'));
  const names = Object.keys({ ...direct.dependencies, ...(withDev ? direct.devDependencies : {}) });
  const lost = names.find((name) => !existsSync(join(root, 'node_modules', name, 'package.json')));
  return lost === undefined ? null : `${lost} is missing`;
}

/** The npm that runs us, else the one on PATH (a .cmd file on Windows, which needs a shell). */
function npmCommand() {
  const script = process.env.npm_execpath;
  if (script?.endsWith('.js') && /npm-cli\.js$/.test(script)) return { file: process.execPath, first: [script] };
  return process.platform === 'win32' ? { file: 'npm.cmd', first: [], shell: true } : { file: 'npm', first: [] };
}

/** Runs npm quietly with a line of progress now and then. @throws SetupError with the end of npm's own words */
function runNpm(root, args, what) {
  const { file, first, shell } = npmCommand();
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  return new Promise((resolve, reject) => {
    const child = spawn(file, [...first, ...args], {
      cwd: root,
      env: childEnvironment(process.env, 'npm'),
      shell: shell ?? false,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = [];
    const keep = (chunk) => {
      const lines = String(chunk)
        .split('\n')
        .filter((line) => line.trim() !== '' && !line.startsWith('npm notice'));
      said.push(...lines.slice(0, SHOWN_LINES - said.length));
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const progress = setInterval(() => say(`  still ${what} (${seconds()} s)`), PROGRESS_EVERY_MS);
    const fail = (reason) =>
      reject(
        new SetupError(
          `Could not install the dependencies: ${reason}\n${said.map((line) => `  ${line}`).join('\n')}\n` +
            'Remedy: check that this machine reaches the npm registry and has free disk space, then start again\n' +
            '(or run `npm ci` by hand to see all that npm says).',
        ),
      );
    child.on('error', (error) => {
      clearInterval(progress);
      fail(error.message);
    });
    child.on('close', (code, signal) => {
      clearInterval(progress);
      if (code === 0) resolve(seconds());
      else fail(signal === null ? `npm ended with code ${code}` : `npm was ended by ${signal}`);
    });
  });
}

/**
 * Installs from the lockfile when node_modules is missing or stale. No install scripts are run: everything that we
 * use works without.
 */
export async function ensureDependencies(root, { dev }) {
  const why = staleDependencies(root, dev);
  if (why === null) return;
  const hadDev = existsSync(join(root, 'node_modules', 'typescript'));
  const withDev = dev || hadDev;
  say(`Installing dependencies from package-lock.json (${why}) ...`);
  const omit = withDev ? '--include=dev' : '--omit=dev';
  const seconds = await runNpm(root, ['ci', omit, '--ignore-scripts', '--no-audit', '--no-fund'], 'installing');
  say(`Dependencies installed in ${seconds} s.`);
}
