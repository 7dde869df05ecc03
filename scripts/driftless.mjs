#!/usr/bin/env node
/** `driftless <command>`: what asks and commands the product, what runs it, and what computes. Node's builtins only. */
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { importCompiled } from './compiled.mjs';
import { runProduct } from './product.mjs';
import { checkNode, ensureDependencies, ROOT, SetupError } from './setup.mjs';

/** What asks and commands the running product: `src/cli` says which commands there are. */
export const CLIENT = 'src/runtime/cli.ts';

/** Compiled modules whose `main(words)` answers with the exit code. */
export const COMPUTING = {
  backtest: 'src/runtime/backtest.ts',
  'fetch-history': 'src/runtime/fetch-history.ts',
  signer: 'src/runtime/signer.ts',
};
/** Scripts that read `process.argv`, and end the process where something else than 0 is to be said. */
const SCRIPTS = { localnet: 'localnet/cli.mjs', soak: 'scripts/soak.mjs' };

/** Commands that are programs of their own; `src/cli/programs.ts` says what each is for. */
export const PROGRAMS = {
  start: (words) => runProduct(words),
  worker: (words) => runProduct(['worker', ...words]),
  bridge: (words) => runProduct(['bridge', ...words]),
  ...Object.fromEntries(Object.entries(COMPUTING).map(([name, entry]) => [name, (words) => compute(entry, words)])),
  ...Object.fromEntries(Object.entries(SCRIPTS).map(([name, script]) => [name, (words) => runScript(script, words)])),
};

async function compute(entry, words) {
  const { main } = await prepared(entry);
  return await main(words);
}

async function runScript(script, words) {
  const path = join(ROOT, script);
  process.argv = [process.argv[0], path, ...words];
  await import(pathToFileURL(path).href);
  return 0;
}

async function prepared(entry) {
  checkNode();
  await ensureDependencies(ROOT, { dev: false });
  return await importCompiled(ROOT, entry);
}

/** @returns {Promise<number>} the exit code */
export async function runCommand([name, ...words]) {
  if (Object.hasOwn(PROGRAMS, name ?? '')) return await PROGRAMS[name](words);
  if (name === 'help' && Object.hasOwn(PROGRAMS, words[0] ?? '')) return await PROGRAMS[words[0]](['--help']);
  const { main } = await prepared(CLIENT);
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return await main(name === undefined ? [] : [name, ...words], (entry) => importCompiled(ROOT, entry), version);
}

/** Exits when all output has been read, because a pipe may be slow. */
export const leave = (code) => process.stdout.write('', () => process.exit(code));

/** Runs it and ends the process with its exit code. */
export async function runToTheEnd(work) {
  try {
    leave(await work());
  } catch (error) {
    process.stderr.write(`${error instanceof SetupError ? error.message : (error?.stack ?? error)}\n`);
    process.exit(1);
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await runToTheEnd(() => runCommand(process.argv.slice(2)));
}
