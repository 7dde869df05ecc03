/** Our formulas against what the compiled program does, to the unit. */
import { expect, it } from '@jest/globals';
import { describeOnVelocity } from '../../../../localnet/tests/support/velocity-files.ts';
import {
  eventsSince,
  land,
  SOL,
  stillVelocity,
  USDT,
  userOf,
  velocityTrader,
} from '../../../../localnet/tests/support/velocity-still.ts';
import type { VelocityLocalnet } from '../../../../localnet/velocity/index.ts';
import { interestUpdate } from '../../../../localnet/velocity/keeper.ts';
import { SPOT_INDEX } from '../../../../localnet/velocity/markets.ts';
import { quoteForLong, quoteForShort } from '../../../../src/venues/velocity/maths/amm-price.ts';
import { takerFee } from '../../../../src/venues/velocity/maths/fees.ts';
import { fundingPayment, fundingRate, ratesOfSides } from '../../../../src/venues/velocity/maths/funding-rate.ts';
import { indexesAfter } from '../../../../src/venues/velocity/maths/interest.ts';
import { PERP_MARKET, SPOT_MARKET, STATE } from '../../../../src/venues/velocity/program/accounts.ts';
import {
  perpMarketAddress,
  spotMarketAddress,
  stateAddress,
} from '../../../../src/venues/velocity/program/addresses.ts';

const HOUR = 3_600;

function marketOf(net: VelocityLocalnet) {
  const market = net.read(PERP_MARKET, perpMarketAddress(0));
  if (market === null) throw new Error('there is no market');
  return market;
}

function spotOf(net: VelocityLocalnet, asset: 'SOL' | 'USDT') {
  const market = net.read(SPOT_MARKET, spotMarketAddress(SPOT_INDEX[asset]));
  if (market === null) throw new Error(`there is no market of ${asset}`);
  return market;
}

describeOnVelocity('formulas on the compiled program', (files) => {
  it.each([
    ['a rising price', 1.03, null],
    ['a falling price', 0.97, null],
    ['a price that stands still', 1, null],
    ['a rising price and an AMM with little to pay', 1.03, 30_000n],
    ['a falling price and an AMM with little to pay', 0.97, 30_000n],
  ])('funding of an hour: %s', async (_what, factor, reserve) => {
    const net = await stillVelocity({ files });
    const ann = await velocityTrader(net, 'ann', { usdt: 50_000n * USDT });
    await land(net, ann, ann.placeAndTake({ direction: 'short', base: 100n * SOL, price: 75_000_000n }));
    const from = net.chain.head.slot;
    net.oracles.SOL.follow({ kind: 'ramp', to: net.oracles.SOL.price * factor, seconds: HOUR });
    // Just before the hour: what the AMM has, and how much each side holds, no longer changes by itself.
    net.jump({ seconds: Math.max(0, net.keeper.secondsLeft() - 60) });
    if (reserve !== null) net.write(PERP_MARKET, perpMarketAddress(0), { ammFeeReserve: reserve });
    await net.advance(2);
    const before = marketOf(net);
    net.jump({ seconds: 70 });
    await net.advance(5);
    const events = eventsSince(net, from).filter((event) => event.name === 'FundingRateRecord');
    const record = events.at(0);
    if (record?.name !== 'FundingRateRecord') throw new Error('no rate was updated');

    const rate = fundingRate({ oracleTwap: record.oracleTwap, markTwap: record.markTwap }, before);
    expect(record.rate).toBe(rate);
    const sides = ratesOfSides(rate, before);
    expect({ long: record.rateLong, short: record.rateShort }).toEqual(sides);
    const owed = userOf(net, ann.address).perpPositions[0];
    const [paid] = await land(net, ann, ann.settleFunding());
    const sum = record.cumulativeShort - (owed?.lastCumulativeFunding ?? 0n);
    expect(paid).toMatchObject({ payment: fundingPayment(-100n * SOL, sum) });
  });

  it.each([
    ['short', 10n * SOL],
    ['short', 123_450_000_000n],
    ['long', 10n * SOL],
    ['long', 77_770_000_000n],
  ] as const)('what the AMM pays or takes and the fee: %s %d', async (direction, base) => {
    const net = await stillVelocity({ files });
    const ann = await velocityTrader(net, 'ann', { usdt: 50_000n * USDT });
    // The AMM brings itself up to date in the slot of the fill; at an unmoved price the reserves stay what they were.
    await land(net, ann, ann.updateAmm());
    const market = marketOf(net);
    const price = direction === 'short' ? 75_000_000n : 77_700_000n;
    const events = await land(net, ann, ann.placeAndTake({ direction, base, price }));
    const fill = events.find((event) => event.name === 'OrderActionRecord' && event.action === 'fill');
    if (fill?.name !== 'OrderActionRecord') throw new Error('nothing was filled');
    const quote = direction === 'short' ? quoteForShort(market, base) : quoteForLong(market, base);
    expect({ base: fill.base, quote: fill.quote }).toEqual({ base, quote });
    const tier = net.read(STATE, stateAddress())?.perpFeeTiers[0];
    if (tier === undefined) throw new Error('there are no fee tiers');
    expect(fill.takerFee).toBe(takerFee(quote, tier, market.feeAdjustment));
  });

  it.each([
    ['below the kink', 40n],
    ['above it', 88n],
    ['near the top', 99n],
  ])('interest: utilization %s', async (_what, lent) => {
    const net = await stillVelocity({ files, keeper: { cranks: false } });
    await velocityTrader(net, 'lender', { usdt: 0n, sol: 100n * SOL });
    const debtor = await velocityTrader(net, 'debtor', { usdt: 50_000n * USDT });
    await land(net, debtor, debtor.withdraw('SOL', lent * SOL, false));
    for (const asset of ['SOL', 'USDT'] as const) {
      await land(net, debtor, debtor.send(interestUpdate(asset)));
      const before = spotOf(net, asset);
      net.chain.jumpClock(5_000);
      await land(net, debtor, debtor.send(interestUpdate(asset)));
      const after = spotOf(net, asset);
      const expected = indexesAfter(before, BigInt(net.chain.head.time) - before.lastInterestTs);
      expect({ deposit: after.depositIndex, borrow: after.borrowIndex }).toEqual(expected);
    }
  });
});
