import { expect, it } from '@jest/globals';
import { describeOnDrift } from '../../../../localnet/tests/support/drift-program.ts';
import { perpSize } from '../../../../src/domain/margin/margin.ts';
import type { Intent } from '../../../../src/domain/order/intent.ts';
import { SolanaPerpsWriting } from '../../../../src/venues/solana-perps/write/perps-writing.ts';
import { gone, land, order, SOL, stillDrift, USD, type Written } from '../../../support/still-venue.ts';
import { withContext } from '../../../support/with-context.ts';

/** What the tests of capital, orders and settling leave of the table "Seen on the real v2.84 program". */

const deposit = (amount: bigint): Intent => ({ kind: 'deposit', asset: 'SOL', amount: amount.toString() });
const withdraw = (amount: bigint): Intent => ({ kind: 'withdraw', asset: 'SOL', amount: amount.toString() });

/** The program alone is asked: our own refusals are not in the way. */
const blind = ({ reader, chain }: Written): SolanaPerpsWriting => {
  const clear = { deposit: false, withdraw: false, increase: false, reduce: false, settle: false, detail: null };
  const unpaused = {
    deployment: reader.deployment,
    read: async (commitment: 'confirmed' | 'finalized') => ({ ...(await reader.read(commitment)), pauses: clear }),
  };
  return new SolanaPerpsWriting({
    chain,
    reader: unpaused as unknown as Written['reader'],
    clock: { nowMs: () => Date.now() },
  });
};

async function shorted(at: Written): Promise<void> {
  await land(at, deposit(10n * SOL));
  await land(at, { kind: 'deposit', asset: 'USDC', amount: (500n * USD).toString() });
  await gone(at, (await land(at, await order(at, { side: 'sell', size: 5n * SOL }))).attempt);
}

describeOnDrift('pitfalls of the real program', () => {
  it('a pause is told before anything is built, and by the program’s own name where it comes in between', async () => {
    const at = await stillDrift();
    await shorted(at);
    at.net.pauses.exchange('all');
    await at.net.advance(3);
    const place = await order(at, { side: 'sell', size: SOL });
    for (const intent of [deposit(SOL), withdraw(SOL), place, { kind: 'settle', market: 'SOL-PERP' } as const]) {
      await withContext(intent.kind, async () =>
        expect(await at.writing.simulate(intent)).toMatchObject({ error: { code: 'VENUE_PAUSED' } }),
      );
      await withContext(intent.kind, async () =>
        expect(await blind(at).simulate(intent)).toMatchObject({
          error: { code: 'VENUE_PAUSED', details: { program_error: 'ExchangePaused', program_error_number: 6024 } },
        }),
      );
    }
    at.net.pauses.exchange([]);
    await at.net.advance(3);
    expect(await at.writing.simulate(deposit(SOL))).toMatchObject({ ok: true });
  });

  it.each([
    ['deposit', deposit(SOL)],
    ['withdraw', withdraw(SOL)],
    ['settle', { kind: 'settle', market: 'SOL-PERP' } as const],
  ] as const)('a pause of %s alone forbids that and leaves the others', async (flag, refused) => {
    const at = await stillDrift();
    await shorted(at);
    at.net.pauses.exchange([flag]);
    await at.net.advance(3);
    const others = [deposit(SOL), withdraw(SOL), { kind: 'cancel_orders', market: 'SOL-PERP' } as const];
    expect(await at.writing.simulate(refused)).toMatchObject({ error: { code: 'VENUE_PAUSED' } });
    expect(await blind(at).simulate(refused)).toMatchObject({ error: { code: 'VENUE_PAUSED' } });
    for (const other of others) {
      if (other.kind !== refused.kind)
        await withContext(other.kind, async () => expect(await at.writing.simulate(other)).toMatchObject({ ok: true }));
    }
  });

  it('while fills are paused nothing is placed, and open orders can be taken back', async () => {
    const at = await stillDrift();
    await shorted(at);
    at.net.keeper.set({ fills: false });
    const resting = await land(at, await order(at, { side: 'sell', size: SOL }));
    at.net.pauses.exchange(['fill']);
    await at.net.advance(3);
    expect(await at.writing.simulate(await order(at, { side: 'sell', size: SOL }))).toMatchObject({
      error: { code: 'VENUE_PAUSED' },
    });
    await land(at, { kind: 'cancel_orders', market: 'SOL-PERP' });
    expect(await at.writing.order(resting.attempt)).toMatchObject({ gone: true, fills: [] });
  });

  it('a market that only reduces takes the reduction and refuses the increase', async () => {
    const at = await stillDrift();
    await shorted(at);
    at.net.pauses.perpStatus('reduceOnly');
    await at.net.advance(3);
    expect(await at.writing.simulate(await order(at, { side: 'sell', size: SOL }))).toMatchObject({
      error: { code: 'VENUE_PAUSED' },
    });
    const { attempt } = await land(at, await order(at, { side: 'buy', size: 5n * SOL, reduceOnly: true }));
    await gone(at, attempt);
    const { account, markets } = await at.reader.read('confirmed');
    expect(account === null ? 0n : perpSize(account, markets, 'SOL-PERP')).toBe(0n);
  });

  it('a price that jumps far stops fills: the order ends unfilled, and nothing is taken for filled', async () => {
    const at = await stillDrift();
    await shorted(at);
    at.net.oracles.sol.follow({ kind: 'fixed', price: 270 });
    await at.net.advance(2);
    const intent = await order(at, { side: 'buy', size: SOL, bps: 9_000n, lifeMs: 16_000 });
    const { attempt } = await land(at, intent);
    await at.net.advance(30);
    expect(await at.writing.order(attempt)).toMatchObject({ gone: false, fills: [] });
    // Keepers cannot take it off either, past its maxTs or not: our cancel does.
    await land(at, { kind: 'cancel_orders', market: 'SOL-PERP' });
    expect(await at.writing.order(attempt)).toMatchObject({ gone: true, fills: [] });
    const { account, markets } = await at.reader.read('confirmed');
    expect(account === null ? 0n : perpSize(account, markets, 'SOL-PERP')).toBe(-5n * SOL);
  });

  it('an id of an order that a person chose is none of ours', async () => {
    const at = await stillDrift({ keeper: { fills: false } });
    await land(at, deposit(10n * SOL));
    for (let n = 0; n < 3; n += 1) await land(at, await order(at, { side: 'sell', size: SOL }));
    const { user } = await at.reader.read('confirmed');
    const open = user?.orders ?? [];
    expect(open.map((one) => one.userOrderId)).toEqual([0, 0, 0]);
  });

  it('fills of a liquidation are not ours', async () => {
    const at = await stillDrift();
    await land(at, deposit(SOL));
    await gone(at, (await land(at, await order(at, { side: 'buy', size: 10n * SOL, bps: 100n }))).attempt);
    at.net.keeper.set({ fills: false });
    const { attempt } = await land(at, await order(at, { side: 'sell', size: 2n * SOL }));
    at.net.oracles.sol.follow({ kind: 'ramp', to: 128, seconds: 60 });
    for (let step = 0; step < 80; step += 1) {
      await at.net.advance(5);
      const { account, markets } = await at.reader.read('confirmed');
      if (account !== null && perpSize(account, markets, 'SOL-PERP') < 10n * SOL) break;
    }
    const report = await gone(at, attempt);
    expect(report.fills).toEqual([]);
  });
});
