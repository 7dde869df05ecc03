/** What the compiled program logs, in the words that the books and the order's life are written in. */
import { describe, expect, it } from '@jest/globals';
import { describeOnVelocity } from '../../../localnet/tests/support/velocity-files.ts';
import {
  land,
  SOL,
  stillVelocity,
  USDT,
  userOf,
  velocityTrader,
} from '../../../localnet/tests/support/velocity-still.ts';
import type { VelocityLocalnet } from '../../../localnet/velocity/index.ts';
import { interestUpdate } from '../../../localnet/velocity/keeper.ts';
import { encodeBorsh } from '../../../src/venues/solana-perps/borsh-table.ts';
import { eventDiscriminator } from '../../../src/venues/solana-perps/discriminator.ts';
import { velocityPerpsEvents } from '../../../src/venues/velocity/perps-events.ts';
import { SPOT_MARKET, VELOCITY_PROGRAM_ID } from '../../../src/venues/velocity/program/accounts.ts';
import { spotMarketAddress } from '../../../src/venues/velocity/program/addresses.ts';
import { VELOCITY_EVENTS } from '../../../src/venues/velocity/program/events.ts';

const HOUR = 3_600;
type CommonEvent = ReturnType<typeof velocityPerpsEvents>['events'][number];

/** Everything that was logged after a slot, oldest first. */
function eventsAfter(net: VelocityLocalnet, slot: number): readonly CommonEvent[] {
  const newestFirst: CommonEvent[][] = [];
  for (let block = net.chain.head; block.slot > slot && block.parent !== null; block = block.parent) {
    const succeeded = block.transactions.filter(({ error }) => error === null);
    newestFirst.push(succeeded.flatMap(({ logs }) => [...velocityPerpsEvents(logs, VELOCITY_PROGRAM_ID).events]));
  }
  return newestFirst.reverse().flat();
}

const of = <K extends CommonEvent['kind']>(events: readonly CommonEvent[], kind: K) =>
  events.filter((event): event is Extract<CommonEvent, { kind: K }> => event.kind === kind);

describeOnVelocity('the events of the compiled program', (files) => {
  it('a whole cycle adds up to what the account holds', async () => {
    const net = await stillVelocity({ files });
    const from = net.chain.head.slot;
    const ann = await velocityTrader(net, 'ann', { usdt: 1_000n * USDT, sol: 20n * SOL });
    await land(net, ann, ann.placeAndTake({ direction: 'short', base: 10n * SOL, price: 76_000_000n }));
    net.jump({ seconds: 2 * HOUR });
    await land(net, ann, ann.settleFunding());
    const events = eventsAfter(net, from);
    expect(of(events, 'unreadable')).toEqual([]);
    expect(of(events, 'new_user')).toMatchObject([{ user: ann.user, authority: ann.address, subAccount: 0 }]);
    const mine = of(events, 'deposit').filter(({ user }) => user === ann.user);
    expect(mine).toMatchObject([
      { marketIndex: 0, amount: 1_000n * USDT, explanation: 'none', transferUser: null },
      { marketIndex: 1, amount: 20n * SOL, explanation: 'none' },
    ]);
    const [placed] = of(events, 'order_placed');
    expect(placed).toMatchObject({
      user: ann.user,
      marketKind: 'perp',
      orderType: 'market',
      direction: 'short',
      size: 10n * SOL,
      reduceOnly: false,
    });
    const [fill] = of(events, 'fill');
    expect(fill).toMatchObject({
      explanation: 'order_filled_with_amm',
      marketKind: 'perp',
      base: 10n * SOL,
      maker: null,
      taker: { user: ann.user, orderId: placed?.orderId, direction: 'short', size: 10n * SOL, filledBase: 10n * SOL },
    });
    expect(of(events, 'funding_rate').length).toBeGreaterThanOrEqual(2);
    const funding = of(events, 'funding').filter(({ user }) => user === ann.user);
    const position = userOf(net, ann.address).perpPositions[0];
    const paid = funding.reduce((sum, { payment }) => sum + payment, 0n);
    expect(position?.quote).toBe((fill?.quote ?? 0n) - (fill?.takerFee ?? 0n) + paid);
    expect(funding.at(-1)).toMatchObject({ baseAmount: -10n * SOL });

    const closing = net.chain.head.slot;
    await land(
      net,
      ann,
      ann.placeAndTake({ direction: 'long', base: 10n * SOL, price: 77_500_000n, reduceOnly: true }),
    );
    const owed = userOf(net, ann.address).perpPositions[0]?.quote ?? 0n;
    await land(net, ann, ann.settlePnl());
    await land(net, ann, ann.withdraw('SOL', 1n << 63n));
    const ending = eventsAfter(net, closing);
    expect(of(ending, 'settle')).toMatchObject([
      { user: ann.user, pnl: owed, baseAmount: 0n, quoteAmountAfter: 0n, explanation: 'none' },
    ]);
    expect(of(ending, 'withdraw')).toMatchObject([{ user: ann.user, marketIndex: 1, amount: 20n * SOL }]);
  });

  it('an order that we cancel, and one that a keeper removes after its time for a fee', async () => {
    const net = await stillVelocity({ files });
    const ann = await velocityTrader(net, 'ann');
    // Above what the AMM pays: it waits.
    const waiting = { direction: 'short', base: SOL, price: 80_000_000n } as const;
    const from = net.chain.head.slot;
    await land(net, ann, ann.place(waiting));
    await land(net, ann, ann.cancelOrders());
    expect(of(eventsAfter(net, from), 'order_action').filter(({ action }) => action !== 'place')).toMatchObject([
      { action: 'cancel', explanation: 'none', taker: { user: ann.user, filledBase: 0n } },
    ]);
    const before = net.chain.head.slot;
    await land(net, ann, ann.place({ ...waiting, maxTs: BigInt(net.chain.head.time + 30) }));
    net.jump({ seconds: 60 });
    await net.advance(20);
    const [removed] = of(eventsAfter(net, before), 'order_action').filter(({ action }) => action !== 'place');
    expect(removed).toMatchObject({ action: 'cancel', explanation: 'order_expired', taker: { user: ann.user } });
    expect(removed?.fillerReward).toBeGreaterThan(0n);
    expect(userOf(net, ann.address).perpPositions[0]?.quote).toBe(-(removed?.fillerReward ?? 0n));
  });

  it('interest that was booked', async () => {
    const net = await stillVelocity({ files, keeper: { cranks: false } });
    await velocityTrader(net, 'lender', { usdt: 0n, sol: 100n * SOL });
    const debtor = await velocityTrader(net, 'debtor', { usdt: 50_000n * USDT });
    await land(net, debtor, debtor.withdraw('SOL', 50n * SOL, false));
    net.chain.jumpClock(HOUR);
    const from = net.chain.head.slot;
    await land(net, debtor, debtor.send(interestUpdate('SOL')));
    const market = net.read(SPOT_MARKET, spotMarketAddress(1));
    expect(of(eventsAfter(net, from), 'interest')).toEqual([
      {
        kind: 'interest',
        tsMs: net.chain.head.time * 1_000,
        marketIndex: 1,
        cumulativeDepositInterest: market?.depositIndex,
        cumulativeBorrowInterest: market?.borrowIndex,
      },
    ]);
  });

  it('a liquidation', async () => {
    const net = await stillVelocity({ files });
    const eve = await velocityTrader(net, 'eve', { usdt: 300n * USDT });
    await land(net, eve, eve.placeAndTake({ direction: 'short', base: 50n * SOL, price: 75_000_000n }));
    const from = net.chain.head.slot;
    net.oracles.SOL.follow({ kind: 'fixed', price: net.oracles.SOL.price * 1.06 });
    await net.advance(40);
    const [liquidation] = of(eventsAfter(net, from), 'liquidation');
    expect(liquidation).toMatchObject({
      liquidationType: 'perp',
      user: eve.user,
      liquidator: net.keeper === null ? '' : expect.any(String),
      bankrupt: false,
      perp: { marketIndex: 0 },
    });
    expect(liquidation?.perp.base).toBeGreaterThan(0n);
  });
});

describe('events in common words', () => {
  const logs = (name: string, bytes: Uint8Array): readonly string[] => [
    `Program ${VELOCITY_PROGRAM_ID} invoke [1]`,
    `Program data: ${Buffer.concat([Buffer.from(eventDiscriminator(name), 'hex'), bytes]).toString('base64')}`,
  ];
  const user = '11111111111111111111111111111112';
  const swap = {
    ts: 5n,
    user,
    amountOut: 7n,
    amountIn: 8n,
    outMarketIndex: 0,
    inMarketIndex: 1,
    outOraclePrice: 1n,
    inOraclePrice: 2n,
    fee: 3n,
  };

  it('a swap', () => {
    const { events } = velocityPerpsEvents(
      logs('SwapRecord', encodeBorsh(VELOCITY_EVENTS.SwapRecord, swap)),
      VELOCITY_PROGRAM_ID,
    );
    const { outOraclePrice: _out, inOraclePrice: _in, ts: _ts, ...told } = swap;
    expect(events).toEqual([{ kind: 'swap', tsMs: 5_000, ...told }]);
  });

  it.each([
    ['too few bytes', (bytes: Buffer) => bytes.subarray(1)],
    ['too many', (bytes: Buffer) => Buffer.concat([bytes, Buffer.of(1)])],
  ])('%s are unreadable and named, never nothing', (_what, change) => {
    const bytes = change(Buffer.from(encodeBorsh(VELOCITY_EVENTS.SwapRecord, swap)));
    expect(velocityPerpsEvents(logs('SwapRecord', bytes), VELOCITY_PROGRAM_ID).events).toMatchObject([
      { kind: 'unreadable', name: 'SwapRecord' },
    ]);
  });

  it('a move in an unknown direction is unreadable', () => {
    const bytes = Buffer.from(
      encodeBorsh(VELOCITY_EVENTS.DepositRecord, {
        ts: 1n,
        authority: user,
        user,
        direction: 'deposit',
        recordId: 1n,
        amount: 1n,
        marketIndex: 0,
        oraclePrice: 1n,
        marketDepositsScaled: 0n,
        marketBorrowsScaled: 0n,
        depositIndex: 1n,
        borrowIndex: 1n,
        totalDepositsAfter: 1n,
        totalWithdrawsAfter: 0n,
        explanation: 'none',
        transferUser: null,
        signer: null,
        balanceAfter: 1n,
      }),
    );
    const directionAt = 8 + 32 + 32;
    bytes[directionAt] = 9;
    expect(velocityPerpsEvents(logs('DepositRecord', bytes), VELOCITY_PROGRAM_ID).events).toEqual([
      { kind: 'unreadable', name: 'DepositRecord', reason: 'neither a deposit nor a withdrawal' },
    ]);
  });
});
