import { expect, it } from '@jest/globals';
import { PERP_MARKET, SPOT_MARKET } from '../../../src/venues/velocity/program/accounts.ts';
import { perpMarketAddress, spotMarketAddress } from '../../../src/venues/velocity/program/addresses.ts';
import { errorOf } from '../support/drift-still.ts';
import { describeOnVelocity } from '../support/velocity-files.ts';
import { eventsSince, land, SOL, stillVelocity, USDT, userOf, velocityTrader } from '../support/velocity-still.ts';

const HOUR = 3_600;
const ceilDiv = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;

describeOnVelocity('the real Velocity program', (files) => {
  it('deposits, opens in one transaction, receives or pays hours of funding, closes, settles and withdraws all', async () => {
    const net = await stillVelocity({ files });
    const ann = await velocityTrader(net, 'ann', { usdt: 1_000n * USDT, sol: 20n * SOL });
    const tokensBefore = userOf(net, ann.address).spotPositions;
    expect(tokensBefore[1]).toMatchObject({ scaledBalance: 20n * SOL, marketIndex: 1, balanceType: 'deposit' });

    // The oracle is posted in each block's slot: no keeper is needed.
    const opened = await land(net, ann, ann.placeAndTake({ direction: 'short', base: 10n * SOL, price: 76_000_000n }));
    const fill = opened.find((event) => event.name === 'OrderActionRecord' && event.action === 'fill');
    if (fill?.name !== 'OrderActionRecord') throw new Error('nothing was filled');
    expect(fill).toMatchObject({ base: 10n * SOL, maker: null, taker: ann.user, takerDirection: 'short' });
    const quote = fill.quote ?? 0n;
    const fee = ceilDiv(quote * 42n, 120_000n);
    expect(fill.takerFee).toBe(fee);
    expect(userOf(net, ann.address).perpPositions[0]).toMatchObject({
      base: -10n * SOL,
      quote: quote - fee,
      quoteEntry: quote,
      openOrders: 0,
    });

    const openedAt = net.chain.head.slot;
    net.jump({ seconds: 2 * HOUR });
    const rates = eventsSince(net, openedAt).filter((event) => event.name === 'FundingRateRecord');
    expect(rates.length).toBeGreaterThanOrEqual(2);
    const before = userOf(net, ann.address).perpPositions[0];
    const [payment] = await land(net, ann, ann.settleFunding());
    const market = net.read(PERP_MARKET, perpMarketAddress(0));
    const received = ((market?.cumulativeFundingShort ?? 0n) - (before?.lastCumulativeFunding ?? 0n)) / 100n;
    expect(payment).toMatchObject({ name: 'FundingPaymentRecord', payment: received, base: -10n * SOL });
    expect(userOf(net, ann.address).perpPositions[0]?.quote).toBe((before?.quote ?? 0n) + received);

    await land(
      net,
      ann,
      ann.placeAndTake({ direction: 'long', base: 10n * SOL, price: 77_500_000n, reduceOnly: true }),
    );
    const owed = userOf(net, ann.address).perpPositions[0]?.quote ?? 0n;
    const [settled] = await land(net, ann, ann.settlePnl());
    expect(settled).toMatchObject({ name: 'SettlePnlRecord', pnl: owed, base: 0n, quoteAfter: 0n });

    // A reduce-only withdrawal of too much takes all.
    for (const asset of ['SOL', 'USDT'] as const) await land(net, ann, ann.withdraw(asset, 1n << 63n));
    const { spotPositions, perpPositions } = userOf(net, ann.address);
    expect(
      [...spotPositions, ...perpPositions].every((one) => !('scaledBalance' in one) || one.scaledBalance === 0n),
    ).toBe(true);
    expect(perpPositions[0]).toMatchObject({ base: 0n, quote: 0n });
  });

  it('an order that waits is filled by the keeper', async () => {
    const net = await stillVelocity({ files });
    const bob = await velocityTrader(net, 'bob');
    await land(net, bob, bob.place({ direction: 'short', base: 2n * SOL, price: 75_500_000n }));
    expect(userOf(net, bob.address).orders.filter(({ status }) => status === 'open')).toHaveLength(1);
    expect(net.keeper.orders).toHaveLength(1);
    await net.advance(60);
    expect(userOf(net, bob.address).perpPositions[0]).toMatchObject({ base: -2n * SOL, openOrders: 0 });
    expect(net.keeper.orders).toHaveLength(0);
  });

  it('place and take is refused when the oracle was posted in an earlier slot', async () => {
    const net = await stillVelocity({ files });
    const ann = await velocityTrader(net, 'ann');
    net.oracles.SOL.trouble({ frozen: true });
    const order = { direction: 'short', base: SOL, price: 75_500_000n } as const;
    // Without a success condition the order is placed and left open.
    await land(net, ann, ann.placeAndTake(order));
    expect(userOf(net, ann.address).perpPositions[0]).toMatchObject({ base: 0n, openOrders: 1 });
  });

  it.each([
    ['a size below the step', { direction: 'short', base: 1n, price: 75_500_000n }, 6059],
    ['more than the margin allows', { direction: 'short', base: 100_000n * SOL, price: 75_500_000n }, 6003],
  ] as const)('%s is refused by the program’s number', async (_what, order, number) => {
    const net = await stillVelocity({ files, keeper: { fills: false } });
    const ann = await velocityTrader(net, 'ann');
    expect(await errorOf(land(net, ann, ann.place(order)).then(() => {}))).toBe(number);
  });

  it('liquidates who falls below maintenance, and logs it as the table says', async () => {
    const net = await stillVelocity({ files });
    const eve = await velocityTrader(net, 'eve', { usdt: 300n * USDT });
    await land(net, eve, eve.placeAndTake({ direction: 'short', base: 50n * SOL, price: 75_000_000n }));
    const openedAt = net.chain.head.slot;
    const price = net.oracles.SOL.price;
    net.oracles.SOL.follow({ kind: 'fixed', price: price * 1.06 });
    await net.advance(40);
    const liquidations = eventsSince(net, openedAt).filter((event) => event.name === 'LiquidationRecord');
    expect(liquidations[0]).toMatchObject({
      liquidationType: 'perp',
      user: eve.user,
      bankrupt: false,
      perpMarketIndex: 0,
    });
  });

  it('keeps the parameters of mainnet and makes the market of SOL that the dumps lack', async () => {
    const net = await stillVelocity({ files });
    expect(net.read(SPOT_MARKET, spotMarketAddress(1))).toMatchObject({
      marketIndex: 1,
      status: 'active',
      decimals: 9,
      assetWeightInitial: 8_000,
      debtWeightMaintenance: 11_000,
      minBorrowRate: 1,
      maxDeposits: 33_088n * SOL,
      withdrawGuard: 117n * SOL,
    });
    expect(net.read(PERP_MARKET, perpMarketAddress(0))).toMatchObject({
      netUserBase: -34_130_000_000n,
      marginRatioInitial: 500,
    });
  });

  it('a field can be changed, and a wrong one is refused at once', async () => {
    const net = await stillVelocity({ files });
    net.write(PERP_MARKET, perpMarketAddress(0), { marginRatioInitial: 1_000 });
    await net.advance(1);
    expect(net.read(PERP_MARKET, perpMarketAddress(0))?.marginRatioInitial).toBe(1_000);
    expect(() => net.write(PERP_MARKET, perpMarketAddress(0), { marginRatio: 1 })).toThrow(RangeError);
  });
});
