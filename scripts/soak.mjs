/**
 * `node scripts/soak.mjs [--runs N] [--kills K] [--seed S]`: kills the product at random moments and checks the sums, run
 * after run, each in a folder of its own. A run that goes wrong is told with its seed.
 */
import { parseArgs } from 'node:util';
import { register } from 'tsx/esm/api';
import { say } from './setup.mjs';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    quiet: { type: 'boolean', default: false },
    // Seconds that a product is left running when something is wrong, to look at.
    hold: { type: 'string', default: '0' },
  },
});
register();
const { crashRun } = await import('../tests/support/crash-run.ts');
const { kills, runs, seed, hold } = Object.fromEntries(
  Object.entries(values).map(([name, value]) => [name, Number.parseInt(String(value), 10)]),
);
async function onWrong(product, what) {
  say(`wrong:\n${what.join('\n')}`);
  if (hold === 0) return;
  say(`${product.url}, Temporal ${product.env.TEMPORAL_PORT}, ${product.folder}: left for ${hold} s`);
  await new Promise((resolve) => setTimeout(resolve, hold * 1_000));
}
let wrong = 0;
for (let run = 0; run < runs; run += 1) {
  const startedAt = performance.now();
  const report = await crashRun({ seed: seed + run, kills, say: values.quiet ? () => {} : say, onWrong });
  wrong += report.wrong.length;
  const restarts = report.restarts.slice(1).map(Math.round);
  say(
    `seed ${seed + run}: ${report.wrong.length === 0 ? 'ok' : 'WRONG'} in ${Math.round((performance.now() - startedAt) / 1_000)} s`,
  );
  say(JSON.stringify({ ...report, restarts, longestAnswerMs: Math.round(report.longestAnswerMs) }, null, 2));
}
say(wrong === 0 ? `${runs} runs, all sums add up` : `${wrong} things went wrong`);
process.exit(wrong === 0 ? 0 : 1);
