/** SIGKILL of node, of Temporal, of both, while a careful program commands: nothing is lost and nothing is done twice. */
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findTemporalCli } from '../../src/runtime/temporal-cli.ts';
import { crashRun } from '../support/crash-run.ts';
import { ProductRun } from '../support/product-run.ts';

const SEED = Number(process.env.DRIFTLESS_KILL_SEED ?? 20261122);

it('goes on after every kill: one effect for each acknowledged command, and sums that add up', {
  timeout: 400_000,
}, async () => {
  const lines: string[] = [`seed ${SEED}`];
  const report = await crashRun({
    seed: SEED,
    kills: 4,
    victims: ['node', 'temporal', 'both', 'node'],
    say: (line) => lines.push(line),
  });
  expect(report.wrong, lines.join('\n')).toEqual([]);
  expect(report.kills).toEqual({ node: 2, temporal: 1, both: 1 });
  expect(report.commands).toBeGreaterThan(3);
  expect(report.operations).toBeGreaterThan(2);
});

it.skipIf(process.platform === 'win32')(
  `starts although its Temporal server dies once while starting${process.platform === 'win32' ? ' (skipped: needs a shell)' : ''}`,
  { timeout: 200_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'driftless-cli-'));
    const died = join(folder, 'died');
    const real = await findTemporalCli({ env: process.env, say: () => {} });
    const cli = join(folder, 'temporal');
    const once = `if [ "$1" = server ] && [ ! -e '${died}' ]; then touch '${died}'; echo; echo 'panic: a port is taken'; exit 2; fi`;
    writeFileSync(cli, `#!/bin/sh\n${once}\nexec '${real.path}' "$@"\n`);
    chmodSync(cli, 0o755);
    const run = await ProductRun.open({ TEMPORAL_CLI: cli });
    try {
      await run.start();
      expect(existsSync(died)).toBe(true);
      expect(run.product.output).toContain('panic: a port is taken');
    } finally {
      await run.end();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
