/** Runs the product, or one of its roles: checks Node and the dependencies, then runs src/runtime/main.ts in this process. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importCompiled } from './compiled.mjs';
import { HELP, parseArguments } from './options.mjs';
import { checkNode, ensureDependencies, ROOT, say } from './setup.mjs';

/** What shells and scripts take for "you called it wrongly". */
const USAGE_ERROR = 2;

/** @returns {Promise<number>} the exit code */
export async function runProduct(words) {
  const options = parseArguments(words);
  if (options.kind === 'help') {
    say(HELP);
    return 0;
  }
  if (options.kind === 'version') {
    say(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version);
    return 0;
  }
  if (options.kind === 'error') {
    if (words.includes('--json')) say(JSON.stringify({ error: { message: options.message } }));
    else process.stderr.write(`${options.message}\n`);
    return USAGE_ERROR;
  }
  checkNode();
  await ensureDependencies(ROOT, { dev: false });
  const { main } = await importCompiled(ROOT, 'src/runtime/main.ts', { runsWorkflows: true });
  process.exit(await main(options));
}
