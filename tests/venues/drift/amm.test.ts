import {
  calculatePrice,
  calculateSpreadReserves,
  calculateUpdatedAMM,
  type MMOraclePriceData,
  type PerpMarketAccount,
} from '@drift-labs/sdk';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { describeOnDrift } from '../../../localnet/tests/support/drift-program.ts';
import { priceLimit } from '../../../src/domain/order/slippage.ts';
import { ammQuote } from '../../../src/venues/drift/amm.ts';
import { bn, decodeBytes, encodeBytes, ours, recordedChain, variantOf } from '../../support/drift-accounts.ts';
import { LONG } from '../../support/long.ts';
import { madeChain } from '../../support/made-drift-chain.ts';
import { gone, land, order, SOL, stillDrift, USD, type Written } from '../../support/still-venue.ts';

const CHAIN = recordedChain() ?? madeChain();

const signed = (most: bigint) => fc.bigInt({ min: -most, max: most });
const upTo = (most: bigint) => fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: most }));

/** A market as it may stand minutes after its last update: the oracle elsewhere, any inventory, rich or ruined. */
const drawnMarket = fc.record({
  oraclePpm: fc.oneof(fc.integer({ min: 900_000, max: 1_100_000 }), fc.integer({ min: 500_000, max: 1_900_000 })),
  confidencePpm: fc.integer({ min: 0, max: 20_000 }),
  heldPpm: fc.integer({ min: -90_000, max: 90_000 }),
  intensity: fc.constantFrom(0, 1, 50, 100, 100, 101, 110, 180, 200),
  baseSpread: fc.constantFrom(0, 1, 100, 2_000),
  maxSpread: fc.integer({ min: 0, max: 100_000 }),
  feesLeft: signed(3_000_000_000_000n),
  exchangeFee: upTo(2_000_000_000_000n),
  revenue: signed(50_000_000_000n),
  markStd: upTo(3_000_000n),
  oracleStd: upTo(3_000_000n),
  volume: upTo(10_000_000_000_000n),
  longPpm: fc.integer({ min: 0, max: 1_200_000 }),
  spreadAdjustment: fc.integer({ min: -100, max: 100 }),
  inventoryAdjustment: fc.integer({ min: -100, max: 100 }),
  referenceOffset: fc.integer({ min: -3_000, max: 3_000 }),
  deadband: fc.constantFrom(0, 5, 40),
  fundingRate: signed(3_000_000_000n),
  markTwapPpm: fc.integer({ min: 980_000, max: 1_020_000 }),
  twapPpm: fc.integer({ min: 800_000, max: 1_200_000 }),
  secondsLater: fc.integer({ min: 0, max: 7_200 }),
  slotsLater: fc.integer({ min: 0, max: 2_000 }),
  prediction: fc.boolean(),
});
type DrawnMarket = typeof drawnMarket extends fc.Arbitrary<infer T> ? T : never;

const integer = (value: { toString(): string }): bigint => BigInt(value.toString());
const ppm = (value: bigint, part: number): bigint => (value * BigInt(part)) / 1_000_000n;

async function marketOf(drawn: DrawnMarket): Promise<{ market: PerpMarketAccount; oracle: MMOraclePriceData }> {
  const from = CHAIN.perps[0] as PerpMarketAccount;
  const market = decodeBytes('PerpMarket', await encodeBytes('PerpMarket', from));
  const { amm } = market;
  amm.sqrtK = amm.sqrtK.isZero() ? amm.baseAssetReserve : amm.sqrtK;
  const base = integer(amm.baseAssetReserve);
  const sqrtK = integer(amm.sqrtK);
  const held = ppm(base, drawn.heldPpm);
  const now = integer(calculatePrice(amm.baseAssetReserve, amm.quoteAssetReserve, amm.pegMultiplier));
  const oracle = ppm(now, drawn.oraclePpm);
  amm.baseAssetAmountWithAmm = bn(held);
  amm.terminalQuoteAssetReserve = bn((sqrtK * sqrtK) / (base + held));
  amm.minBaseAssetReserve = bn(ppm(base, 700_000));
  amm.maxBaseAssetReserve = bn(ppm(base, 1_300_000));
  amm.curveUpdateIntensity = drawn.intensity;
  amm.baseSpread = drawn.baseSpread;
  amm.maxSpread = drawn.maxSpread;
  amm.totalFeeMinusDistributions = bn(drawn.feesLeft);
  amm.totalExchangeFee = bn(drawn.exchangeFee);
  amm.netRevenueSinceLastFunding = bn(drawn.revenue);
  amm.markStd = bn(drawn.markStd);
  amm.oracleStd = bn(drawn.oracleStd);
  amm.volume24H = bn(drawn.volume);
  amm.longIntensityVolume = bn(ppm(drawn.volume, drawn.longPpm));
  amm.shortIntensityVolume = bn(drawn.volume / 3n);
  amm.ammSpreadAdjustment = drawn.spreadAdjustment;
  amm.ammInventorySpreadAdjustment = drawn.inventoryAdjustment;
  amm.referencePriceOffset = drawn.referenceOffset;
  amm.referencePriceOffsetDeadbandPct = drawn.deadband;
  amm.last24HAvgFundingRate = bn(drawn.fundingRate);
  amm.lastMarkPriceTwap5Min = bn(ppm(now, drawn.markTwapPpm));
  amm.lastMarkPriceTwap = bn(ppm(now, drawn.markTwapPpm));
  amm.historicalOracleData.lastOraclePriceTwap5Min = bn(ppm(oracle, drawn.twapPpm));
  amm.historicalOracleData.lastOraclePriceTwap = bn(ppm(oracle, drawn.twapPpm));
  amm.historicalOracleData.lastOraclePriceTwapTs = bn(CHAIN.nowSeconds);
  amm.lastUpdateSlot = bn(CHAIN.slot);
  market.contractType = variantOf(drawn.prediction ? 'prediction' : 'perpetual');
  const confidence = bn(ppm(oracle, drawn.confidencePpm));
  return {
    market,
    oracle: {
      price: bn(oracle),
      confidence,
      slot: bn(CHAIN.slot),
      hasSufficientNumberOfDataPoints: true,
      isMMOracleActive: false,
    },
  };
}

/** `calculateBidAskPrice` with its update, at a time of ours in place of the machine's. */
function sdkQuote({ amm, contractType }: PerpMarketAccount, oracle: MMOraclePriceData, seconds: number, slot: number) {
  const updated = calculateUpdatedAMM(amm, oracle);
  const prediction = 'prediction' in contractType;
  const sides = calculateSpreadReserves(updated, oracle, bn(seconds), prediction, bn(slot));
  const [bid, ask] = sides.map((side) =>
    integer(calculatePrice(side.baseAssetReserve, side.quoteAssetReserve, updated.pegMultiplier)),
  );
  const mark = integer(calculatePrice(updated.baseAssetReserve, updated.quoteAssetReserve, updated.pegMultiplier));
  return { mark, bid, ask };
}

const RUNS = LONG ? 1_500 : 300;

describe('the AMM brought up to date', () => {
  it('quotes what the SDK’s calculateBidAskPrice does (property)', async () => {
    const met = { repegged: 0, shallower: 0 };
    await fc.assert(
      fc.asyncProperty(drawnMarket, async (drawn) => {
        const { market, oracle } = await marketOf(drawn);
        const seconds = CHAIN.nowSeconds + drawn.secondsLater;
        const slot = CHAIN.slot + drawn.slotsLater;
        const theirs = sdkQuote(market, oracle, seconds, slot);
        const of = { price: integer(oracle.price), confidence: integer(oracle.confidence) };
        expect(ammQuote(ours('PerpMarket', market), of, { slot, nowMs: seconds * 1000 + 999 })).toEqual(theirs);
        const updated = calculateUpdatedAMM(market.amm, oracle);
        if (!updated.pegMultiplier.eq(market.amm.pegMultiplier)) met.repegged += 1;
        if (!updated.sqrtK.eq(market.amm.sqrtK)) met.shallower += 1;
      }),
      { numRuns: RUNS },
    );
    expect(met.repegged).toBeGreaterThan(RUNS / 3);
    expect(met.shallower).toBeGreaterThan(RUNS / 75);
  });

  it('is as it is stored where the oracle cannot be read, and nothing where there is no AMM', async () => {
    const market = CHAIN.perps[0] as PerpMarketAccount;
    const { amm } = market;
    const stored = integer(calculatePrice(amm.baseAssetReserve, amm.quoteAssetReserve, amm.pegMultiplier));
    expect(ammQuote(ours('PerpMarket', market), null, { slot: CHAIN.slot, nowMs: 0 })?.mark).toBe(stored);
    const none = { ...market, amm: { ...amm, baseAssetReserve: bn(0) } };
    expect(
      ammQuote(ours('PerpMarket', none), { price: stored, confidence: 1n }, { slot: CHAIN.slot, nowMs: 0 }),
    ).toBeNull();
  });
});

const QUIET_SECONDS = 600;
const quoteOf = async ({ reader }: Written) => {
  const perp = (await reader.read('confirmed')).markets.perps[0];
  if (perp?.bidPrice === undefined || perp.askPrice === undefined || perp.markPrice === null)
    throw new Error('no quote');
  return {
    bid: perp.bidPrice,
    ask: perp.askPrice,
    mark: perp.markPrice,
    oracle: perp.oracle.price ?? 0n,
    tick: perp.tickSize,
  };
};

/** 20 SOL and 3,000 USDC; nobody has touched the market for ten minutes in which the oracle moved. */
async function uncranked(movedBy: number): Promise<Written> {
  const at = await stillDrift({ keeper: { cranks: false } });
  await land(at, { kind: 'deposit', asset: 'SOL', amount: (20n * SOL).toString() });
  await land(at, { kind: 'deposit', asset: 'USDC', amount: (3_000n * USD).toString() });
  at.net.jump({ seconds: QUIET_SECONDS });
  at.net.oracles.sol.follow({ kind: 'fixed', price: at.net.oracles.sol.price * (1 + movedBy) });
  await at.net.advance(5);
  return at;
}

describeOnDrift('an AMM that nobody updated for ten minutes, on the real program', () => {
  it.each([
    ['a fall of 1.5 %', -0.015],
    ['a rise of 6 %', 0.06],
    ['no move', 0],
  ])('is quoted as the program itself would after %s', async (_, movedBy) => {
    const at = await uncranked(movedBy);
    const before = await quoteOf(at);
    at.net.keeper.set({ cranks: true });
    await at.net.advance(8);
    const { market } = (await at.reader.read('confirmed')).market;
    expect(Number(market.ammUpdateSlot)).toBeGreaterThan(at.net.chain.slot - 12);
    const programs = (base: bigint, quote: bigint): bigint =>
      integer(calculatePrice(bn(base), bn(quote), bn(market.ammPeg)));
    const bid = programs(market.ammBidBaseReserve, market.ammBidQuoteReserve);
    const ask = programs(market.ammAskBaseReserve, market.ammAskQuoteReserve);
    expect(before.mark).toBe(programs(market.ammBaseReserve, market.ammQuoteReserve));
    expect(before.bid).toBe(bid);
    expect(before.ask).toBe(ask);
  });

  it.each([
    ['a fall of 1.5 %', -0.015],
    ['a rise of 6 %', 0.06],
  ])('fills a sell and a buy within limits set from its quote after %s', async (_, movedBy) => {
    const at = await uncranked(movedBy);
    for (const side of ['sell', 'buy'] as const) {
      const quote = await quoteOf(at);
      const from = side === 'sell' ? quote.bid : quote.ask;
      const limit = priceLimit(from, 50, side, quote.tick);
      const wanted = { ...(await order(at, { side, size: 10n * SOL })), priceLimit: limit.toString() };
      const { attempt } = await land(at, wanted);
      const report = await gone(at, attempt);
      expect(report.fills.reduce((sum, fill) => sum + BigInt(fill.size), 0n)).toBe(10n * SOL);
      // Not given away either: half a per cent of what the program quotes is the worst that the limit allows.
      expect(Math.abs(Number(limit - from)) / Number(from)).toBeLessThanOrEqual(0.005);
    }
  });
});
