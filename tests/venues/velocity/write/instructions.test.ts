/** The instructions of our intents, landed on the compiled program. */
import { expect, it } from '@jest/globals';
import { errorOf } from '../../../../localnet/tests/support/drift-still.ts';
import { describeOnVelocity } from '../../../../localnet/tests/support/velocity-files.ts';
import {
  land,
  SOL,
  stillVelocity,
  USDT,
  userOf,
  velocityTrader,
} from '../../../../localnet/tests/support/velocity-still.ts';
import { PERP_MARKET } from '../../../../src/venues/velocity/program/accounts.ts';
import { perpMarketAddress } from '../../../../src/venues/velocity/program/addresses.ts';
import {
  cancelInstructions,
  placeInstructions,
  settleInstructions,
} from '../../../../src/venues/velocity/write/instructions.ts';
import { openingCost } from '../../../../src/venues/velocity/write/opening.ts';
import { landed, moved, namesOf, order, ownerOf, readOf } from './support.ts';

/** Nobody but us acts: what happens, our own transactions did. */
const ALONE = { fills: false, cranks: false, liquidates: false } as const;
const TRANSACTION_FEE = 5_000n;

describeOnVelocity('the instructions of our intents on the compiled program', (files) => {
  it('the first deposit opens the account, at the cost that was said before', async () => {
    const net = await stillVelocity({ files, keeper: ALONE });
    const ann = net.actor('ann');
    await net.advance(1);
    const lamports = (): bigint => net.chain.bank.accountAt(net.chain.head, ann.address)?.lamports ?? 0n;
    const before = lamports();
    const cost = openingCost(readOf(net, ann.address));
    await moved(net, ann, 'deposit', 'USDT', 100n * USDT);
    expect(before - lamports()).toBe(cost + TRANSACTION_FEE);
    expect(userOf(net, ann.address).subAccount).toBe(0);
    expect(openingCost(readOf(net, ann.address))).toBe(0n);
    await moved(net, ann, 'deposit', 'SOL', 3n * SOL);
    expect(userOf(net, ann.address).spotPositions[1]?.scaledBalance).toBe(3n * SOL);
  });

  it('a whole cycle needs no keeper: every order fills where it lands', async () => {
    const net = await stillVelocity({ files, keeper: ALONE });
    const ann = await velocityTrader(net, 'ann', { usdt: 100n * USDT, sol: 20n * SOL });
    const owner = ownerOf(ann.address);
    const place = (sol: number, over = {}) => placeInstructions(order(net, sol, over), readOf(net, ann.address), owner);

    await landed(net, ann, place(-10));
    expect(userOf(net, ann.address).perpPositions[0]).toMatchObject({ base: -10n * SOL, openOrders: 0 });
    // More than the position: it ends at zero, and what is left over is no order.
    await landed(net, ann, place(15, { reduceOnly: true }));
    const flat = userOf(net, ann.address).perpPositions[0];
    expect(flat).toMatchObject({ base: 0n, openOrders: 0 });
    const settled = await landed(net, ann, settleInstructions(readOf(net, ann.address), owner));
    expect(settled).toEqual([expect.objectContaining({ name: 'SettlePnlRecord', pnl: flat?.quote, quoteAfter: 0n })]);
    // Nothing is left to settle: it lands, and says so.
    expect(await landed(net, ann, settleInstructions(readOf(net, ann.address), owner))).toEqual([]);
    for (const asset of ['SOL', 'USDT'] as const) await moved(net, ann, 'withdraw', asset, 1n << 62n);
    expect(userOf(net, ann.address).spotPositions.every(({ scaledBalance }) => scaledBalance === 0n)).toBe(true);
  });

  it('settling a market that has ended closes the position at the expiry price, and everything can be withdrawn', async () => {
    const net = await stillVelocity({ files, keeper: ALONE });
    const ann = await velocityTrader(net, 'ann', { usdt: 1_000n * USDT });
    const owner = ownerOf(ann.address);
    await landed(net, ann, placeInstructions(order(net, -2), readOf(net, ann.address), owner));
    const held = userOf(net, ann.address).perpPositions[0];
    const usdtOf = () => {
      const { scaledBalance } = userOf(net, ann.address).spotPositions[0] ?? { scaledBalance: 0n };
      return (scaledBalance * readOf(net, ann.address).quote.market.depositIndex) / 10n ** 13n;
    };
    const before = { usdt: usdtOf(), base: held?.base ?? 0n, quote: held?.quote ?? 0n };
    const expiryPrice = 76_000_000n;
    const ended = { status: 'settlement', expiryTs: BigInt(net.chain.head.time - 1_000_000), expiryPrice } as const;
    net.write(PERP_MARKET, perpMarketAddress(0), ended);
    await net.advance(1);
    const events = await landed(net, ann, settleInstructions(readOf(net, ann.address), owner));
    const closed = events.find(({ name }) => name === 'OrderActionRecord');
    const settled = events.find(({ name }) => name === 'SettlePnlRecord');
    // Two SOL at the expiry price, and the taker's fee of 3.5 basis points.
    const [quote, takerFee] = [152_000_000n, 53_200n];
    expect(closed).toMatchObject({ explanation: 'marketExpired', base: -before.base, quote, takerFee });
    const pnl = before.quote - quote - takerFee;
    expect(settled).toMatchObject({ base: before.base, pnl, quoteAfter: 0n, explanation: 'expiredPosition' });
    expect(userOf(net, ann.address).perpPositions[0]).toMatchObject({ base: 0n, quote: 0n, settledPnl: pnl });
    expect([pnl - 1n, pnl]).toContain(usdtOf() - before.usdt);
    await moved(net, ann, 'withdraw', 'USDT', 1n << 62n);
    expect(userOf(net, ann.address).spotPositions.every(({ scaledBalance }) => scaledBalance === 0n)).toBe(true);
  });

  it('where the oracle is of an earlier slot the order waits as an auction, which a keeper fills or we cancel', async () => {
    const net = await stillVelocity({ files, keeper: ALONE });
    const ann = await velocityTrader(net, 'ann');
    const owner = ownerOf(ann.address);
    const trade = (sol: number, over = {}) =>
      landed(net, ann, placeInstructions(order(net, sol, over), readOf(net, ann.address), owner));
    net.oracles.SOL.trouble({ frozen: true });
    await trade(-1);
    expect(userOf(net, ann.address).perpPositions[0]).toMatchObject({ base: 0n, openOrders: 1, openAsks: -SOL });
    const cancelled = await landed(net, ann, cancelInstructions(readOf(net, ann.address), owner));
    expect(cancelled).toEqual([expect.objectContaining({ name: 'OrderActionRecord', action: 'cancel' })]);
    expect(userOf(net, ann.address).perpPositions[0]).toMatchObject({ openOrders: 0, openAsks: 0n });

    await trade(-1);
    net.oracles.SOL.trouble({ frozen: false });
    net.keeper.set({ fills: true });
    await net.advance(3);
    expect(userOf(net, ann.address).perpPositions[0]).toMatchObject({ base: -SOL, openOrders: 0 });
  });

  it('a price that the AMM does not offer is never filled, and a limit between two ticks never becomes worse', async () => {
    const net = await stillVelocity({ files, keeper: { ...ALONE, fills: true } });
    const ann = await velocityTrader(net, 'ann');
    const intent = order(net, -1, { priceLimit: '76400001' });
    await landed(net, ann, placeInstructions(intent, readOf(net, ann.address), ownerOf(ann.address)));
    await net.advance(40);
    const { perpPositions, orders } = userOf(net, ann.address);
    expect(perpPositions[0]).toMatchObject({ base: 0n, openOrders: 1 });
    expect(orders.find(({ status }) => status === 'open')?.price).toBeGreaterThanOrEqual(76_400_001n);
  });

  it('settles while the oracle is away from its average, where settling alone is refused', async () => {
    const net = await stillVelocity({ files, keeper: ALONE });
    const ann = await velocityTrader(net, 'ann');
    const owner = ownerOf(ann.address);
    await landed(net, ann, placeInstructions(order(net, -10), readOf(net, ann.address), owner));
    net.oracles.SOL.follow({ kind: 'fixed', price: net.oracles.SOL.price * 1.01 });
    await net.advance(1);
    const together = settleInstructions(readOf(net, ann.address), owner);
    // The try passes over the refusal in silence.
    expect(namesOf(await landed(net, ann, together.slice(1)))).not.toContain('SettlePnlRecord');
    expect(namesOf(await landed(net, ann, together))).toContain('SettlePnlRecord');
  });

  it('a withdrawal of more than there is pays what there is, and lends nothing', async () => {
    const net = await stillVelocity({ files, keeper: ALONE });
    await velocityTrader(net, 'lender', { usdt: 0n, sol: 500n * SOL });
    const ann = await velocityTrader(net, 'ann', { sol: 2n * SOL });
    const [record] = await moved(net, ann, 'withdraw', 'SOL', 5n * SOL);
    expect(record).toMatchObject({ name: 'DepositRecord', direction: 'withdraw', amount: 2n * SOL });
    expect(userOf(net, ann.address).spotPositions[1]?.scaledBalance).toBe(0n);
    // The program itself would have lent it.
    await land(net, ann, ann.withdraw('SOL', SOL, false));
    expect(userOf(net, ann.address).spotPositions[1]).toMatchObject({ balanceType: 'borrow' });
  });

  it('an order that lands after its time is refused, and leaves nothing behind', async () => {
    const net = await stillVelocity({ files, keeper: ALONE });
    const ann = await velocityTrader(net, 'ann');
    const past = order(net, -1, { maxTsMs: net.chain.head.time * 1_000 - 1_000 });
    const owner = ownerOf(ann.address);
    const read = readOf(net, ann.address);
    const late = landed(net, ann, placeInstructions(past, { ...read, blockTimeMs: past.maxTsMs }, owner));
    expect(await errorOf(late.then(() => {}))).toBe(6061);
    // Known to be late when it is built, it lands and is skipped.
    expect(await landed(net, ann, placeInstructions(past, read, owner))).toEqual([]);
    expect(userOf(net, ann.address).orders.some(({ status }) => status === 'open')).toBe(false);
  });

  it('a cancel of nothing lands and does nothing, and a size between two steps is cut in silence', async () => {
    const net = await stillVelocity({ files, keeper: ALONE });
    const ann = await velocityTrader(net, 'ann');
    const owner = ownerOf(ann.address);
    expect(await landed(net, ann, cancelInstructions(readOf(net, ann.address), owner))).toEqual([]);
    // Shared code refuses such a size before anything is built.
    const odd = order(net, -1, { size: String(-SOL - 1n) });
    await landed(net, ann, placeInstructions(odd, readOf(net, ann.address), owner));
    expect(userOf(net, ann.address).perpPositions[0]?.base).toBe(-SOL);
  });

  it('books the interest of a debt before it asks for margin', async () => {
    const net = await stillVelocity({ files, keeper: ALONE });
    await velocityTrader(net, 'lender', { usdt: 0n, sol: 500n * SOL });
    const ann = await velocityTrader(net, 'ann', { usdt: 20_000n * USDT });
    const owner = ownerOf(ann.address);
    await moved(net, ann, 'deposit', 'SOL', SOL);
    expect(placeInstructions(order(net, -1), readOf(net, ann.address), owner)).toHaveLength(1);
    ann.withdraw('SOL', 10n * SOL, false);
    await net.advance(1);
    const asks = [
      () => landed(net, ann, placeInstructions(order(net, -1), readOf(net, ann.address), owner)),
      () => moved(net, ann, 'withdraw', 'USDT', USDT),
    ];
    for (const ask of asks) {
      net.chain.jumpClock(3 * 3_600);
      await net.advance(1);
      expect(namesOf(await ask())[0]).toBe('SpotInterestRecord');
    }
    // What takes risk away waits for nothing.
    expect(placeInstructions(order(net, 1, { reduceOnly: true }), readOf(net, ann.address), owner)).toHaveLength(1);
  });
});
