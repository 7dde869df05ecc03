/** The tables against accounts of mainnet, slot 438,024,296. */
import { expect, it } from '@jest/globals';
import { describeOnVelocity } from '../../../../localnet/tests/support/velocity-files.ts';
import { decodeAccount } from '../../../../src/venues/solana-perps/account-layout.ts';
import { PYTH_LAZER_ORACLE } from '../../../../src/venues/solana-perps/oracle-accounts.ts';
import { PERP_MARKET, SPOT_MARKET, STATE } from '../../../../src/venues/velocity/program/accounts.ts';
import {
  oracleAddress,
  PYTH_LAZER_FEEDS,
  perpMarketAddress,
  signerAddress,
  spotMarketAddress,
  vaultAddress,
} from '../../../../src/venues/velocity/program/addresses.ts';

describeOnVelocity('accounts of mainnet', ({ dumps }) => {
  it('State', () => {
    const state = decodeAccount(STATE, dumps.state);
    expect(state).toMatchObject({
      signer: signerAddress(),
      coldAdmin: '8jj7zJgdr5bDndc7evM74FMGwzLPmd4u4QxNzFi1BMai',
      spotMarkets: 2,
      exchangeStatus: 0,
      fillerFee: 10_000n,
      liquidationBuffer: 200,
      slotsBeforeStaleForAmm: 10n,
      slotsBeforeStaleForMargin: 120n,
      maxConfidence: 20_000n,
    });
    expect(state.perpFeeTiers.slice(0, 6).map((tier) => tier.takerNumerator)).toEqual([42, 36, 33, 30, 27, 24]);
    expect(new Set(state.perpFeeTiers.map((tier) => tier.takerDenominator))).toEqual(new Set([120_000]));
  });

  it('SOL-PERP', () => {
    const market = decodeAccount(PERP_MARKET, dumps.perpMarket);
    expect(market).toMatchObject({
      address: perpMarketAddress(0),
      oracle: oracleAddress(PYTH_LAZER_FEEDS.SOL),
      oracleSource: 12,
      status: 'active',
      baseLong: 202_040_000_000n,
      baseShort: -236_170_000_000n,
      netUserBase: -34_130_000_000n,
      maxOpenInterest: 1_359_780_000_000n,
      cumulativeFundingShort: -2_337_636_903n,
      cumulativeFundingLong: -2_337_636_903n,
      fundingDeadZoneBps: 5,
      fundingRampSlope: 1_000_000,
      stepSize: 10_000_000n,
      tickSize: 1_000n,
      minOrderSize: 10_000_000n,
      marginRatioInitial: 500,
      marginRatioMaintenance: 300,
      gainWeightInitial: 0,
      gainWeightMaintenance: 10_000,
      imfFactor: 50,
      fundingPeriod: 3_600n,
      fundingRate24h: 3_939_848n,
      expiryTs: 0n,
      marketIndex: 0,
    });
    // The AMM is the other side of all users, and its reserves lie on its curve.
    expect(market.netUserBase).toBe(market.baseLong + market.baseShort);
    const product = market.ammBaseReserve * market.ammQuoteReserve;
    expect(market.ammSqrtK ** 2n - product).toBeLessThan(market.ammBaseReserve);
    expect(market.ammMinBaseReserve).toBeLessThan(market.ammBaseReserve);
    expect(market.ammMaxBaseReserve).toBeGreaterThan(market.ammBaseReserve);
  });

  it('USDT', () => {
    expect(decodeAccount(SPOT_MARKET, dumps.quoteMarket)).toMatchObject({
      address: spotMarketAddress(0),
      vault: vaultAddress(0),
      oracle: oracleAddress(PYTH_LAZER_FEEDS.USDT),
      oracleSource: 15,
      mint: 'Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB',
      status: 'active',
      decimals: 6,
      marketIndex: 0,
      depositIndex: 10_000_000_526n,
      borrowIndex: 10_004_891_168n,
      withdrawGuard: 9_500_000_000n,
      maxDeposits: 500_000_000_000n,
      optimalUtilization: 800_000,
      optimalBorrowRate: 52_500,
      maxBorrowRate: 900_000,
      minBorrowRate: 1,
      insuranceFeeFactor: 50_000,
      protocolFeeFactor: 50_000,
      assetWeightInitial: 10_000,
      debtWeightMaintenance: 10_000,
    });
  });

  it('the oracles of SOL and USDT', () => {
    expect(decodeAccount(PYTH_LAZER_ORACLE, dumps.solOracle)).toMatchObject({
      price: 7_634_075_573n,
      publishedAtMicros: 1_786_205_423_000_000n,
      postedSlot: 438_024_291n,
      exponent: -8,
      confidence: 15_268_151n,
    });
    expect(decodeAccount(PYTH_LAZER_ORACLE, dumps.quoteOracle)).toMatchObject({ price: 99_928_995n, exponent: -8 });
  });

  it('an account of another kind is refused by name', () => {
    expect(() => decodeAccount(SPOT_MARKET, dumps.perpMarket)).toThrow('These bytes are not a SpotMarket');
  });
});
