import { afterEach, expect } from '@jest/globals';
import { describeOnDrift } from '../../../localnet/tests/support/drift-program.ts';
import { until } from '../../support/engine-harness.ts';
import { LiveEngine } from '../../support/live-engine.ts';
import { itLong } from '../../support/long.ts';
import { temporalAddress } from '../../support/temporal-address.ts';

const SOL = 1_000_000_000n;
const TIMEOUT_MS = 240_000;

let engine: LiveEngine | null = null;
afterEach(async () => {
  await engine?.close();
  engine = null;
});

/** An engine that only reads, beside an account with 1,000 USDC whose owner sold 25 SOL at 150 USD by hand. */
async function readingShort(): Promise<LiveEngine> {
  const live = await LiveEngine.startLive({
    address: temporalAddress(),
    policy: { permissions: 'read-only', guard: false },
  });
  engine = live;
  const { net } = live;
  const owner = net.actor(net.wallet.secretKey);
  await owner.done(owner.initialize('owner'));
  await owner.done(owner.deposit('USDC', 1_000_000_000n));
  await owner.done(owner.trade({ direction: 'short', size: 25n * SOL }));
  await until('the fill', async () => (await live.perp()) === -25n * SOL);
  return live;
}

describeOnDrift('health of an account on the real program', () => {
  itLong(
    'warns below 50, is critical below 20 with the liquidation price, once per crossing, and is over only well above',
    async () => {
      const live = await readingShort();
      const { net } = live;
      const told = async (code: string, kind: string) =>
        (await live.alerts()).filter((alert) => alert.code === code && alert.kind === kind).length;
      const at = async (usd: number) => {
        net.oracles.sol.follow({ kind: 'fixed', price: usd });
        await until(`a snapshot at ${usd}`, async () => {
          const price = (await live.latest())?.markets.perps[0]?.oracle.price;
          return price === BigInt(usd) * 1_000_000n;
        });
      };

      await at(180);
      const warning = await live.untilAlert('HEALTH_WARNING');
      expect(warning).toMatchObject({
        severity: 'warning',
        message: expect.stringMatching(/^Account health is 4\d\.\d %/),
      });
      expect(await told('HEALTH_CRITICAL', 'alert')).toBe(0);

      await at(184);
      const critical = await live.untilAlert('HEALTH_CRITICAL');
      expect(critical).toMatchObject({
        severity: 'critical',
        message: expect.stringMatching(/The liquidation price is \$18\d\.\d\d\.$/),
      });

      // Above the line, and not by enough: neither over nor told again.
      await at(183);
      await at(184);
      expect([await told('HEALTH_CRITICAL', 'alert'), await told('HEALTH_CRITICAL', 'recovered')]).toEqual([1, 0]);

      await at(170);
      await live.untilAlert('HEALTH_CRITICAL', 'recovered');
      await live.untilAlert('HEALTH_WARNING', 'recovered');
      expect([await told('HEALTH_WARNING', 'alert'), await told('HEALTH_CRITICAL', 'alert')]).toEqual([1, 1]);
    },
    TIMEOUT_MS,
  );

  itLong(
    'is watched while the venue is frozen, with the sentence that says so',
    async () => {
      const live = await readingShort();
      live.net.pauses.exchange('all');
      const frozen = await until('the sentence', async () => {
        const latest = await live.latest();
        return latest?.pauses.detail?.startsWith('Drift is frozen: ') === true && latest;
      });
      expect(frozen.account?.perps[0]?.baseAmount).toBe(-25n * SOL);
      live.net.oracles.sol.follow({ kind: 'fixed', price: 180 });
      await live.untilAlert('HEALTH_WARNING');
    },
    TIMEOUT_MS,
  );
});
