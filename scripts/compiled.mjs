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
import { createRequire } from 'node:module';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { childEnvironment } from '../src/runtime/child-environment.mjs';
import { ownSourceMap } from './own-source-map.mjs';

/** An unused build is deleted after this time: a running program may still load a part of it. */
const KEPT_MS = 86_400_000;
const NODE_TARGET = 'node20.19';
const OPEN_TO_OTHERS = 0o077;

/** Packages with native code or files of their own, and those that few programs load. */
const NOT_COMPILED = [
  ...['esbuild', 'vite', 'tsx', 'litesvm', '@swc/core', 'swc-loader', 'source-map-loader'],
  ...['@drift-labs/sdk', '@solana/web3.js', 'bufferutil', 'utf-8-validate', 'pg-native'],
];
/** What Temporal's SDK bundles workflows with: 400 modules that a program which has its bundle already never uses. */
const BUNDLER_OF_WORKFLOWS = /^(webpack|memfs|unionfs)$/;
/** Compiled, these still find their files: `ownAddresses`. */
const WITH_OWN_FILES = /[\\/]node_modules[\\/](@temporalio|@electric-sql|source-map)[\\/].*\.js$/;
/** The SDK runs workflows in a thread, which has a program of its own: compiled too, it starts in half the time. */
const THREAD = 'workflow-thread';
const threadOfSdk = (root) =>
  createRequire(join(root, 'package.json')).resolve('@temporalio/worker/lib/workflow/workflow-worker-thread');

/**
 * The module at `entry` (a path from `root`), compiled.
 * @param {string} root
 * @param {string} entry
 * @param {{ readonly runsWorkflows?: boolean }} [kind] a program that does is compiled with Temporal's SDK, without its bundler
 */
export async function importCompiled(root, entry, { runsWorkflows = false } = {}) {
  const name = nameOf(root, entry);
  const ahead = freshBuild(root, aheadFolder(root), name, contentStamp);
  if (ahead !== null) return await load(ahead);
  for (const folder of foldersFor(root)) {
    const options = { root, folder, name, entry, runsWorkflows, stamp };
    return await load(freshBuild(root, folder, name, stamp) ?? (await build(options)));
  }
  const { register } = await import('tsx/esm/api');
  register();
  return await import(pathToFileURL(join(root, entry)).href);
}

/** Compiles it into `dist/`, for an image: its containers use that and compile nothing. */
export async function compileAhead(root, entry, { runsWorkflows = false } = {}) {
  const folder = aheadFolder(root);
  mkdirSync(folder, { recursive: true });
  await build({ root, folder, name: nameOf(root, entry), entry, runsWorkflows, stamp: contentStamp });
}

const aheadFolder = (root) => join(root, 'dist', 'program');

const nameOf = (root, entry) =>
  `${entry.replace(/\W+/g, '-')}-${createHash('sha256').update(root).digest('hex').slice(0, 8)}`;

async function load(built) {
  process.setSourceMapsEnabled(true);
  return await import(pathToFileURL(built).href);
}

/** Where builds may be kept: beside the dependencies or, where those are read-only, in the user's own temporary folder. */
function* foldersFor(root) {
  const beside = join(root, 'node_modules', '.cache', 'driftless');
  if (isWritable(beside)) yield beside;
  const own = join(tmpdir(), `driftless-compiled-${userInfo().username}`);
  if (!isOursAlone(own) || !isWritable(own)) return;
  linkDependencies(root, own);
  yield own;
}

function isWritable(folder) {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const probe = join(folder, `.${process.pid}`);
    writeFileSync(probe, '', { flag: 'wx' });
    rmSync(probe);
    return true;
  } catch {
    return false;
  }
}

/**
 * Anybody can make a folder in the temporary one, and we run what it holds. So nothing is written there before this is known:
 * in another's folder even a probe could be a link of theirs to a file of ours.
 */
function isOursAlone(folder) {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = lstatSync(folder);
    return process.getuid === undefined || (uid === process.getuid() && (mode & OPEN_TO_OTHERS) === 0);
  } catch {
    return false;
  }
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

/** An image gives its files other times than they were built with. */
const contentStamp = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');

/** @returns {string | null} the compiled file; null when there is none, or a source has changed */
function freshBuild(root, folder, name, stampOf) {
  try {
    const { inputs, file } = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
    const stands = inputs.every(([path, was]) => stampOf(join(root, path)) === was);
    const built = join(folder, file);
    return stands && statSync(built).isFile() ? built : null;
  } catch {
    return null;
  }
}

/** @returns {Promise<string>} the compiled file */
async function build({ root, folder, name, entry, runsWorkflows, stamp: stampOf }) {
  const { build: bundle, stop } = await import('esbuild');
  const outdir = join(folder, `${name}.${process.pid}-${Date.now()}`);
  const { metafile } = await withoutSecrets(() =>
    bundle({
      absWorkingDir: root,
      entryPoints: runsWorkflows ? { main: entry, [THREAD]: threadOfSdk(root) } : { main: entry },
      outdir,
      bundle: true,
      // Code that is imported on demand is a file of its own.
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: NODE_TARGET,
      outExtension: { '.js': '.mjs' },
      banner: {
        js:
          "import { createRequire as $require } from 'node:module'; " +
          'const $address = import.meta.url, require = $require($address);',
      },
      external: runsWorkflows ? NOT_COMPILED : [...NOT_COMPILED, '@temporalio/*'],
      plugins: [withoutBundler, ownAddresses],
      minifyWhitespace: true,
      legalComments: 'none',
      sourcemap: 'linked',
      sourcesContent: false,
      metafile: true,
      logLevel: 'silent',
    }),
  );
  await stop();
  for (const name of readdirSync(outdir).filter((one) => one.endsWith('.map'))) {
    const map = JSON.parse(readFileSync(join(outdir, name), 'utf8'));
    const own = ownSourceMap(map, (source) => resolve(outdir, source).includes('node_modules'));
    writeFileSync(join(outdir, name), JSON.stringify(own));
  }
  const file = join(outdir, 'main.mjs');
  const sources = Object.keys(metafile.inputs).filter((path) => !/node_modules|^left out:/.test(path));
  const inputs = [...sources, 'package-lock.json'].map((path) => [path, stampOf(join(root, path))]);
  const note = join(folder, `${name}.json`);
  writeFileSync(`${note}.${process.pid}`, JSON.stringify({ file: relative(folder, file), inputs }));
  renameSync(`${note}.${process.pid}`, note);
  forgetOld(folder, name, outdir);
  return file;
}

/** Each module keeps its address, from which it finds files beside it. */
const ownAddresses = {
  name: 'own addresses',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const source = path.includes('node_modules') ? '' : readFileSync(path, 'utf8');
      if (!source.includes('import.meta.url')) return undefined;
      return { contents: atAddress(source, path), loader: 'ts' };
    });
    onLoad({ filter: WITH_OWN_FILES }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      return { contents: literalAsJson(atAddress(source, path)), loader: 'js' };
    });
  },
};

/**
 * Temporal's SDK describes its messages in a literal of 1.4 MB. V8 reads JSON eight times as fast, once in the program and once
 * in the thread of the workflows.
 */
const literalAsJson = (source) =>
  source.replace(/\.addJSON\((\{[\s\S]*\})\);/, (_call, literal) => {
    const json = JSON.stringify(runInNewContext(`(${literal})`));
    return `.addJSON(JSON.parse(${JSON.stringify(json)}));`;
  });

function atAddress(source, path) {
  const { resolve: resolveModule } = createRequire(path);
  const resolved = (call, name) => {
    try {
      return JSON.stringify(resolveModule(name));
    } catch {
      // In a comment of its documentation.
      return call;
    }
  };
  return source
    .replaceAll("require.resolve('./workflow-worker-thread')", `new URL('./${THREAD}.mjs', $address)`)
    .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
    .replaceAll(/\b__dirname\b/g, JSON.stringify(dirname(path)))
    .replaceAll(/\b__filename\b/g, JSON.stringify(path))
    .replaceAll(/require\.resolve\('(\.[^']+)'\)/g, resolved);
}

const withoutBundler = {
  name: 'without bundler',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: BUNDLER_OF_WORKFLOWS }, ({ path }) => ({ path, namespace: 'left out' }));
    onLoad({ filter: /.*/, namespace: 'left out' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/** esbuild is a program of its own, and it would get our environment, with every secret in it. */
async function withoutSecrets(work) {
  const whole = process.env;
  process.env = childEnvironment(whole);
  try {
    return await work();
  } finally {
    process.env = whole;
  }
}

function forgetOld(folder, name, current) {
  for (const other of readdirSync(folder)) {
    const path = join(folder, other);
    if (!other.startsWith(`${name}.`) || other.endsWith('.json') || path === current) continue;
    if (Date.now() - statSync(path).mtimeMs > KEPT_MS) rmSync(path, { recursive: true, force: true });
  }
}
