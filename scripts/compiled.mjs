/**
 * A program of ours as one compiled file, kept until a source of it changes. Running TypeScript as it is costs a command
 * of a tenth of a second three more. Node's builtins and esbuild only.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** An unused build is deleted after this time; a running program may still read its parts. */
const KEPT_MS = 3_600_000;
const NODE_TARGET = 'node20.19';

/**
 * The module at `entry` (a path from `root`), compiled.
 * @param {string} root
 * @param {string} entry
 */
export async function importCompiled(root, entry) {
  const name = `${entry.replace(/\W+/g, '-')}-${createHash('sha256').update(root).digest('hex').slice(0, 8)}`;
  for (const folder of [join(root, 'node_modules', '.cache', 'driftless'), join(tmpdir(), 'driftless-cache')]) {
    const built = freshBuild(root, folder, name) ?? (await build(root, folder, name, entry));
    if (built !== null) return await import(pathToFileURL(built).href);
  }
  const { register } = await import('tsx/esm/api');
  register();
  return await import(pathToFileURL(join(root, entry)).href);
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

/** @returns {Promise<string | null>} null when the folder cannot be written */
async function build(root, folder, name, entry) {
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `.${process.pid}`), '');
    rmSync(join(folder, `.${process.pid}`));
  } catch {
    return null;
  }
  const { build: bundle } = await import('esbuild');
  const outdir = join(folder, `${name}.${process.pid}-${Date.now()}`);
  const { metafile } = await bundle({
    absWorkingDir: root,
    entryPoints: { main: entry },
    outdir,
    bundle: true,
    // Code that a command seldom needs is a separate file, loaded on demand.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: NODE_TARGET,
    outExtension: { '.js': '.mjs' },
    banner: {
      js: "import { createRequire as $require } from 'node:module'; const require = $require(import.meta.url);",
    },
    metafile: true,
    logLevel: 'silent',
  });
  const file = join(outdir, 'main.mjs');
  const inputs = Object.keys(metafile.inputs).map((path) => [path, stamp(join(root, path))]);
  const note = join(folder, `${name}.json`);
  writeFileSync(`${note}.${process.pid}`, JSON.stringify({ file, inputs }));
  renameSync(`${note}.${process.pid}`, note);
  forgetOld(folder, name, outdir);
  return file;
}

function forgetOld(folder, name, current) {
  for (const other of readdirSync(folder)) {
    const path = join(folder, other);
    if (!other.startsWith(`${name}.`) || other.endsWith('.json') || path === current) continue;
    if (Date.now() - statSync(path).mtimeMs > KEPT_MS) rmSync(path, { recursive: true, force: true });
  }
}
