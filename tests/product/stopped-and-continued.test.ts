/** A frozen machine (Ctrl-Z, a paused container): the process stops in the middle of a command, then continues. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect } from '@jest/globals';
import { itUnless } from '../../localnet/tests/support/unless.ts';
import { LONG } from '../support/long.ts';
import { Product, productEnv, until } from '../support/product.ts';
import { shareBuild } from '../support/product-run.ts';

const FREEZES = LONG ? 4 : 1;
/** Longer than what the Temporal SDK grants a workflow activation by default. */
const FROZEN_MS = 6_200;
const AT_ONCE = 6;

const folder = mkdtempSync(join(tmpdir(), 'driftless-frozen-'));
let product: Product | null = null;
afterAll(async () => {
  product?.child.kill('SIGCONT');
  await product?.end();
  rmSync(folder, { recursive: true, force: true });
});

itUnless(process.platform === 'win32' && 'Windows has no such modes or signals')(
  'lives on after every freeze in mid-command, and answers',
  async () => {
    await shareBuild(join(folder, '.driftless'));
    const running = await new Product(folder, await productEnv({ PAPER_WALLET_SOL: '50' })).ready();
    product = running;
    for (let freeze = 0; freeze < FREEZES; freeze += 1) {
      const commands = Array.from({ length: AT_ONCE }, () => running.command('DRIFT_DEPOSIT', { amount: '0.01' }));
      // The results of commands do not matter here: after such a stop many have expired.
      const ended = Promise.allSettled(commands);
      await sleep(20 + freeze * 25);
      running.child.kill('SIGSTOP');
      await sleep(FROZEN_MS);
      running.child.kill('SIGCONT');
      await ended;
      if (!running.running) throw new Error(`the product is gone; it said:\n${running.output.slice(-2_000)}`);
    }
    const answer = await until('a command to be answered', async () => {
      const { data } = await running.command('DRIFT_DEPOSIT', { amount: '0.01' });
      return data?.status === 'done' && data;
    });
    expect(answer.status).toBe('done');
  },
);
