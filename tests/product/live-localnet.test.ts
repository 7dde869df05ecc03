/** `npm start -- --localnet`: one command, a chain of its own, and no trace of the last one in the way of the next. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, jest } from '@jest/globals';
import { describeOnDrift } from '../../localnet/tests/support/drift-program.ts';
import { itLong } from '../support/long.ts';
import { Product, productEnv, until } from '../support/product.ts';
import { shareBuild } from '../support/product-run.ts';

jest.setTimeout(400_000);
const STOP_MS = 10_000;

it('without the program it says where one may come from', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'driftless-localnet-'));
  const product = new Product(folder, await productEnv({ XDG_CACHE_HOME: folder }), ['--localnet']);
  try {
    expect((await product.exited).code).toBe(1);
    for (const word of ['DRIFT_PROGRAM_PATH', folder, '--clone']) expect(product.output).toContain(word);
    expect(product.output).not.toMatch(/^\s+at /m);
  } finally {
    await product.end();
    rmSync(folder, { recursive: true, force: true });
  }
});

it('goes with no other way to start', async () => {
  const product = new Product(tmpdir(), await productEnv(), ['--localnet', '--demo']);
  expect((await product.exited).code).toBe(2);
  expect(product.output).toContain('--localnet is live mode');
});

describeOnDrift('npm start -- --localnet', () => {
  const folder = mkdtempSync(join(tmpdir(), 'driftless-localnet-'));
  const products: Product[] = [];

  afterAll(async () => {
    for (const product of products) await product.end();
    rmSync(folder, { recursive: true, force: true });
  });

  let env: NodeJS.ProcessEnv;
  let firstEngineId = '';

  const begin = async (): Promise<{ product: Product; engineId: string }> => {
    const product = new Product(folder, env, ['--localnet']);
    products.push(product);
    await product.ready();
    const { engine } = await until('the wallet to be read', async () => {
      const state = (await product.state()) as unknown as Record<string, Record<string, unknown>>;
      return state.account?.wallet_sol === 100 ? state : null;
    });
    return { product, engineId: String(engine?.engine_id) };
  };

  it('runs live on a chain of its own, says what it is, and stops in time', async () => {
    // Settings for real money must have no effect here.
    env = await productEnv({
      LIVE_VENUE: 'drift',
      AUTHORITY: 'not-an-address',
      LIVE_PERMISSIONS: 'read-only',
      RPC_URL: 'https://example.org',
    });
    await shareBuild(join(folder, '.driftless'));
    const { product, engineId } = await begin();
    firstEngineId = engineId;
    expect(product.output).toContain('no real money');
    expect(product.output).toContain('Driftless is ready (LIVE, Drift localnet, trading)');
    expect(await product.command('DRIFT_DEPOSIT', { amount: '0.5' })).toMatchObject({ success: true });
    const stopped = await product.interrupt();
    expect(stopped.code).toBe(0);
    expect(stopped.stoppedInMs).toBeLessThan(STOP_MS);
    expect(product.output).toContain('The local chain is gone');
  });

  itLong('starts anew, with no trace of the last chain in the way', async () => {
    const { product, engineId } = await begin();
    expect(engineId).not.toBe(firstEngineId);
    expect(product.output).toContain(`its history stays in the journal (${firstEngineId})`);
    const alerts = (await (await product.get('/api/alerts')).json()) as { items: unknown[] };
    expect(alerts.items).toEqual([]);
    await product.interrupt();
  });
});
