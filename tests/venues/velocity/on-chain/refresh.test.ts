/** The market that we bring up to date ourselves against the one that the compiled program has brought up to date. */
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { describeOnVelocity } from '../../../../localnet/tests/support/velocity-files.ts';
import { land, SOL, stillVelocity, USDT, velocityTrader } from '../../../../localnet/tests/support/velocity-still.ts';
import type { VelocityActor } from '../../../../localnet/velocity/actor.ts';
import type { VelocityLocalnet } from '../../../../localnet/velocity/index.ts';
import { type OracleReading, PYTH_LAZER_ORACLE } from '../../../../src/venues/solana-perps/oracle-accounts.ts';
import { quoteForLong, quoteForShort } from '../../../../src/venues/velocity/maths/amm-price.ts';
import { broughtUpToDate } from '../../../../src/venues/velocity/maths/amm-refresh.ts';
import { PERP_MARKET, type PerpMarketState, STATE } from '../../../../src/venues/velocity/program/accounts.ts';
import { perpMarketAddress, stateAddress } from '../../../../src/venues/velocity/program/addresses.ts';
import { ammOf } from '../../../../src/venues/velocity/read/decode.ts';
import { ammOracle } from '../../../../src/venues/velocity/read/oracle.ts';
import { itLong } from '../../../support/long.ts';

const MARKET = perpMarketAddress(0);
const RUNS = 25;
const PRICE = 76.34;

function marketOf(net: VelocityLocalnet): PerpMarketState {
  const market = net.read(PERP_MARKET, MARKET);
  if (market === null) throw new Error('there is no market');
  return market;
}

/** What the newest block's transactions saw of the oracle. */
function oracleOf(net: VelocityLocalnet, before: PerpMarketState) {
  const posted = net.read(PYTH_LAZER_ORACLE, net.oracles.SOL.address);
  const state = net.read(STATE, stateAddress());
  if (posted === null || state === null) throw new Error('there is no oracle');
  const reading: OracleReading = {
    price: posted.price / 100n,
    confidence: posted.confidence / 100n,
    postedSlot: posted.postedSlot,
    enoughQuotes: true,
    sequence: posted.publishedAtMicros,
  };
  const at = { slot: net.chain.head.slot, nowMs: net.chain.head.time * 1_000, state };
  return { at, reading, followed: ammOracle(before, reading, at) };
}

function expectedUpdate(net: VelocityLocalnet, before: PerpMarketState): PerpMarketState {
  const { followed } = oracleOf(net, before);
  return broughtUpToDate(before, followed, { slot: BigInt(net.chain.head.slot), now: BigInt(net.chain.head.time) });
}

async function updated(net: VelocityLocalnet, ann: VelocityActor): Promise<PerpMarketState> {
  const signature = ann.updateAmm();
  await net.advance(1);
  await ann.done(signature);
  return marketOf(net);
}

const ppm = fc.integer({ min: 0, max: 1_200_000 });
/** What an administrator, or hours of trading, may leave in the market. */
const drawnMarket = fc.record({
  priceFactor: fc.oneof(
    fc.double({ min: 0.995, max: 1.005, noNaN: true }),
    fc.double({ min: 0.9, max: 1.1, noNaN: true }),
  ),
  seconds: fc.integer({ min: 1, max: 4_000 }),
  curveUpdateIntensity: fc.constantFrom(0, 1, 100, 104, 150, 200),
  baseSpread: fc.constantFrom(0, 1, 200, 2_000),
  maxSpread: fc.integer({ min: 2_001, max: 40_000 }),
  ammFeeReserve: fc.bigInt({ min: -1_000_000_000n, max: 30_000_000_000n }),
  ammRevenueSinceFunding: fc.bigInt({ min: -30_000_000_000n, max: 1_000_000_000n }),
  spreadAdjustment: fc.integer({ min: -100, max: 100 }),
  inventorySpreadAdjustment: fc.integer({ min: -100, max: 100 }),
  referenceDeadbandPct: fc.constantFrom(0, 5, 40),
  lastReferenceOffset: fc.integer({ min: -3_000, max: 3_000 }),
  markStd: fc.bigInt({ min: 0n, max: 2_000_000n }),
  oracleStd: fc.bigInt({ min: 0n, max: 2_000_000n }),
  oracleConfidencePpm: fc.bigInt({ min: 0n, max: 20_000n }),
  volume24h: fc.bigInt({ min: 0n, max: 10_000_000_000_000n }),
  longIntensity: ppm.map((part) => BigInt(part) * 1_000_000n),
  shortIntensity: ppm.map((part) => BigInt(part) * 500_000n),
  fundingRate24h: fc.bigInt({ min: -50_000_000n, max: 50_000_000n }),
  markTwap5min: fc.bigInt({ min: 75_000_000n, max: 78_000_000n }),
  marketConfig: fc.constantFrom(0, 1),
});

describeOnVelocity('the AMM brought up to date, on the compiled program', (files) => {
  it('whatever the market is, each field is what the program leaves', async () => {
    const net = await stillVelocity({ files, keeper: { cranks: false } });
    const ann = await velocityTrader(net, 'ann', { usdt: 50_000n * USDT });
    await land(net, ann, ann.placeAndTake({ direction: 'long', base: 60n * SOL, price: 80_000_000n }));
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(drawnMarket, async ({ priceFactor, seconds, ...fields }) => {
        net.oracles.SOL.follow({ kind: 'fixed', price: PRICE * priceFactor });
        net.chain.jumpClock(seconds);
        net.write(PERP_MARKET, MARKET, fields);
        await net.advance(1);
        const before = marketOf(net);
        // Where the program refuses the update, there is nothing to compare.
        const after = await updated(net, ann).catch(() => null);
        if (after === null) return;
        compared++;
        expect(expectedUpdate(net, before)).toEqual(after);
      }),
      { numRuns: RUNS },
    );
    expect(compared).toBeGreaterThan(RUNS / 2);
  });

  for (const direction of ['short', 'long'] as const)
    itLong(`a ${direction} that no update precedes is filled at the price that we expect`, async () => {
      const net = await stillVelocity({ files, keeper: { cranks: false } });
      const ann = await velocityTrader(net, 'ann', { usdt: 50_000n * USDT });
      net.oracles.SOL.follow({ kind: 'fixed', price: PRICE * 0.99 });
      net.chain.jumpClock(400);
      await net.advance(2);
      const before = marketOf(net);
      const price = direction === 'short' ? 70_000_000n : 80_000_000n;
      const events = await land(net, ann, ann.placeAndTake({ direction, base: 10n * SOL, price }));
      const fill = events.find((event) => event.name === 'OrderActionRecord' && event.action === 'fill');
      if (fill?.name !== 'OrderActionRecord') throw new Error('nothing was filled');
      const { reading, at } = oracleOf(net, before);
      const amm = ammOf(before, reading, at);
      expect(fill.quote).toBe(direction === 'short' ? quoteForShort(amm, 10n * SOL) : quoteForLong(amm, 10n * SOL));
    });
});
