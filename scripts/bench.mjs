/** `npm run bench`: its own set-up, then bench/main.ts in this very process. */
import { join } from 'node:path';
import { checkNode, ensureDependencies, ROOT, SetupError } from './setup.mjs';

async function bench() {
  checkNode();
  await ensureDependencies(ROOT, { dev: true });
  process.chdir(ROOT);
  const { register } = await import('tsx/esm/api');
  register();
  const { main } = await import(join(ROOT, 'bench', 'main.ts'));
  return await main(process.argv.slice(2));
}

try {
  process.exit(await bench());
} catch (error) {
  process.stderr.write(`${error instanceof SetupError ? error.message : (error?.stack ?? error)}\n`);
  process.exit(1);
}
