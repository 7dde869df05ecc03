/** `npm start -- --localnet`: one command, a chain of its own, and no trace of the last one in the way of the next. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, jest } from '@jest/globals';
import { describeOnDrift } from '../../localnet/tests/support/drift-program.ts';
import { describeOnVelocity } from '../../localnet/tests/support/velocity-files.ts';
import { formatAmount } from '../../src/domain/money/amounts.ts';
import { parseEngineId } from '../../src/lib/ids.ts';
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

describeOnVelocity('npm start -- --localnet where Velocity is on the machine', () => {
  const DECIMALS = { SOL: 9, USDT: 6 } as const;
  const folder = mkdtempSync(join(tmpdir(), 'driftless-localnet-'));
  let product: Product | null = null;

  afterAll(async () => {
    await product?.end();
    rmSync(folder, { recursive: true, force: true });
  });

  itLong('trades there without being told to, and leaves nothing behind, by its books and by the chain', async () => {
    await shareBuild(join(folder, '.driftless'));
    const running = new Product(folder, await productEnv({ CONFIRM_ABOVE_USD: '1000000' }), ['--localnet']);
    product = running;
    await running.ready();
    expect(running.output).toContain('Driftless is ready (LIVE, Velocity localnet, trading)');
    expect(running.output).toContain('the real Velocity program');
    const control = /Its control: +(\S+)/.exec(running.output)?.[1] ?? '';

    const state = async () => (await running.state()) as unknown as Record<string, Record<string, string>>;
    const accountUntil = (what: string, met: (account: Record<string, string>) => boolean) =>
      until(what, async () => {
        const { account } = await state();
        return account != null && met(account) ? account : null;
      });
    const done = async (action: string, data: object) => {
      const answer = await running.command(action, data);
      expect({ action, error: answer.error ?? null, success: answer.success }).toMatchObject({ success: true });
      return answer.data as Record<string, unknown>;
    };
    const authority = parseEngineId((await state()).engine?.engine_id ?? '')?.authority;
    const onChain = async (path: string): Promise<bigint> => {
      const response = await fetch(`${control}/velocity/field`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ account: { kind: 'User', authority }, path }),
      });
      return BigInt(((await response.json()) as { value: string | number }).value);
    };

    await accountUntil('the wallet to be read', ({ wallet_sol }) => Number(wallet_sol) === 100);
    await done('DRIFT_DEPOSIT', { amount: '5', asset: 'SOL' });
    await done('DRIFT_DEPOSIT', { amount: '300', asset: 'USDT' });
    const opened = await done('DRIFT_OPEN_POSITION', { market: 'SOL-PERP', direction: 'short', size: '5' });
    expect(opened).toMatchObject({ filled_size_base: '5000000000' });
    const hedged = await accountUntil('the hedge to be seen', ({ perp_sol_base }) => BigInt(perp_sol_base ?? 0) !== 0n);
    expect(await onChain('perpPositions.0.base')).toBe(BigInt(hedged.perp_sol_base ?? 0));
    await done('DRIFT_CLOSE_POSITION', { market: 'SOL-PERP' });
    expect(await onChain('perpPositions.0.base')).toBe(0n);
    await running.command('SETTLE_PNL', { market: 'SOL-PERP' });
    for (const asset of ['SOL', 'USDT'] as const) {
      const name = asset === 'SOL' ? 'sol' : 'quote';
      const held = await accountUntil(`all ${asset} to be free`, (account) => {
        const free = BigInt(account[`max_withdraw_${name}_base`] ?? 0);
        return free > 0n && free === BigInt(account[`spot_${name}_base`] ?? 0);
      });
      const all = BigInt(held[`max_withdraw_${name}_base`] ?? 0);
      await done('DRIFT_WITHDRAW', { amount: formatAmount(all, DECIMALS[asset]), asset });
    }
    for (const slot of [0, 1]) expect(await onChain(`spotPositions.${slot}.scaledBalance`)).toBe(0n);
    const empty = await accountUntil('the empty account to be seen', (account) =>
      ['spot_sol_base', 'spot_quote_base', 'perp_sol_base'].every((name) => account[name] === '0'),
    );
    expect(empty.sources_base).toMatchObject({ unexplained: '0', external: '0' });
    // The books read fills from the chain's history, a moment after the account.
    await until('both trades to be in the books', async () => {
      const { items } = (await (await running.get('/api/trades')).json()) as { items: { size_base: string }[] };
      return items.reduce((sum, { size_base }) => sum + BigInt(size_base), 0n) === 10_000_000_000n;
    });
    const stopped = await running.interrupt();
    expect(stopped.code).toBe(0);
  });
});
