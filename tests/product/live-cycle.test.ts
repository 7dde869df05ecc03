/** Live mode as a person runs it: the real Drift program, the real product process, everything over its socket. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeOnDrift } from '../../localnet/tests/support/drift-program.ts';
import { formatAmount } from '../../src/domain/money/amounts.ts';
import { confirmed, engineIdOn, type LiveProduct, liveProduct } from '../support/live-product.ts';
import { until } from '../support/product.ts';
import type { Caller } from '../support/product-caller.ts';

const TIMEOUT_MS = 400_000;
const DUST_SOL = 0.0001;
const DUST_USD = 0.01;
const ASSETS = [
  { asset: 'SOL', field: 'max_withdraw_sol_base', decimals: 9 },
  { asset: 'USDC', field: 'max_withdraw_quote_base', decimals: 6 },
] as const;
const WITHIN_MS = 1_000;

/** Drift rounds each balance down by up to a unit. */
const near = (have: number | null, want: number): boolean => have !== null && Math.abs(have - want) < 1e-6;

describeOnDrift('the whole product, live', () => {
  let live: LiveProduct;
  let caller: Caller;

  beforeAll(async () => {
    live = await liveProduct();
    await live.run.start();
    caller = await live.run.caller();
  }, TIMEOUT_MS);

  afterAll(async () => await live?.end(), TIMEOUT_MS);

  const perp = async (): Promise<number> => {
    const { drift_state } = await live.run.state();
    return drift_state.positions?.[0]?.amount ?? 0;
  };

  it('says at the start that it is live, whose wallet it uses and what the first deposit costs', async () => {
    const { output } = live.run.product;
    expect(output).toContain('Driftless is ready (LIVE, Drift localnet, trading)');
    expect(output).toContain(`wallet ${live.net.wallet.address} with 100 SOL and 10000 USDC`);
    expect(output).toMatch(/first deposit opens one, for a one-time cost of 0\.03\d+ SOL/);
    expect(output).not.toContain(JSON.stringify([...live.net.wallet.secretKey]));
    const { engine, policy } = await live.run.state();
    expect(engine).toMatchObject({ mode: 'live', engine_id: engineIdOn(live.net) });
    expect(policy.permissions).toBe('trading');
  });

  it('starts live only, and looks at the wallet when it does', async () => {
    expect((await caller.end('START_ENGINE', { mode: 'paper' })).error?.code).toBe('ENGINE_RUNNING_OTHER_MODE');
    const started = await caller.end('START_ENGINE', { mode: 'live' });
    expect(started).toMatchObject({
      success: true,
      data: { wallet: { sol: '100', quote: '10000', quote_asset: 'USDC', account: false } },
    });
  });

  it('takes only a deposit before there is an account', async () => {
    const early = await caller.end('DRIFT_OPEN_POSITION', { market: 'SOL-PERP', direction: 'short', size: '0.5' });
    expect(early.error?.code).toBe('GATE_BLOCKED');
    expect(early.message).toContain('Deposit first');
  });

  it('names the opening cost before the first deposit, which a token confirms once and for that command alone', async () => {
    const commandId = crypto.randomUUID();
    const data = { amount: '3', asset: 'SOL' };
    const asked = await caller.end('DRIFT_DEPOSIT', data, commandId);
    expect(asked.error?.code).toBe('CONFIRMATION_REQUIRED');
    expect(asked.data.preview).toMatchObject({ opening_cost: expect.closeTo(0.034, 2), amount: 3 });
    const { confirmation_token } = asked.data as unknown as { readonly confirmation_token: string };
    const other = await caller.end('DRIFT_DEPOSIT', { amount: '4', asset: 'SOL', confirmation_token });
    expect(other.error?.code).toBe('CONFIRMATION_INVALID');
    caller.sent.delete(commandId);
    const end = await caller.end('DRIFT_DEPOSIT', { ...data, confirmation_token }, commandId);
    expect(end).toMatchObject({ success: true, data: { commitment: 'confirmed' } });
    await until('the deposit to be seen', async () => near((await live.run.state()).drift_state.net_delta, 3));
  });

  it(
    'goes on after a SIGKILL in the middle of an order’s auction, and opens once',
    async () => {
      live.net.keeper.set({ fills: false });
      const from = caller.broadcasts.length;
      const open = { market: 'SOL-PERP', direction: 'short', size: '1.5' };
      const opening = confirmed(caller, 'DRIFT_OPEN_POSITION', open);
      const placed = await caller.broadcast(
        'the landed placement',
        ({ type, data }) => type === 'TRANSACTION_UPDATE' && data.stage === 'confirmed',
        from,
      );
      expect(placed.data).toMatchObject({ explorer_url: null, temporal_url: expect.stringContaining('/workflows/') });
      await live.run.killNode();
      live.net.keeper.set({ fills: true });
      await live.run.start();
      const { asked, end } = await opening;
      expect(asked?.data.preview).toMatchObject({
        size: -1.5,
        price_limit: expect.any(Number),
        costs: {
          fees_usd: expect.any(Number),
          slippage_at_most_usd: expect.any(Number),
          network_sol: expect.any(Number),
        },
        margin_after: { free_collateral: expect.any(Number) },
        health_after: expect.any(Number),
        liquidation_price_after: expect.anything(),
      });
      expect(end).toMatchObject({ success: true, data: { filled_size: 1.5, requested_size: 1.5 } });
      await until('the short to be seen', async () => near(await perp(), -1.5));
      expect((await live.run.list('trades')).filter(({ side }) => side === 'sell')).toHaveLength(1);
    },
    TIMEOUT_MS,
  );

  it(
    'closes, and every socket sees it within a second',
    async () => {
      const from = caller.broadcasts.length;
      const end = await caller.end('DRIFT_CLOSE_POSITION', { market: 'SOL-PERP' });
      const at = performance.now();
      expect(end).toMatchObject({ success: true, data: { filled_size: 1.5, closed_by: 'us' } });
      await caller.broadcast(
        'figures without a position',
        ({ type, data }) =>
          type === 'SYSTEM_STATS' && (data.drift_state as { positions?: unknown[] }).positions?.length === 0,
        from,
      );
      expect(performance.now() - at).toBeLessThan(WITHIN_MS);
    },
    TIMEOUT_MS,
  );

  it(
    'gives everything back once it is stopped',
    async () => {
      // Of what it traded itself, killed in between or not, nothing is somebody else's.
      const strange = (await live.run.list('alerts')).filter(({ code }) => /^FOREIGN|DESYNC|STORES/.test(code));
      expect(strange).toEqual([]);
      expect(await caller.end('STOP_ENGINE')).toMatchObject({ success: true, data: { position_open: false } });
      // A loss below a dollar is left unsettled by CLOSE.
      await caller.end('SETTLE_PNL', { market: 'SOL-PERP' });
      // The cost of the short is a small USDC debt, which must be paid before the SOL can be withdrawn.
      expect((await caller.end('DRIFT_DEPOSIT', { amount: '20', asset: 'USDC' })).success).toBe(true);
      for (const { asset, field, decimals } of ASSETS) {
        const held = await until(`all ${asset} to be free`, async () => {
          const { account } = await live.run.state();
          if (account?.spot_quote <= 0 && asset === 'SOL') return null;
          const base = account?.[field];
          return typeof base === 'string' && BigInt(base) > 0n ? formatAmount(BigInt(base), decimals) : null;
        });
        const { end } = await confirmed(caller, 'DRIFT_WITHDRAW', { amount: held, asset });
        expect(end.message).toMatch(/^Withdrew /);
      }
      await until('next to nothing to be left', async () => {
        const { account } = await live.run.state();
        return Math.abs(account?.spot_sol ?? 1) < DUST_SOL && Math.abs(account?.spot_quote ?? 1) < DUST_USD;
      });
    },
    TIMEOUT_MS,
  );
});
