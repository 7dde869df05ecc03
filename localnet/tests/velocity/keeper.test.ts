import { expect, it } from '@jest/globals';
import { describeOnVelocity } from '../support/velocity-files.ts';
import { land, SOL, stillVelocity, userOf, velocityTrader } from '../support/velocity-still.ts';

describeOnVelocity('the keeper of Velocity', (files) => {
  const short = { direction: 'short', base: 10n * SOL, price: 75_000_000n } as const;
  const auction = { auctionSlots: 40, auctionStartPrice: 76_600_000n, auctionEndPrice: 75_000_000n };

  it('fills at the AMM at once, late if told so, or never', async () => {
    const net = await stillVelocity({ files });
    const one = await velocityTrader(net, 'one');
    const position = () => userOf(net, one.address).perpPositions[0];
    const filledAfter = async (): Promise<number> => {
      await land(net, one, one.place({ ...short, base: SOL }));
      const from = net.chain.slot;
      const before = position()?.base;
      while (position()?.base === before && net.chain.slot < from + 40) await net.advance(1);
      return net.chain.slot - from;
    };
    // By its defaults an auction needs some slots to reach the AMM.
    expect(await filledAfter()).toBeLessThan(35);
    net.keeper.setFor(one.address, { fillAfterSlots: 37 });
    expect(await filledAfter()).toBeGreaterThanOrEqual(37);
    net.keeper.setFor(one.address, { fills: false });
    expect(await filledAfter()).toBe(40);
    expect(position()).toMatchObject({ base: -2n * SOL, openOrders: 1 });
  });

  it('fills in parts by a maker within the auction, the rest at the AMM, or leaves it to expire', async () => {
    const parts = [
      { afterSlots: 3, share: 0.4 },
      { afterSlots: 6, share: 0.2 },
    ];
    const net = await stillVelocity({ files, keeper: { parts, fillAfterSlots: 30 } });
    const one = await velocityTrader(net, 'one');
    const position = () => userOf(net, one.address).perpPositions[0];
    await land(net, one, one.place({ ...short, ...auction }));
    const from = net.chain.slot;
    const bases: [number, bigint][] = [];
    while (net.chain.slot < from + 60) {
      await net.advance(1);
      const base = position()?.base ?? 0n;
      if (base !== (bases.at(-1)?.[1] ?? 0n)) bases.push([net.chain.slot - from, base]);
    }
    expect(bases.slice(0, 2)).toEqual([
      [3, -4n * SOL],
      [6, -6n * SOL],
    ]);
    expect(bases.at(-1)?.[1]).toBe(-10n * SOL);

    net.keeper.set({ amm: false, parts: [{ afterSlots: 2, share: 0.5 }] });
    await land(net, one, one.place({ ...short, ...auction, maxTs: BigInt(net.chain.head.time + 60) }));
    await net.advance(20);
    expect(position()).toMatchObject({ base: -15n * SOL, openOrders: 1 });
    net.jump({ seconds: 62 });
    await net.advance(20);
    expect(position()).toMatchObject({ base: -15n * SOL, openOrders: 0 });
  });

  it('gets ahead of a cancel in the same block when told to', async () => {
    const net = await stillVelocity({ files, keeper: { amm: false } });
    const one = await velocityTrader(net, 'one');
    await land(net, one, one.place(short));
    await net.advance(60);
    net.keeper.set({ racesCancels: true });
    await land(net, one, one.cancelOrders());
    expect(userOf(net, one.address).perpPositions[0]).toMatchObject({ base: -10n * SOL, openOrders: 0 });
  });

  it('refuses rules that it does not know', async () => {
    const net = await stillVelocity({ files });
    expect(() => net.keeper.set({ fils: true } as never)).toThrow('no such rule: fils');
    expect(() => net.keeper.setFor(net.wallet.address, { parts: [{ afterSlots: 1, share: 2 }] })).toThrow(
      'no such rule: parts',
    );
  });
});
