import { afterEach, expect } from '@jest/globals';
import { describeOnDrift } from '../../../../localnet/tests/support/drift-program.ts';
import { mostToDeposit } from '../../../../src/domain/gates/most-movable.ts';
import { decodePolicy } from '../../../../src/domain/hedge/policy.ts';
import { spotHeld } from '../../../../src/domain/margin/margin.ts';
import { lamportsOf, until } from '../../../support/engine-harness.ts';
import { LiveEngine } from '../../../support/live-engine.ts';
import { itLong } from '../../../support/long.ts';
import { temporalAddress } from '../../../support/temporal-address.ts';
import { withContext } from '../../../support/with-context.ts';

let engine: LiveEngine | null = null;
afterEach(async () => {
  await engine?.close();
  engine = null;
});

const deposited = async (live: LiveEngine): Promise<bigint> => {
  const { account, markets } = await live.snapshot();
  return account === null ? 0n : spotHeld(account, markets, 'SOL');
};

describeOnDrift('a whole cycle by the real workflows on the real program', () => {
  itLong(
    'deposits, opens, rebalances after a deposit, earns funding, closes, settles and withdraws to zero',
    async () => {
      engine = await LiveEngine.startLive({
        address: temporalAddress(),
        policy: { cooldownMs: 2_000 },
      });
      const live = engine;
      expect(await live.commanded({ action: 'START_ENGINE', mode: 'live' })).toMatchObject({ success: true });
      const first = await live.commanded({ kind: 'deposit', asset: 'SOL', amount: lamportsOf(2) });
      expect(first).toMatchObject({ success: true, message: 'Deposited 2 SOL', data: { commitment: 'confirmed' } });
      await until('the vault in step', async () => {
        const latest = await live.latest();
        return latest?.account != null && spotHeld(latest.account, latest.markets, 'SOL') > 1_999_000_000n;
      });
      await live.commanded({ kind: 'deposit', asset: 'USDC', amount: '500000000' });

      // A rate is known once a period has ended; and from here on the chain's clock is ahead of ours.
      await live.pass(2);
      const opened = await live.commanded({
        kind: 'open',
        market: 'SOL-PERP',
        size: lamportsOf(-2),
      });
      withContext(JSON.stringify(opened), () =>
        expect(opened).toMatchObject({
          success: true,
          data: { requested_size: 2, filled_size: 2 },
        }),
      );
      expect(await live.perp()).toBe(-2_000_000_000n);

      await live.commanded({ kind: 'deposit', asset: 'SOL', amount: lamportsOf(1) });
      // Without a word of ours the engine restores the hedge target. Drift booked a lamport less than 3 SOL: the nearest step counts.
      await live.untilPerp('the hedge of the new deposit', (size) => size === -3_000_000_000n);

      await live.pass(5);
      const closed = await live.commanded({ kind: 'close', market: 'SOL-PERP' });
      withContext(JSON.stringify(closed), () =>
        expect(closed).toMatchObject({ success: true, data: { filled_size: 3, closed_by: 'us' } }),
      );
      expect(await live.perp()).toBe(0n);

      await live.untilState('nothing running', ({ operation }) => operation === null);
      // A close settles gains above 1 USD by itself; what is left, a loss too, is settled when it is asked for.
      const settled = await live.commanded({ kind: 'settle', market: 'SOL-PERP' });
      withContext(JSON.stringify(settled), () =>
        expect(settled.success || settled.error?.code === 'NO_POSITION').toBe(true),
      );
      await live.untilState('nothing running', ({ operation }) => operation === null);
      expect(await live.commanded({ action: 'STOP_ENGINE' })).toMatchObject({ success: true });
      for (const asset of ['SOL', 'USDC'] as const) {
        const { account, markets } = await live.snapshot();
        const rest = account === null ? 0n : spotHeld(account, markets, asset);
        const out = await live.commanded({ kind: 'withdraw', asset, amount: rest.toString() });
        withContext(JSON.stringify(out), () => expect(out).toMatchObject({ success: true }));
      }
      expect(await deposited(live)).toBeLessThan(100_000n);
      expect((await live.alerts()).filter(({ severity }) => severity === 'critical')).toEqual([]);
    },
    240_000,
  );

  itLong('takes the most that may be deposited of a wallet that keeps no gas reserve', async () => {
    engine = await LiveEngine.startLive({ address: temporalAddress(), policy: { reservedSol: '0' } });
    const live = engine;
    expect(await live.commanded({ kind: 'deposit', asset: 'SOL', amount: lamportsOf(1) })).toMatchObject({
      success: true,
    });
    const most = mostToDeposit(await live.snapshot(), 'SOL', decodePolicy(live.policy));
    const all = await live.commanded({ kind: 'deposit', asset: 'SOL', amount: most.toString() });
    withContext(JSON.stringify(all), () => expect(all).toMatchObject({ success: true }));
    expect((await live.snapshot()).wallet.sol).toBeLessThan(3_000_000n);
  });
});
