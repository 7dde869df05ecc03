#!/usr/bin/env node
/** `driftless <command>`: the commands that do not start the engine: they ask and command the one that runs, or compute. */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { importCompiled } from './compiled.mjs';
import { checkNode, ensureDependencies, ROOT, SetupError } from './setup.mjs';

/** What shells and scripts take for "you called it wrongly". */
const USAGE_ERROR = 2;

/** What asks and commands the running product. */
const CLIENT = 'src/runtime/cli.ts';

/** Each is a module whose `main(words, name)` answers with the exit code. */
const COMMANDS = {
  status: { about: 'what the engine does, what restricts it, how the account stands', entry: CLIENT },
  positions: { about: 'the open positions', entry: CLIENT },
  history: { about: 'the last operations', entry: CLIENT },
  deposit: { about: 'move an asset from the wallet to the venue', entry: CLIENT },
  withdraw: { about: 'move an asset from the venue to the wallet', entry: CLIENT },
  open: { about: 'open or enlarge a position', entry: CLIENT },
  close: { about: 'close the position of a market', entry: CLIENT },
  rebalance: { about: 'raise the hedge target to 1 and correct now', entry: CLIENT },
  settle: { about: 'settle the PnL of a market', entry: CLIENT },
  flatten: { about: 'close everything, settle, and halt', entry: CLIENT },
  resume: { about: 'clear the restrictions that a person clears', entry: CLIENT },
  resolve: { about: 'submit the outcome of a transaction that nobody knows', entry: CLIENT },
  backtest: { about: 'what a policy would have earned on a funding history', entry: 'src/runtime/backtest.ts' },
  'fetch-history': {
    about: 'a venue’s funding history into a file for replay and backtest',
    entry: 'src/runtime/fetch-history.ts',
  },
};

const HELP = `driftless <command> [options]

${Object.entries(COMMANDS)
  .map(([name, { about }]) => `  ${name.padEnd(14)} ${about}`)
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
  return await main(words, name);
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
