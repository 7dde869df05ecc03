import {
  calculateBorrowRate,
  calculateDepositRate,
  calculateWithdrawLimit,
  getOracleValidity,
  type OraclePriceData,
  OracleValidity,
} from '@drift-labs/sdk';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RECORDING } from '../../../localnet/tests/support/recording.ts';
import { itUnless } from '../../../localnet/tests/support/unless.ts';
import { decodeAccount, decodeMarkets } from '../../../src/venues/drift/decode.ts';
import { lendRates, withdrawLimit } from '../../../src/venues/drift/lending.ts';
import { decodeOracle, perpOracleMarket } from '../../../src/venues/drift/oracle.ts';
import {
  blank,
  bn,
  type Chain,
  marketsOf,
  ours,
  perpOracleKey,
  readingOf,
  recordedChain,
  spotOracleKey,
  variantOf,
} from '../../support/drift-accounts.ts';
import { madeChain } from '../../support/made-drift-chain.ts';

const solOf = (chain: Chain) => {
  const market = chain.spot.find((each) => each.marketIndex === 1);
  if (market === undefined) throw new Error('the chain has SOL');
  return market;
};
const solPerpOf = (chain: Chain) => {
  const market = chain.perps.find((each) => each.marketIndex === 0);
  if (market === undefined) throw new Error('the chain has SOL-PERP');
  return market;
};

describe('lending of a spot market', () => {
  const market = fc.record({
    deposits: fc.bigInt(1n, 10n ** 17n),
    borrowPpm: fc.bigInt(0n, 1_000_000n),
    optimal: fc.constantFrom(500_000, 700_000, 800_000, 900_000),
    optimalRate: fc.integer({ min: 0, max: 300_000 }),
    climb: fc.integer({ min: 0, max: 3_000_000 }),
    minRate: fc.integer({ min: 0, max: 200 }),
    guard: fc.bigInt(0n, 10n ** 17n),
    depositTwap: fc.bigInt(0n, 10n ** 17n),
    utilizationTwap: fc.integer({ min: 0, max: 1_000_000 }),
    sinceTwap: fc.integer({ min: 0, max: 200_000 }),
  });

  it('has the SDK’s interest rates and withdrawal limit', () => {
    const chain = madeChain();
    fc.assert(
      fc.property(market, (drawn) => {
        const sol = solOf(chain);
        sol.depositBalance = bn(drawn.deposits);
        sol.borrowBalance = bn((drawn.deposits * drawn.borrowPpm) / 1_000_000n);
        sol.optimalUtilization = drawn.optimal;
        sol.optimalBorrowRate = drawn.optimalRate;
        sol.maxBorrowRate = drawn.optimalRate + drawn.climb;
        sol.minBorrowRate = drawn.minRate;
        sol.withdrawGuardThreshold = bn(drawn.guard);
        sol.depositTokenTwap = bn(drawn.depositTwap);
        sol.utilizationTwap = bn(drawn.utilizationTwap);
        const now = chain.nowSeconds + drawn.sinceTwap;
        const market = ours('SpotMarket', sol);
        expect(`${lendRates(market).borrow} ${lendRates(market).deposit}`).toBe(
          `${calculateBorrowRate(sol)} ${calculateDepositRate(sol)}`,
        );
        expect(`${withdrawLimit(market, BigInt(now))}`).toBe(`${calculateWithdrawLimit(sol, bn(now)).withdrawLimit}`);
      }),
      { numRuns: 400 },
    );
  });

  it('is all lent out when there are debts and no deposits', () => {
    const sol = solOf(madeChain());
    sol.depositBalance = bn(0);
    expect(lendRates(ours('SpotMarket', sol)).borrow).toBe(BigInt(sol.maxBorrowRate));
    sol.borrowBalance = bn(0);
    expect(lendRates(ours('SpotMarket', sol))).toEqual({ borrow: 0n, deposit: 0n });
  });
});

describe('validity of an oracle for margin', () => {
  const REJECTED = [
    OracleValidity.NonPositive,
    OracleValidity.TooVolatile,
    OracleValidity.TooUncertain,
    OracleValidity.StaleForMargin,
  ];

  it('is the SDK’s, which allows 5 slots more', () => {
    const chain = madeChain();
    const market = solPerpOf(chain);
    const reading = fc.record({
      price: fc.oneof(fc.integer({ min: 1, max: 150_000_000 }), fc.integer({ min: 1, max: 2_000_000_000 })),
      confidencePpm: fc.integer({ min: 0, max: 40_000 }),
      age: fc.oneof(fc.integer({ min: -3, max: 30 }), fc.integer({ min: -3, max: 200 })),
      enough: fc.boolean(),
    });
    const state = ours('State', chain.state);
    const tiers = fc.constantFrom('a', 'b', 'c', 'speculative', 'highlySpeculative', 'isolated');
    fc.assert(
      fc.property(reading, tiers, ({ price, confidencePpm, age, enough }, tier) => {
        market.contractTier = variantOf(tier);
        const oracle: OraclePriceData = {
          price: bn(price),
          confidence: bn(Math.floor((price * confidencePpm) / 1e6)),
          slot: bn(chain.slot - age),
          hasSufficientNumberOfDataPoints: enough,
        };
        const guardRails = chain.state.oracleGuardRails;
        // A price of a few millionths cannot be surer than 1: the program takes at least that, the SDK does not.
        fc.pre(oracle.confidence.gtn(0));
        const theirs = getOracleValidity(market, oracle, guardRails, bn(chain.slot), bn(0));
        const quote = decodeOracle(perpOracleMarket(ours('PerpMarket', market)), readingOf(oracle), {
          slot: chain.slot,
          nowMs: 0,
          state,
        });
        expect(quote.valid).toBe(!REJECTED.includes(theirs));
        expect(quote.invalidReason === null).toBe(quote.valid);
        // The AMM's own bound for immediate fills came after v2.84.
        const filled = theirs === OracleValidity.Valid || theirs === OracleValidity.isStaleForAmmImmediate;
        expect(quote.noFillsReason === null).toBe(filled);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses a price that is not positive, and never wears out for the quote asset itself', () => {
    const chain = madeChain();
    const at = { slot: chain.slot, nowMs: chain.nowSeconds * 1000, state: ours('State', chain.state) };
    const market = perpOracleMarket(ours('PerpMarket', solPerpOf(chain)));
    const reading = { price: 0n, confidence: 1n, postedSlot: BigInt(chain.slot), enoughQuotes: true, sequence: null };
    expect(decodeOracle(market, reading, at)).toMatchObject({ valid: false, invalidReason: 'not positive' });
    const quote = { ...reading, price: 150_000_000n };
    expect(decodeOracle(market, { ...quote, postedSlot: null }, at).valid).toBe(true);
    expect(decodeOracle(market, { ...quote, postedSlot: 0n }, at)).toMatchObject({
      valid: false,
      invalidReason: `stale by ${chain.slot} slots`,
    });
  });

  it('is unknown, with no price, when the oracle was not read', () => {
    const chain = madeChain();
    const markets = marketsOf({ ...chain, oracles: new Map() });
    expect(markets.perps[0]).toMatchObject({ oracle: { price: null, valid: false, invalidReason: 'not read' } });
    expect(markets.spot[1]).toMatchObject({ oracle: { price: null, twap5Min: null } });
  });
});

describe('a Drift account', () => {
  it('is decoded without its empty slots, and with its open perp orders', () => {
    const user = blank('User');
    const [order, spotOrder, filled] = user.orders;
    const position = user.perpPositions[2];
    if (!order || !spotOrder || !filled || !position) throw new Error('a user has slots');
    user.subAccountId = 3;
    user.settledPerpPnl = bn(-13_450_000);
    Object.assign(order, {
      orderId: 17,
      status: { open: {} },
      marketType: { perp: {} },
      direction: { short: {} },
      baseAssetAmount: bn(2_000_000_000),
      baseAssetAmountFilled: bn(500_000_000),
      reduceOnly: true,
      maxTs: bn(1_760_000_060),
    });
    Object.assign(spotOrder, { orderId: 18, status: { open: {} }, marketType: { spot: {} } });
    Object.assign(filled, { orderId: 16, status: { filled: {} }, marketType: { perp: {} } });
    position.openOrders = 1;
    position.openAsks = bn(-1_500_000_000);
    expect(decodeAccount(ours('User', user))).toEqual({
      subAccount: 3,
      status: 'active',
      maxMarginRatio: 0,
      highLeverageMode: false,
      highLeverageMaintenance: false,
      netDeposits: 0n,
      settledPnl: -13_450_000n,
      spot: [],
      perps: [expect.objectContaining({ marketIndex: 0, openOrders: 1, openAsks: -1_500_000_000n })],
      orders: [
        {
          orderId: 17,
          marketIndex: 0,
          side: 'sell',
          size: 2_000_000_000n,
          filled: 500_000_000n,
          reduceOnly: true,
          maxTsMs: 1_760_000_060_000,
        },
      ],
    });
  });

  it.each([
    [0, 'active'],
    [1, 'being_liquidated'],
    [2, 'bankrupt'],
    [3, 'bankrupt'],
    [4, 'active'],
  ])('of status bits %i is %s', (status, expected) => {
    const user = blank('User');
    user.status = status;
    expect(decodeAccount(ours('User', user)).status).toBe(expected);
  });
});

describe('Drift markets', () => {
  it('carry fees, sizes and status in our words', () => {
    const chain = madeChain();
    const markets = marketsOf(chain);
    expect(markets.perps.map((perp) => [perp.market, perp.baseAsset])).toEqual([
      ['SOL-PERP', 'SOL'],
      ['BTC-PERP', 'BTC'],
      ['1KBONK-PERP', '1KBONK'],
      ['RAIN-BET', 'RAIN'],
    ]);
    // 10 bps at tier 0, less 75 %.
    expect(markets.perps[0]).toMatchObject({ takerFee: 250n, status: 'active', markPrice: 150_000_000n });
    solPerpOf(chain).status = variantOf('ammPaused');
    expect(marketsOf(chain).perps[0]?.status).toBe('paused');
    solPerpOf(chain).status = variantOf('reduceOnly');
    expect(marketsOf(chain).perps[0]?.status).toBe('reduce_only');
  });

  it('refuse a fee tier that does not exist', () => {
    const chain = madeChain();
    const read = { state: ours('State', chain.state), spot: [], perps: [], slot: chain.slot, nowMs: 0 };
    const perps = chain.perps.map((market) => ({ market: ours('PerpMarket', market), oracle: null }));
    expect(() => decodeMarkets({ ...read, perps, feeTier: 10 })).toThrow(RangeError);
  });

  const recorded = recordedChain();
  itUnless(recorded === null && `no recording at ${RECORDING}`)('of September 2024 are as they were', () => {
    const chain = recorded as NonNullable<typeof recorded>;
    const markets = marketsOf(chain);
    expect(markets.spot.map((market) => market.asset)).toEqual(['USDC', 'SOL']);
    expect(markets.perps[0]).toMatchObject({
      market: 'SOL-PERP',
      stepSize: 100_000_000n,
      minimumSize: 100_000_000n,
      tickSize: 100n,
      initialMarginRatio: 500,
      maintenanceMarginRatio: 300,
      imfFactor: 200,
      fundingPeriodMs: 3_600_000,
      takerFee: 250n,
    });
    const oracles = [chain.spot.map(spotOracleKey), chain.perps.map(perpOracleKey)].flat();
    expect(oracles.every((name) => chain.oracles.has(name))).toBe(true);
    expect(markets.spot[1]?.oracleId).toBe(markets.perps[0]?.oracleId);
  });
});
