/** SIGKILL of node, of Temporal, of both, while a careful program commands: nothing is lost and nothing is done twice. */

import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, jest } from '@jest/globals';
import { itUnless } from '../../localnet/tests/support/unless.ts';
import { findTemporalCli } from '../../src/runtime/temporal-cli.ts';
import { crashRun } from '../support/crash-run.ts';
import { LONG } from '../support/long.ts';
import { ProductRun } from '../support/product-run.ts';
import { withContext } from '../support/with-context.ts';

jest.setTimeout(400_000);

const SEED = Number(process.env.DRIFTLESS_KILL_SEED ?? 20261122);

it('goes on after every kill: one effect for each acknowledged command, and sums that add up', async () => {
  const lines: string[] = [`seed ${SEED}`];
  const victims = LONG ? (['node', 'temporal', 'both', 'node'] as const) : (['temporal', 'both'] as const);
  const report = await crashRun({
    seed: SEED,
    kills: victims.length,
    victims,
    say: (line) => lines.push(line),
  });
  withContext(lines.join('\n'), () => expect(report.wrong).toEqual([]));
  expect(report.kills).toEqual({ node: LONG ? 2 : 0, temporal: 1, both: 1 });
  // The run itself goes on until two commands of each kind were done.
  expect(report.commands).toBeGreaterThanOrEqual(4);
  expect(report.operations).toBeGreaterThanOrEqual(4);
});

itUnless(process.platform === 'win32' ? 'needs a shell' : !LONG && 'npm run test:long runs it')(
  'starts although its Temporal server dies once while starting',
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
