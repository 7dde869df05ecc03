/**
 * A program of ours as compiled files, kept until one of its sources changes. Running TypeScript as it is costs the product
 * 2.5 s of processor time at each start and 70 MB for as long as it runs. Node's builtins and esbuild only.
 */
import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** An unused build is deleted after this time: a running program may still load a part of it. */
const KEPT_MS = 86_400_000;
const NODE_TARGET = 'node20.19';
const OPEN_TO_OTHERS = 0o077;

/** Packages with native code, files or worker threads of their own, and those that few programs load. */
const NOT_COMPILED = [
  ...['@temporalio/*', '@electric-sql/pglite', 'esbuild', 'vite', 'tsx', 'litesvm'],
  ...['@drift-labs/sdk', '@solana/web3.js', 'bufferutil', 'utf-8-validate', 'pg-native'],
];

/**
 * The module at `entry` (a path from `root`), compiled.
 * @param {string} root
 * @param {string} entry
 */
export async function importCompiled(root, entry) {
  const name = `${entry.replace(/\W+/g, '-')}-${createHash('sha256').update(root).digest('hex').slice(0, 8)}`;
  for (const folder of foldersFor(root)) {
    const built = freshBuild(root, folder, name) ?? (await build(root, folder, name, entry));
    if (built === null) continue;
    process.setSourceMapsEnabled(true);
    return await import(pathToFileURL(built).href);
  }
  const { register } = await import('tsx/esm/api');
  register();
  return await import(pathToFileURL(join(root, entry)).href);
}

/** Where builds may be kept: beside the dependencies or, where those are read-only, in the user's own temporary folder. */
function* foldersFor(root) {
  const beside = join(root, 'node_modules', '.cache', 'driftless');
  if (isWritable(beside)) yield beside;
  const own = join(tmpdir(), `driftless-compiled-${userInfo().username}`);
  if (!isWritable(own) || !isOursAlone(own)) return;
  linkDependencies(root, own);
  yield own;
}

function isWritable(folder) {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const probe = join(folder, `.${process.pid}`);
    writeFileSync(probe, '');
    rmSync(probe);
    return true;
  } catch {
    return false;
  }
}

/** Anybody can make a folder in the temporary one, and we run what it holds. */
function isOursAlone(folder) {
  if (process.getuid === undefined) return true;
  const { uid, mode } = lstatSync(folder);
  return uid === process.getuid() && (mode & OPEN_TO_OTHERS) === 0;
}

/** Compiled code finds the packages that are not compiled from where it is. */
function linkDependencies(root, folder) {
  const link = join(folder, 'node_modules');
  rmSync(link, { force: true });
  symlinkSync(join(root, 'node_modules'), link, 'junction');
}

/** The sources of a build, which is valid as long as they do not change. */
const stamp = (path) => {
  const { mtimeMs, size } = statSync(path);
  return `${mtimeMs}:${size}`;
};

/** @returns {string | null} the compiled file; null when there is none, or a source has changed */
function freshBuild(root, folder, name) {
  try {
    const { inputs, file } = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
    const stands = inputs.every(([path, was]) => stamp(join(root, path)) === was);
    return stands && statSync(file).isFile() ? file : null;
  } catch {
    return null;
  }
}

/** @returns {Promise<string>} the compiled file */
async function build(root, folder, name, entry) {
  const { build: bundle, stop } = await import('esbuild');
  const outdir = join(folder, `${name}.${process.pid}-${Date.now()}`);
  const { metafile } = await bundle({
    absWorkingDir: root,
    entryPoints: { main: entry },
    outdir,
    bundle: true,
    // Code that is imported on demand is a file of its own.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: NODE_TARGET,
    outExtension: { '.js': '.mjs' },
    banner: {
      js: "import { createRequire as $require } from 'node:module'; const require = $require(import.meta.url);",
    },
    external: NOT_COMPILED,
    plugins: [ownAddresses],
    minifyWhitespace: true,
    legalComments: 'none',
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
    logLevel: 'silent',
  });
  await stop();
  const file = join(outdir, 'main.mjs');
  const sources = Object.keys(metafile.inputs).filter((path) => !path.includes('node_modules'));
  const inputs = [...sources, 'package-lock.json'].map((path) => [path, stamp(join(root, path))]);
  const note = join(folder, `${name}.json`);
  writeFileSync(`${note}.${process.pid}`, JSON.stringify({ file, inputs }));
  renameSync(`${note}.${process.pid}`, note);
  forgetOld(folder, name, outdir);
  return file;
}

/** Each module of ours keeps its address, from which it finds files beside it. */
const ownAddresses = {
  name: 'own addresses',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const source = path.includes('node_modules') ? '' : readFileSync(path, 'utf8');
      if (!source.includes('import.meta.url')) return undefined;
      return { contents: source.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)), loader: 'ts' };
    });
  },
};

function forgetOld(folder, name, current) {
  for (const other of readdirSync(folder)) {
    const path = join(folder, other);
    if (!other.startsWith(`${name}.`) || other.endsWith('.json') || path === current) continue;
    if (Date.now() - statSync(path).mtimeMs > KEPT_MS) rmSync(path, { recursive: true, force: true });
  }
}
