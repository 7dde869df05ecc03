/**
 * `npm start`: checks Node and the dependencies, then runs src/runtime/main.ts in this process. A command's name
 * as the first word runs that command instead.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importCompiled } from './compiled.mjs';
import { isCommand, leave, runCommand } from './driftless.mjs';
import { HELP, parseArguments } from './options.mjs';
import { checkNode, ensureDependencies, ROOT, SetupError, say } from './setup.mjs';

/** What shells and scripts take for "you called it wrongly". */
const USAGE_ERROR = 2;

async function start() {
  const words = process.argv.slice(2);
  if (isCommand(words[0])) return leave(await runCommand(words));
  const options = parseArguments(words);
  if (options.kind === 'help') return void say(HELP);
  if (options.kind === 'version') return void say(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version);
  if (options.kind === 'error') {
    process.stderr.write(`${options.message}\n`);
    process.exit(USAGE_ERROR);
  }
  checkNode();
  await ensureDependencies(ROOT, { dev: false });
  const { main } = await importCompiled(ROOT, 'src/runtime/main.ts', { runsWorkflows: true });
  process.exit(await main(options));
}

try {
  await start();
} catch (error) {
  process.stderr.write(`${error instanceof SetupError ? error.message : (error?.stack ?? error)}\n`);
  process.exit(1);
}
