/** `npm start` as a supervisor runs it: who ends npm ends the product, although npm's shell passes no signal on. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';
import { itUnless } from '../../localnet/tests/support/unless.ts';
import { isAlive } from '../../src/runtime/processes.ts';
import { firstOf } from '../support/long.ts';
import { productEnv, until } from '../support/product.ts';
import { shareBuild } from '../support/product-run.ts';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const answers = (port: string | undefined): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/healthz`).then(
    () => true,
    () => false,
  );

for (const signal of firstOf(['SIGTERM', 'SIGKILL'] as const)) {
  itUnless(process.platform === 'win32' && 'Windows has no such signals')(
    `ends with npm, its Temporal too, when npm gets ${signal}`,
    async () => {
      const home = mkdtempSync(join(tmpdir(), 'driftless-npm-'));
      await shareBuild(home);
      const env = await productEnv({ DRIFTLESS_HOME: home });
      const npm = spawn('npm', ['start'], { cwd: ROOT, env, stdio: 'ignore' });
      let temporal = 0;
      try {
        await until('the product to answer', () => answers(env.PORT));
        temporal = Number(readFileSync(join(home, 'temporal.pid'), 'utf8'));
        expect(isAlive(temporal)).toBe(true);
        npm.kill(signal);
        await until('the product to end', async () => !(await answers(env.PORT)));
        await until('its Temporal server to end', () => !isAlive(temporal));
      } finally {
        npm.kill('SIGKILL');
        if (temporal > 0 && isAlive(temporal)) process.kill(temporal, 'SIGKILL');
        rmSync(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
      }
    },
  );
}
