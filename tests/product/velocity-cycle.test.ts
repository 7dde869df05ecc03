/**
 * A life on Velocity as a person leads it: the real program, the real product process, everything over its socket. In the
 * end what the journal says is held against what stands on the chain, to the unit.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeOnVelocity } from '../../localnet/tests/support/velocity-files.ts';
import { eventsSince, userOf } from '../../localnet/tests/support/velocity-still.ts';
import { startVelocityLocalnet, type VelocityLocalnet } from '../../localnet/velocity/index.ts';
import { formatAmount } from '../../src/domain/money/amounts.ts';
import { tokensOf } from '../../src/venues/velocity/maths/interest.ts';
import { SPOT_MARKET } from '../../src/venues/velocity/program/accounts.ts';
import { spotMarketAddress, userAddress } from '../../src/venues/velocity/program/addresses.ts';
import { type LiveRun, liveRun } from '../support/live-run.ts';
import { until } from '../support/product.ts';
import type { Caller } from '../support/product-caller.ts';
import { imbalances } from '../support/product-sums.ts';

const TIMEOUT_MS = 200_000;
const SOL = 1_000_000_000n;
const PERP = { market: 'SOL-PERP' } as const;
const SPOT = { USDT: 0, SOL: 1 } as const;
const DECIMALS = { USDT: 6, SOL: 9 } as const;

describeOnVelocity('the whole product, live on Velocity', (files) => {
  let live: LiveRun<VelocityLocalnet>;
  let caller: Caller;
  let user = '';

  beforeAll(async () => {
    const net = await startVelocityLocalnet({ files, slotMs: 200, skipShare: 0, longBase: 100n * SOL });
    live = await liveRun(net, 'velocity', { CONFIRM_ABOVE_USD: '1000000' });
    user = userAddress(net.wallet.address);
    await live.run.start();
    caller = await live.run.caller();
  }, TIMEOUT_MS);

  afterAll(async () => await live?.end(), TIMEOUT_MS);

  const done = async (action: string, data: object): Promise<Record<string, unknown>> => {
    const end = await caller.end(action, data);
    if (!end.success) throw new Error(`${action}: ${JSON.stringify(end.error)}`);
    return end.data as Record<string, unknown>;
  };

  const account = async () => (await live.run.state()).account;
  const accountUntil = async (what: string, met: (seen: Awaited<ReturnType<typeof account>>) => boolean) =>
    await until(what, async () => {
      const seen = await account();
      return met(seen) ? seen : null;
    });

  /** Tokens of the account, as the program counts them. */
  function heldOnChain(asset: keyof typeof SPOT): bigint {
    const index = SPOT[asset];
    const market = live.net.read(SPOT_MARKET, spotMarketAddress(index));
    const balance = userOf(live.net, live.net.wallet.address).spotPositions.find(
      (one) => one.marketIndex === index && one.scaledBalance > 0n,
    );
    if (market === null || balance === undefined) return 0n;
    const { scaledBalance, balanceType } = balance;
    return balanceType === 'borrow'
      ? -tokensOf(scaledBalance, market.borrowIndex, market.decimals, 'borrow')
      : tokensOf(scaledBalance, market.depositIndex, market.decimals, 'deposit');
  }

  const perpOnChain = () =>
    userOf(live.net, live.net.wallet.address).perpPositions.find((one) => one.base !== 0n || one.quote !== 0n);

  it('deposits both assets, by their own names', async () => {
    expect(live.run.product.output).toContain('Driftless is ready (LIVE, Velocity localnet, trading)');
    expect(live.run.product.output).toContain(`wallet ${live.net.wallet.address} with 100 SOL and 10000 USDT`);
    expect((await caller.end('DRIFT_DEPOSIT', { amount: '1', asset: 'USDC' })).error).toMatchObject({
      code: 'INVALID_FIELD',
      details: { field: 'asset' },
    });
    await done('DRIFT_DEPOSIT', { amount: '10', asset: 'SOL' });
    await done('DRIFT_DEPOSIT', { amount: '1000', asset: 'USDT' });
    const seen = await accountUntil('both deposits to be seen', (now) => BigInt(now.spot_quote_base) > 0n);
    expect(BigInt(seen.spot_sol_base)).toBe(heldOnChain('SOL'));
    expect(BigInt(seen.spot_quote_base)).toBe(heldOnChain('USDT'));
  });

  it('opens a short, corrects it after another deposit, and is paid by the hour', async () => {
    expect(await done('DRIFT_OPEN_POSITION', { ...PERP, direction: 'short', size: '10' })).toMatchObject({
      filled_size_base: (10n * SOL).toString(),
    });
    await done('DRIFT_DEPOSIT', { amount: '2', asset: 'SOL' });
    await accountUntil('the new SOL to be unhedged', (now) => BigInt(now.net_delta_base) > SOL);
    await done('REBALANCE', {});
    // 12 SOL but for the reserve; the market's step is a hundredth.
    const seen = await accountUntil('the correction', (now) => BigInt(now.perp_sol_base) < -11n * SOL);
    expect(BigInt(seen.perp_sol_base)).toBe(perpOnChain()?.base);
    live.net.jump({ seconds: 2 * 3_600 });
    await until('funding to be due', async () => BigInt((await account()).accrued_funding_base) !== 0n);
  });

  it('closes, settles and withdraws everything', async () => {
    await done('DRIFT_CLOSE_POSITION', PERP);
    expect(perpOnChain()?.base ?? 0n).toBe(0n);
    // A loss below a dollar may be left unsettled by the close.
    await caller.end('SETTLE_PNL', PERP);
    for (const asset of ['SOL', 'USDT'] as const) {
      const held = await accountUntil(`all ${asset} to be free`, (now) => {
        const free = BigInt(now[asset === 'SOL' ? 'max_withdraw_sol_base' : 'max_withdraw_quote_base']);
        return free > 0n && free === BigInt(now[asset === 'SOL' ? 'spot_sol_base' : 'spot_quote_base']);
      });
      const all = BigInt(held[asset === 'SOL' ? 'max_withdraw_sol_base' : 'max_withdraw_quote_base']);
      await done('DRIFT_WITHDRAW', { amount: formatAmount(all, DECIMALS[asset]), asset });
    }
    for (const asset of ['SOL', 'USDT'] as const) expect(heldOnChain(asset)).toBe(0n);
  });

  it('has in its journal what stands on the chain, to the unit', async () => {
    const events = eventsSince(live.net, 0);
    const fills = events.filter(
      (one) => one.name === 'OrderActionRecord' && one.action === 'fill' && one.taker === user,
    );
    const trades = await until('every fill to be booked', async () => {
      const rows = await live.run.list('trades');
      return rows.length === fills.length ? rows : null;
    });
    const total = (values: readonly (bigint | string | null)[]): bigint =>
      values.reduce<bigint>((sum, value) => sum + BigInt(value ?? 0n), 0n);
    expect(fills.length).toBeGreaterThanOrEqual(3);
    expect(total(trades.map(({ size_base }) => size_base))).toBe(
      total(fills.map((one) => (one.name === 'OrderActionRecord' ? one.base : null))),
    );
    expect(total(trades.map(({ fee_base }) => fee_base))).toBe(
      total(fills.map((one) => (one.name === 'OrderActionRecord' ? one.takerFee : null))),
    );
    const payments = events.filter((one) => one.name === 'FundingPaymentRecord' && one.user === user);
    const funding = await live.run.list('funding');
    expect(total(funding.map(({ amount_base }) => amount_base))).toBe(
      total(payments.map((one) => (one.name === 'FundingPaymentRecord' ? one.payment : null))),
    );
    expect(payments.length).toBeGreaterThan(0);
    const wallet = live.net.chain.bank.accountAt(live.net.chain.head, live.net.wallet.address)?.lamports;
    const seen = await accountUntil('the wallet to be read', (now) => BigInt(now.wallet_sol_base) === wallet);
    expect(BigInt(seen.sources_base.unexplained)).toBe(0n);
    expect(BigInt(seen.sources_base.external)).toBe(0n);
    expect(await imbalances(live.run)).toEqual([]);
    const alerts = (await live.run.list('alerts')).filter(({ severity }) => severity !== 'info');
    expect(alerts.map(({ code }) => code)).toEqual([]);
  });
});
