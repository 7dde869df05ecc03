import { afterEach, expect } from '@jest/globals';
import { describeOnDrift } from '../../../localnet/tests/support/drift-program.ts';
import { spotHeld } from '../../../src/domain/margin/margin.ts';
import { until } from '../../support/engine-harness.ts';
import { LiveEngine } from '../../support/live-engine.ts';
import { itLong } from '../../support/long.ts';
import { temporalAddress } from '../../support/temporal-address.ts';

const MINUTES_MS = 600_000;

let engine: LiveEngine | null = null;
afterEach(async () => {
  await engine?.close();
  engine = null;
});

describeOnDrift('a watch that polls rarely', () => {
  itLong(
    'reads at once when somebody moves the account',
    async () => {
      engine = await LiveEngine.startLive({
        address: temporalAddress(),
        policy: { permissions: 'capital', pollIntervalMs: MINUTES_MS },
      });
      const live = engine;
      const { net } = live;
      const owner = net.actor(net.wallet.secretKey);
      await until('the first snapshot', async () => await live.latest());
      await owner.done(owner.initialize('owner'));
      const held = async () => {
        const latest = await live.latest();
        return latest?.account == null ? null : spotHeld(latest.account, latest.markets, 'USDC');
      };
      await until('the account', async () => (await held()) !== null);
      for (const dollars of [100n, 200n, 300n]) {
        await owner.done(owner.deposit('USDC', 100_000_000n));
        await until(`${dollars} USDC`, async () => ((await held()) ?? 0n) >= dollars * 1_000_000n - 1_000n);
      }
      expect((await live.latest())?.account?.perps).toEqual([]);
    },
    180_000,
  );
});
