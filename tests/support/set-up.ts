/** What the tests need besides the dependencies: the Temporal CLI and a Chromium, found or fetched, and what many files need built. */
import { findTemporalCli } from '../../src/runtime/temporal-cli.ts';
import { findChromium } from './chromium.ts';
import { makeSharedBuilds } from './shared-builds.ts';

const say = (line: string) => void process.stdout.write(`${line}\n`);

try {
  const cli = await findTemporalCli({ given: process.env.TEMPORAL_CLI, env: process.env, say });
  say(`Temporal CLI: ${cli.path} (${cli.source})`);
  const chromium = await findChromium();
  say(`Chromium: ${chromium.executablePath} (${chromium.source})`);
  await makeSharedBuilds(say);
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
