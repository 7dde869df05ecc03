/** What a trade of ours does to funding, estimated before it, against what the compiled program books afterwards. */
import { expect } from '@jest/globals';
import { describeOnVelocity } from '../../../../localnet/tests/support/velocity-files.ts';
import {
  eventsSince,
  land,
  SOL,
  stillVelocity,
  USDT,
  velocityTrader,
} from '../../../../localnet/tests/support/velocity-still.ts';
import type { VelocityLocalnet } from '../../../../localnet/velocity/index.ts';
import { PYTH_LAZER_ORACLE } from '../../../../src/venues/solana-perps/oracle-accounts.ts';
import { afterTrade, settledRate } from '../../../../src/venues/velocity/maths/funding-estimate.ts';
import { PERP_MARKET } from '../../../../src/venues/velocity/program/accounts.ts';
import { perpMarketAddress } from '../../../../src/venues/velocity/program/addresses.ts';
import { itLong } from '../../../support/long.ts';

const MARKET = perpMarketAddress(0);

const marketOf = (net: VelocityLocalnet) => {
  const market = net.read(PERP_MARKET, MARKET);
  if (market === null) throw new Error('there is no market');
  return market;
};

function oracleOf(net: VelocityLocalnet) {
  const posted = net.read(PYTH_LAZER_ORACLE, net.oracles.SOL.address);
  if (posted === null) throw new Error('there is no oracle');
  const [price, confidence] = [posted.price / 100n, posted.confidence / 100n];
  return { price, exchangeConfidence: confidence, confidence, followed: price };
}

const momentOf = (net: VelocityLocalnet) => ({ slot: BigInt(net.chain.head.slot), now: BigInt(net.chain.head.time) });

describeOnVelocity('funding on the compiled program', (files) => {
  for (const sol of [-10n, -60n])
    itLong(`${sol} SOL of ours: the third hour pays what was estimated before the trade`, async () => {
      const net = await stillVelocity({ files });
      const ann = await velocityTrader(net, 'ann', { usdt: 50_000n * USDT });
      const estimate = settledRate(afterTrade(marketOf(net), sol * SOL, 0n), oracleOf(net), momentOf(net));
      await land(net, ann, ann.placeAndTake({ direction: 'short', base: -sol * SOL, price: 70_000_000n }));
      let paid = 0;
      for (let hour = 0; hour < 3; hour++) {
        const from = net.chain.head.slot;
        net.jump({ seconds: net.keeper.secondsLeft() + 20 });
        await net.advance(4);
        const record = eventsSince(net, from).find(({ name }) => name === 'FundingRateRecord');
        if (record?.name !== 'FundingRateRecord') throw new Error('no rate was updated');
        paid = Number(record.rateShort) / Number(record.oracleTwap);
      }
      const estimated = Number(estimate) / 1e6;
      expect(Math.abs(paid / estimated - 1)).toBeLessThan(0.03);
    });
});
