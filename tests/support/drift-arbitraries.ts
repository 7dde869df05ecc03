/** Generators of Drift accounts and of the state of its markets, as plain figures, and how they become SDK accounts. */
import type { OraclePriceData } from '@drift-labs/sdk';
import fc from 'fast-check';
import {
  blank,
  bn,
  type Chain,
  decodeBytes,
  encodeBytes,
  perpOracleKey,
  spotOracleKey,
  throughBytes,
  variantOf,
} from './drift-accounts.ts';

const BPS = 10_000n;
const OWN_ORACLE_SEQUENCE = 1_700_000_000n;
/** The SDK's health overflows beyond 9e15 micro-USD, so of the dear assets (wBTC, BTC-PERP) there is less. */
const DEAR_SPOT_INDEX = 2;
const DEAR_PERP_INDEX = 1;
const DEAR_DIVISOR = 400n;

/** From dust to a whale; 0 too. At 1e9 per token, so that every decimals works. */
const scaledBalance = fc.oneof(
  fc.constant(0n),
  fc.bigInt(1n, 1_000n),
  fc.bigInt(1n, 1_000_000_000_000n),
  fc.bigInt(1n, 200_000_000_000_000n),
);
const base = fc.oneof(
  fc.constant(0n),
  fc.bigInt(-1_000n, 1_000n),
  fc.bigInt(-2_000_000_000_000n, 2_000_000_000_000n),
  fc.bigInt(-900_000_000_000_000n, 900_000_000_000_000n),
);
const quoteAmount = fc.oneof(
  fc.constant(0n),
  fc.bigInt(-1_000n, 1_000n),
  fc.bigInt(-90_000_000_000_000n, 90_000_000_000_000n),
);
const openOrders = fc.oneof(
  { weight: 2, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 32 }) },
);
const orderSize = fc.oneof(fc.constant(0n), fc.bigInt(1n, 3_000_000_000_000n));
const customRatio = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 15_000 }) },
);

const spotPosition = fc.record({
  scaledBalance,
  kind: fc.constantFrom<'deposit' | 'borrow'>('deposit', 'deposit', 'borrow'),
  openOrders,
  openBids: orderSize,
  openAsks: orderSize,
});

const perpPosition = fc.record({
  base,
  quote: quoteAmount,
  entry: quoteAmount,
  breakEven: quoteAmount,
  funding: fc.bigInt(-80_000_000_000n, 80_000_000_000n),
  openOrders,
  openBids: orderSize,
  openAsks: orderSize,
  settledPnl: quoteAmount,
  maxMarginRatio: customRatio,
});

const spotState = fc.record({
  oracle: fc.bigInt(5_000n, 20_000n),
  twap: fc.bigInt(7_000n, 13_000n),
  twapAgeSeconds: fc.integer({ min: 0, max: 900 }),
  depositInterest: fc.bigInt(10_000_000_000n, 16_000_000_000n),
  borrowInterest: fc.bigInt(10_000_000_000n, 25_000_000_000n),
  imfFactor: fc.option(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 20_000 }))),
  scaleStart: fc.option(fc.oneof(fc.constant(0n), fc.bigInt(1n, 500_000_000_000_000n))),
  depositBalance: fc.option(fc.bigInt(1n, 9_000_000_000_000_000n)),
  borrowPpm: fc.bigInt(0n, 1_000_000n),
  withdrawGuard: fc.option(fc.bigInt(0n, 9_000_000_000_000_000n)),
  utilizationTwap: fc.bigInt(0n, 1_000_000n),
});

const perpState = fc.record({
  oracle: fc.bigInt(5_000n, 20_000n),
  twap: fc.bigInt(7_000n, 13_000n),
  ownOracle: fc.option(
    fc.record({
      gap: fc.bigInt(-150n, 150n),
      slotsAhead: fc.integer({ min: -5, max: 5 }),
      sequence: fc.option(fc.integer({ min: -300_000, max: 300_000 })),
    }),
  ),
  fundingLong: fc.bigInt(-80_000_000_000n, 80_000_000_000n),
  fundingShort: fc.bigInt(-80_000_000_000n, 80_000_000_000n),
  imfFactor: fc.option(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 20_000 }))),
  pnlImfFactor: fc.option(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 20_000 }))),
  pnlInitialWeight: fc.integer({ min: 0, max: 10_000 }),
  pnlMaintenanceWeight: fc.constantFrom(10_000, 9_000),
  maxImbalance: fc.option(fc.bigInt(0n, 40_000_000_000_000n)),
  netBase: fc.bigInt(-900_000_000_000_000n, 900_000_000_000_000n),
  netQuote: fc.bigInt(-90_000_000_000_000n, 90_000_000_000_000n),
  pnlPool: fc.bigInt(0n, 3_000_000_000_000_000n),
  highLeverage: fc.option(fc.constantFrom([100, 66] as const, [0, 0] as const, [300, 180] as const)),
  status: fc.constantFrom('active', 'active', 'active', 'reduceOnly', 'settlement'),
});

/** Deposits with small positions against them: accounts that are neither broke nor idle. */
const soundSpot = spotPosition.map((drawn) => ({
  ...drawn,
  kind: drawn.scaledBalance % 5n === 0n ? ('borrow' as const) : ('deposit' as const),
}));
const soundPerp = fc
  .tuple(perpPosition, fc.bigInt(-400_000_000_000n, 400_000_000_000n), fc.bigInt(-9_000_000_000n, 9_000_000_000n))
  .map(([drawn, small, quote]) => ({
    ...drawn,
    base: small,
    quote,
    openBids: drawn.openBids / 100n,
    openAsks: drawn.openAsks / 100n,
  }));

const accountOf = (spot: typeof spotPosition, perp: typeof perpPosition, quoteFrom: bigint) =>
  fc.record({
    quote: fc.record({
      scaledBalance: scaledBalance.map((balance) => balance + quoteFrom),
      kind: fc.constantFrom('deposit', quoteFrom > 0n ? 'deposit' : 'borrow'),
    }),
    spot: fc.array(fc.option(spot), { minLength: 4, maxLength: 4 }),
    perps: fc.array(fc.option(perp), { minLength: 4, maxLength: 4 }),
    maxMarginRatio: customRatio,
    marginMode: fc.constantFrom('default', 'default', 'highLeverage', 'highLeverageMaintenance'),
    status: fc.constantFrom(0, 0, 0, 0, 1, 2, 4, 12),
    totalDeposits: fc.bigInt(0n, 9_000_000_000_000n),
    totalWithdraws: fc.bigInt(0n, 9_000_000_000_000n),
  });

const account = fc.oneof(
  accountOf(spotPosition, perpPosition, 0n),
  accountOf(soundSpot, soundPerp, 50_000_000_000_000n),
);

export const driftCase = fc.record({
  account,
  spot: fc.array(spotState, { minLength: 5, maxLength: 5 }),
  perps: fc.array(perpState, { minLength: 4, maxLength: 4 }),
  secondsLater: fc.oneof(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 200_000 })),
});
export type DriftCase = typeof driftCase extends fc.Arbitrary<infer T> ? T : never;

const PRICE_ONE = 1_000_000n;
const scale = (value: bigint, bps: bigint): bigint => (value * bps) / BPS;
const big = (value: { toString(): string }): bigint => BigInt(value.toString());

/** The chain moved to the case's prices and parameters, each account written to bytes and read back. */
export async function chainOf(from: Chain, drawn: DriftCase): Promise<Chain> {
  const oracles = new Map<string, OraclePriceData>();
  const spot = await Promise.all(
    from.spot.map(async (market, i) => {
      const moved = decodeBytes('SpotMarket', await encodeBytes('SpotMarket', market));
      const to = drawn.spot[i];
      const oracle = from.oracles.get(spotOracleKey(market));
      if (to === undefined || oracle === undefined) throw new Error(`no case for ${market.marketIndex}`);
      // A quote asset is at 1 USD in half of the cases, and near it in the others.
      const isQuote = market.marketIndex === 0;
      const near = scale(big(oracle.price), isQuote ? 9_800n + to.oracle / 50n : to.oracle);
      const current = isQuote && to.twapAgeSeconds % 2 === 0 ? PRICE_ONE : near;
      oracles.set(spotOracleKey(market), { ...oracle, price: bn(current), confidence: bn(current / 10_000n) });
      const history = moved.historicalOracleData;
      history.lastOraclePriceTwap = oracle.price;
      history.lastOraclePriceTwap5Min = bn(scale(current, to.twap));
      history.lastOraclePriceTwapTs = bn(from.nowSeconds - to.twapAgeSeconds);
      moved.cumulativeDepositInterest = bn(to.depositInterest);
      moved.cumulativeBorrowInterest = bn(to.borrowInterest);
      if (to.imfFactor !== null && market.marketIndex !== 0) moved.imfFactor = to.imfFactor;
      if (to.scaleStart !== null) moved.scaleInitialAssetWeightStart = bn(to.scaleStart);
      if (to.depositBalance !== null) {
        moved.depositBalance = bn(to.depositBalance);
        moved.borrowBalance = bn((to.depositBalance * to.borrowPpm) / 1_000_000n);
      }
      if (to.withdrawGuard !== null) moved.withdrawGuardThreshold = bn(to.withdrawGuard);
      moved.utilizationTwap = bn(to.utilizationTwap);
      return throughBytes('SpotMarket', moved);
    }),
  );
  const perps = await Promise.all(
    from.perps.map(async (market, i) => {
      const moved = decodeBytes('PerpMarket', await encodeBytes('PerpMarket', market));
      const to = drawn.perps[i];
      const name = perpOracleKey(market);
      const oracle = from.oracles.get(name);
      if (to === undefined || oracle === undefined) throw new Error(`no case for perp ${market.marketIndex}`);
      const { amm } = moved;
      const current = big((oracles.get(name) ?? { price: bn(scale(big(oracle.price), to.oracle)) }).price);
      const sequence = to.ownOracle?.sequence ?? null;
      oracles.set(name, {
        ...oracle,
        price: bn(current),
        confidence: bn(current / 10_000n),
        ...(sequence === null ? {} : { sequenceId: bn(OWN_ORACLE_SEQUENCE) }),
      });
      amm.historicalOracleData.lastOraclePriceTwap = oracle.price;
      amm.historicalOracleData.lastOraclePriceTwap5Min = bn(scale(current, to.twap));
      amm.mmOraclePrice = bn(0);
      amm.mmOracleSlot = bn(0);
      amm.mmOracleSequenceId = bn(0);
      if (to.ownOracle !== null) {
        amm.mmOraclePrice = bn(scale(current, BPS + to.ownOracle.gap));
        amm.mmOracleSlot = bn(oracle.slot.toNumber() + to.ownOracle.slotsAhead);
        if (sequence !== null) amm.mmOracleSequenceId = bn(OWN_ORACLE_SEQUENCE + BigInt(sequence));
      }
      amm.cumulativeFundingRateLong = bn(to.fundingLong);
      amm.cumulativeFundingRateShort = bn(to.fundingShort);
      amm.baseAssetAmountWithAmm = bn(to.netBase);
      amm.quoteAssetAmount = bn(to.netQuote);
      moved.pnlPool.scaledBalance = bn(to.pnlPool);
      if (to.imfFactor !== null) moved.imfFactor = to.imfFactor;
      if (to.pnlImfFactor !== null) moved.unrealizedPnlImfFactor = to.pnlImfFactor;
      moved.unrealizedPnlInitialAssetWeight = to.pnlInitialWeight;
      moved.unrealizedPnlMaintenanceAssetWeight = to.pnlMaintenanceWeight;
      if (to.maxImbalance !== null) moved.unrealizedPnlMaxImbalance = bn(to.maxImbalance);
      if (to.highLeverage !== null) {
        [moved.highLeverageMarginRatioInitial, moved.highLeverageMarginRatioMaintenance] = to.highLeverage;
      }
      moved.status = variantOf(to.status);
      return throughBytes('PerpMarket', moved);
    }),
  );
  return {
    state: await throughBytes('State', from.state),
    spot,
    perps,
    oracles,
    slot: from.slot,
    nowSeconds: from.nowSeconds + drawn.secondsLater,
  };
}

/** The account as the chain would hold it. */
export function bytesOfUser(drawn: DriftCase): Promise<Buffer> {
  const user = blank('User');
  const { account: from } = drawn;
  user.maxMarginRatio = from.maxMarginRatio;
  user.marginMode = variantOf(from.marginMode);
  user.status = from.status;
  user.totalDeposits = bn(from.totalDeposits);
  user.totalWithdraws = bn(from.totalWithdraws);
  const quote = user.spotPositions[0];
  if (quote === undefined) throw new Error('a user has eight spot positions');
  quote.scaledBalance = bn(from.quote.scaledBalance);
  quote.balanceType = variantOf(from.quote.kind);
  from.spot.forEach((drawnPosition, i) => {
    const position = user.spotPositions[i + 1];
    if (drawnPosition === null || position === undefined) return;
    const { scaledBalance: scaled, kind, openOrders: orders, openBids, openAsks } = drawnPosition;
    position.marketIndex = i + 1;
    position.scaledBalance = bn(i + 1 === DEAR_SPOT_INDEX ? scaled / DEAR_DIVISOR : scaled);
    position.balanceType = variantOf(kind);
    position.openOrders = orders;
    const perToken = i + 1 === DEAR_SPOT_INDEX ? DEAR_DIVISOR : 1n;
    position.openBids = bn(orders > 0 ? openBids / perToken : 0n);
    position.openAsks = bn(orders > 0 ? -openAsks / perToken : 0n);
  });
  from.perps.forEach((drawnPosition, i) => {
    const position = user.perpPositions[i];
    if (drawnPosition === null || position === undefined) return;
    position.marketIndex = i;
    position.baseAssetAmount = bn(i === DEAR_PERP_INDEX ? drawnPosition.base / DEAR_DIVISOR : drawnPosition.base);
    position.quoteAssetAmount = bn(drawnPosition.quote);
    position.quoteEntryAmount = bn(drawnPosition.entry);
    position.quoteBreakEvenAmount = bn(drawnPosition.breakEven);
    position.lastCumulativeFundingRate = bn(drawnPosition.funding);
    position.openOrders = drawnPosition.openOrders;
    position.openBids = bn(drawnPosition.openOrders > 0 ? drawnPosition.openBids : 0n);
    position.openAsks = bn(drawnPosition.openOrders > 0 ? -drawnPosition.openAsks : 0n);
    position.settledPnl = bn(drawnPosition.settledPnl);
    position.maxMarginRatio = drawnPosition.maxMarginRatio;
  });
  return encodeBytes('User', user);
}
