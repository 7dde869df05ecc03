#!/usr/bin/env node
/** `driftless <command>`: the commands that do not start the engine. */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { importCompiled } from './compiled.mjs';
import { checkNode, ensureDependencies, ROOT, SetupError } from './setup.mjs';

/** What shells and scripts take for "you called it wrongly". */
const USAGE_ERROR = 2;

/** Each is a module whose `main(words)` answers with the exit code. */
const COMMANDS = {
  backtest: { about: 'what a policy would have earned on a funding history', entry: 'src/runtime/backtest.ts' },
};

const HELP = `driftless <command> [options]

${Object.entries(COMMANDS)
  .map(([name, { about }]) => `  ${name.padEnd(12)} ${about}`)
  .join('\n')}

  driftless <command> --help   its options
  npm start                    runs the engine (npm start -- --help)
`;

export const isCommand = (word) => Object.hasOwn(COMMANDS, word ?? '');

/** @returns {Promise<number>} the exit code */
export async function runCommand([name, ...words]) {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(HELP);
    return name === undefined ? USAGE_ERROR : 0;
  }
  if (!isCommand(name)) {
    process.stderr.write(`Unknown command ${name}.\n\n${HELP}`);
    return USAGE_ERROR;
  }
  checkNode();
  await ensureDependencies(ROOT, { dev: false });
  const { main } = await importCompiled(ROOT, COMMANDS[name].entry);
  return await main(words);
}

/** Exits when all output has been read, because a pipe may be slow. */
export const leave = (code) => process.stdout.write('', () => process.exit(code));

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    leave(await runCommand(process.argv.slice(2)));
  } catch (error) {
    process.stderr.write(`${error instanceof SetupError ? error.message : (error?.stack ?? error)}\n`);
    process.exit(1);
  }
}
