/** The command `npm run localnet`: a local Solana chain behind JSON-RPC, in this process. */
import { checkNode, ensureDependencies, ROOT, SetupError, say } from '../scripts/setup.mjs';
import { localnetHelp, parseLocalnetArguments } from './cli-options.mjs';

/** What shells and scripts take for "you called it wrongly". */
const USAGE_ERROR = 2;

async function localnet() {
  const options = parseLocalnetArguments(process.argv.slice(2));
  if (options.kind === 'help') return void say(localnetHelp());
  if (options.kind === 'error') {
    process.stderr.write(`${options.message}\n`);
    process.exit(USAGE_ERROR);
  }
  checkNode();
  await ensureDependencies(ROOT, { dev: false });
  const { register } = await import('tsx/esm/api');
  register();
  const { main } = await import('./main.ts');
  const tell = options.json ? (text) => process.stderr.write(`${text}\n`) : say;
  process.exit(await main(options, tell, say));
}

try {
  await localnet();
} catch (error) {
  const ours = error instanceof SetupError || typeof error?.report === 'function';
  process.stderr.write(`${ours ? error.message : (error?.stack ?? error)}\n`);
  process.exit(1);
}
