/** Accounts of mainnet in the types that every venue shares. */
import { expect, it } from '@jest/globals';
import { describeOnVelocity } from '../../../../localnet/tests/support/velocity-files.ts';
import { accountOf, listsAllOrders, marketsOf } from '../../../../src/venues/velocity/read/decode.ts';
import { accountFeeTier, takerFeeRate } from '../../../../src/venues/velocity/read/fee-tier.ts';
import { marketFunding } from '../../../../src/venues/velocity/read/market-funding.ts';
import { readOracle } from '../../../../src/venues/velocity/read/oracle.ts';
import { perpWith, quoteWith, stateWith, statsWith, userWith } from './support.ts';

const NOW_MS = 1_786_205_423_000;
const SLOT = 438_024_296;
const MONTH_SECONDS = 2_592_000n;

describeOnVelocity("mainnet's markets", (files) => {
  const { dumps } = files;
  const read = (changes: object = {}) =>
    marketsOf({
      state: stateWith(files),
      spot: [{ market: quoteWith(files), oracle: readOracle(15, dumps.quoteOracle) }],
      perps: [{ market: perpWith(files, changes as never), oracle: readOracle(12, dumps.solOracle) }],
      slot: SLOT,
      nowMs: NOW_MS,
      feeTier: 0,
    });

  it('USDT', () => {
    expect(read().spot[0]).toMatchObject({
      marketIndex: 0,
      asset: 'USDT',
      decimals: 6,
      oracle: { price: 999_289n, twap5Min: 999_260n, valid: true },
      oracleMultiple: 1n,
      cumulativeDepositInterest: 10_000_000_526n,
      initialAssetWeight: 10_000,
      maintenanceLiabilityWeight: 10_000,
      withdrawGuardThreshold: 9_500_000_000n,
      borrowRate: 5_000n,
    });
    expect(read().spot[0]?.depositLimit).toBeLessThan(500_000_000_000n);
  });

  it('SOL-PERP, with the AMM brought up to date', () => {
    expect(read().perps[0]).toMatchObject({
      market: 'SOL-PERP',
      baseAsset: 'SOL',
      oracle: { price: 76_340_755n, valid: true, noFillsReason: null },
      initialMarginRatio: 500,
      maintenanceMarginRatio: 300,
      imfFactor: 50,
      unrealizedPnlInitialAssetWeight: 0,
      unrealizedPnlMaintenanceAssetWeight: 10_000,
      quoteSpotMarketIndex: 0,
      stepSize: 10_000_000n,
      minimumSize: 10_000_000n,
      tickSize: 1_000n,
      takerFee: 350n,
      liquidatorFee: 7_500n,
      status: 'active',
      expiryPrice: null,
      fundingPeriodMs: 3_600_000,
      openInterest: { long: 202_040_000_000n, short: 236_170_000_000n, cap: 1_359_780_000_000n },
    });
    // Shorts outweigh longs: selling begins well below the middle, buying near it.
    const { markPrice, bidPrice, askPrice } = read().perps[0] ?? {};
    expect(markPrice).toBe(76_340_754n);
    expect({ bidPrice, askPrice }).toEqual({ bidPrice: 76_182_943n, askPrice: 76_317_851n });
  });

  it('a market that does not quote keeps what it has, and a status that is not known is paused', () => {
    const stored = perpWith(files);
    const settled = read({ status: 'settlement', expiryPrice: 75_000_000n }).perps[0];
    expect(settled).toMatchObject({ status: 'settlement', expiryPrice: 75_000_000n });
    expect(settled?.markPrice).toBe((stored.ammQuoteReserve * stored.ammPeg) / stored.ammBaseReserve);
  });

  it('funding: the last rate and the day`s mean, as parts of the mean that they were measured with', () => {
    const funding = marketFunding(perpWith(files));
    expect(funding.oracleTwap).toBe(76_141_821n);
    expect(funding.dayMeanRate).toBe((3_939_848n * 1_000_000n) / 76_141_821n);
    expect(marketFunding(perpWith(files, { lastFundingTs: 0n }))).toMatchObject({ lastRate: null, dayMeanRate: null });
  });

  it('fee tiers: by the volume of thirty days, which fades from the last trade', () => {
    const nowSeconds = BigInt(NOW_MS / 1000);
    const tier = (takerVolume30d: bigint, ago: bigint) =>
      accountFeeTier(statsWith({ takerVolume30d, takerVolumeTs: nowSeconds - ago }), NOW_MS);
    expect([tier(1_999_999_000_000n, 0n), tier(2_000_000_000_000n, 0n)]).toEqual([0, 1]);
    expect([tier(4_000_000_000_000n, MONTH_SECONDS / 2n), tier(4_000_000_000_000n, MONTH_SECONDS)]).toEqual([1, 0]);
    expect(accountFeeTier(null, NOW_MS)).toBe(0);
    const rate = (feeAdjustment: number) => takerFeeRate(perpWith(files, { feeAdjustment }), stateWith(files), 0);
    expect([rate(0), rate(-50), rate(100)]).toEqual([350n, 175n, 700n]);
  });
});

describeOnVelocity('an account', () => {
  it('holds what it holds: empty slots are left out, whatever market they name', () => {
    const user = userWith({
      subAccount: 3,
      status: 1,
      maxMarginRatio: 2_000,
      totalDeposits: 500n,
      totalWithdraws: 700n,
      settledPerpPnl: -9n,
      'spotPositions.0.scaledBalance': 5_000n,
      'spotPositions.1.marketIndex': 1,
      'spotPositions.2.scaledBalance': 7n,
      'spotPositions.2.marketIndex': 1,
      'spotPositions.2.balanceType': 'borrow',
      'perpPositions.3.base': -2_000_000_000n,
      'perpPositions.3.quote': 150_000_000n,
      'perpPositions.3.quoteEntry': 151_000_000n,
      'perpPositions.3.quoteBreakEven': 150_900_000n,
      'perpPositions.3.lastCumulativeFunding': -12n,
      'perpPositions.3.openOrders': 1,
      'perpPositions.3.openAsks': -1_000_000_000n,
      'orders.5.status': 'open',
      'orders.5.marketType': 'perp',
      'orders.5.direction': 'short',
      'orders.5.orderId': 9,
      'orders.5.base': 1_000_000_000n,
      'orders.5.maxTs': 100n,
      'orders.6.status': 'canceled',
      'orders.6.marketType': 'perp',
    });
    expect(accountOf(user)).toEqual({
      subAccount: 3,
      status: 'being_liquidated',
      maxMarginRatio: 2_000,
      highLeverageMode: false,
      netDeposits: -200n,
      settledPnl: -9n,
      spot: [
        { marketIndex: 0, scaledBalance: 5_000n, kind: 'deposit', openOrders: 0, openBids: 0n, openAsks: 0n },
        { marketIndex: 1, scaledBalance: 7n, kind: 'borrow', openOrders: 0, openBids: 0n, openAsks: 0n },
      ],
      perps: [
        {
          marketIndex: 0,
          baseAmount: -2_000_000_000n,
          quoteAmount: 150_000_000n,
          quoteEntryAmount: 151_000_000n,
          quoteBreakEvenAmount: 150_900_000n,
          lastCumulativeFundingRate: -12n,
          openOrders: 1,
          openBids: 0n,
          openAsks: -1_000_000_000n,
          settledPnl: 0n,
          maxMarginRatio: 0,
        },
      ],
      orders: [
        {
          orderId: 9,
          marketIndex: 0,
          side: 'sell',
          size: 1_000_000_000n,
          filled: 0n,
          reduceOnly: false,
          maxTsMs: 100_000,
        },
      ],
    });
    expect(listsAllOrders(user)).toBe(true);
  });

  it('an order that is counted and not listed shows', () => {
    expect(listsAllOrders(userWith({ 'perpPositions.0.openOrders': 1 }))).toBe(false);
  });
});
