/** The funding update that we compute ourselves against the compiled program's, and what a trade of ours leaves. */
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
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
import { fundingUpdate as fundingInstruction } from '../../../../localnet/velocity/keeper.ts';
import { PYTH_LAZER_ORACLE } from '../../../../src/venues/solana-perps/oracle-accounts.ts';
import { afterTrade, settledRate } from '../../../../src/venues/velocity/maths/funding-estimate.ts';
import { fundingUpdate } from '../../../../src/venues/velocity/maths/funding-update.ts';
import { PERP_MARKET } from '../../../../src/venues/velocity/program/accounts.ts';
import { perpMarketAddress } from '../../../../src/venues/velocity/program/addresses.ts';
import { itLong, LONG } from '../../../support/long.ts';

const MARKET = perpMarketAddress(0);
const RUNS = LONG ? 300 : 10;
const PRICE = 76.34;

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

const twap = fc.bigInt({ min: 75_500_000n, max: 77_200_000n });
const drawnHour = fc
  .record({
    priceFactor: fc.double({ min: 0.99, max: 1.01, noNaN: true }),
    late: fc.integer({ min: 1, max: 1_000 }),
    oracleTwap: twap,
    oracleTwap5min: twap,
    bidTwap: twap,
    width: fc.bigInt({ min: 0n, max: 300_000n }),
    markTwap5min: twap,
    fundingDeadZoneBps: fc.constantFrom(0, 5, 20),
    fundingRampSlope: fc.constantFrom(500_000, 1_000_000, 3_000_000),
    ammFeeReserve: fc.oneof(fc.bigInt({ min: 0n, max: 100_000n }), fc.constant(24_200_421_131n)),
    fundingRate24h: fc.bigInt({ min: -20_000_000n, max: 20_000_000n }),
    lastReferenceOffset: fc.constantFrom(-400, 0, 400),
  })
  .map(({ width, ...drawn }) => ({
    ...drawn,
    askTwap: drawn.bidTwap + width,
    markTwap: drawn.bidTwap + width / 2n,
  }));

describeOnVelocity('funding on the compiled program', (files) => {
  it('whatever the averages are, the update books the rates that we compute', async () => {
    const net = await stillVelocity({ files, keeper: { cranks: false } });
    const ann = await velocityTrader(net, 'ann', { usdt: 50_000n * USDT });
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(drawnHour, async ({ priceFactor, late, ...fields }) => {
        net.oracles.SOL.follow({ kind: 'fixed', price: PRICE * priceFactor });
        net.chain.jumpClock(net.keeper.secondsLeft() + late);
        net.write(PERP_MARKET, MARKET, { ...fields, ammUpdateSlot: BigInt(net.chain.head.slot) });
        await net.advance(1);
        const before = marketOf(net);
        const signature = ann.send(fundingInstruction());
        const booked = (await land(net, ann, signature).catch(() => [])).find(
          ({ name }) => name === 'FundingRateRecord',
        );
        // Where the program refuses (an oracle too far from its mean), there is nothing to compare.
        if (booked?.name !== 'FundingRateRecord') return;
        compared++;
        const { rate, sides, market } = fundingUpdate(before, oracleOf(net), momentOf(net));
        expect({ rate, ...sides, oracle: market.oracleTwap, mark: market.markTwap }).toEqual({
          rate: booked.rate,
          long: booked.rateLong,
          short: booked.rateShort,
          oracle: booked.oracleTwap,
          mark: booked.markTwap,
        });
      }),
      { numRuns: RUNS },
    );
    // The program refuses some of them.
    expect(compared).toBeGreaterThan(LONG ? RUNS / 2 : 0);
  });

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
