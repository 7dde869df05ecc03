import { expect, it } from '@jest/globals';
import { describeOnDrift } from '../support/drift-program.ts';
import { errorOf, land, positionOf, SOL, stillDrift, trader, USDC } from '../support/drift-still.ts';

describeOnDrift('the keeper', () => {
  it('fills at the AMM from the eleventh slot on, late if told so, or never', async () => {
    const net = await stillDrift();
    const one = await trader(net, 'one');
    const placed = async (size: bigint): Promise<number> => {
      await land(net, one, one.trade({ direction: 'short', size }));
      return net.chain.slot;
    };
    const filledAfter = async (from: number): Promise<number> => {
      const { base } = positionOf(net, one.address);
      while (positionOf(net, one.address).base === base && net.chain.slot < from + 60) await net.advance(1);
      return net.chain.slot - from;
    };
    expect(await filledAfter(await placed(2n * SOL))).toBe(11);
    net.keeper.set({ fillAfterSlots: 30 });
    expect(await filledAfter(await placed(2n * SOL))).toBe(30);
    net.keeper.set({ fills: false });
    expect(await filledAfter(await placed(2n * SOL))).toBe(60);
    expect(positionOf(net, one.address)).toMatchObject({ base: -4n * SOL, openOrders: 1 });
  });

  it('fills in parts by a maker within the auction, the rest at the AMM, or leaves it to expire', async () => {
    const net = await stillDrift({
      keeper: {
        parts: [
          { afterSlots: 3, share: 0.4 },
          { afterSlots: 6, share: 0.2 },
        ],
      },
    });
    const one = await trader(net, 'one', { usdc: 50_000n * USDC });
    await land(net, one, one.trade({ direction: 'short', size: 100n * SOL }));
    const from = net.chain.slot;
    const bases: [number, bigint][] = [];
    while (net.chain.slot < from + 13) {
      await net.advance(1);
      const { base } = positionOf(net, one.address);
      if (base !== (bases.at(-1)?.[1] ?? 0n)) bases.push([net.chain.slot - from, base]);
    }
    expect(bases).toEqual([
      [3, -40n * SOL],
      [6, -60n * SOL],
      [11, -100n * SOL],
    ]);

    net.keeper.set({ amm: false, parts: [{ afterSlots: 2, share: 0.5 }] });
    const maxTs = net.chain.head.time + 60;
    await land(net, one, one.trade({ direction: 'long', size: 10n * SOL, maxTs }));
    await net.advance(30);
    expect(positionOf(net, one.address)).toMatchObject({ base: -95n * SOL, openOrders: 1 });
    net.jump({ seconds: 62 });
    await net.advance(30);
    expect(positionOf(net, one.address)).toMatchObject({ base: -95n * SOL, openOrders: 0 });
  });

  it('gets ahead of a cancel in the same block when told to', async () => {
    const net = await stillDrift({ keeper: { amm: false } });
    const one = await trader(net, 'one');
    await land(net, one, one.trade({ direction: 'short', size: 2n * SOL }));
    await net.advance(15);
    net.keeper.set({ racesCancels: true });
    await land(net, one, one.cancelOrders());
    expect(positionOf(net, one.address)).toMatchObject({ base: -2n * SOL, openOrders: 0 });
  });

  it('fills again what a fork has undone', async () => {
    const net = await stillDrift();
    const one = await trader(net, 'one');
    await land(net, one, one.trade({ direction: 'short', size: 2n * SOL }));
    await net.advance(11);
    expect(positionOf(net, one.address).base).toBe(-2n * SOL);
    net.fork({ depth: 2, fate: 'never' });
    expect(positionOf(net, one.address)).toMatchObject({ base: 0n, openOrders: 1 });
    await net.advance(12);
    expect(positionOf(net, one.address)).toMatchObject({ base: -2n * SOL, openOrders: 0 });
  });

  it('liquidates who falls below maintenance, in steps', async () => {
    const net = await stillDrift();
    const one = await trader(net, 'one', { usdc: 5_000n * USDC });
    await land(net, one, one.trade({ direction: 'short', size: 150n * SOL }));
    await net.advance(12);
    expect(positionOf(net, one.address).base).toBe(-150n * SOL);
    net.oracles.sol.follow({ kind: 'ramp', to: 180, seconds: 300 });
    net.jump({ seconds: 150 });
    await net.advance(12);
    expect(positionOf(net, one.address)).toMatchObject({ base: -150n * SOL, status: 0 });
    net.jump({ seconds: 150 });
    await net.advance(12);
    expect(positionOf(net, one.address).base).toBeGreaterThan(-150n * SOL);
    await net.advance(60);
    expect(positionOf(net, one.address).base).toBeGreaterThan(-20n * SOL);
    expect(positionOf(net, net.maker.address).base).toBeLessThan(-100n * SOL);
  });

  it('costs next to nothing while nobody trades', async () => {
    const net = await stillDrift();
    await net.advance(50);
    const started = process.cpuUsage();
    await net.advance(300);
    const { user, system } = process.cpuUsage(started);
    const perSlotMs = (user + system) / 1_000 / 300;
    expect(perSlotMs).toBeLessThan(20);
    expect(net.chain.head.transactions).toHaveLength(1);
  });

  it('refuses rules that it does not know', async () => {
    const net = await stillDrift();
    expect(() => net.keeper.set({ fils: true } as never)).toThrow('no such rule: fils');
    expect(() => net.keeper.set({ parts: [{ afterSlots: 1, share: 2 }] })).toThrow('no such rule: parts');
    expect(net.keeper.rules.parts).toEqual([]);
  });
});

describeOnDrift('others at the same account', () => {
  it('trade, settle and deposit behind its owner’s back, with the same key or their own', async () => {
    const net = await stillDrift({ fundingHourly: 0.0002 });
    const owner = await trader(net, 'owner', { sol: 20n * SOL });
    await land(net, owner, owner.trade({ direction: 'short', size: 10n * SOL }));
    await net.advance(12);
    const secretKey = owner.wallet.secretKey;
    const twin = net.actor(secretKey);
    expect(twin.user).toBe(owner.user);
    await land(net, twin, twin.trade({ direction: 'long', size: 4n * SOL, reduceOnly: true }));
    await net.advance(12);
    expect(positionOf(net, owner.address).base).toBe(-6n * SOL);
    net.jump({ seconds: 3 * 3600 });
    const { quote } = positionOf(net, owner.address);
    const stranger = await trader(net, 'stranger');
    await land(net, stranger, stranger.settleFunding(owner.address));
    // 3 hours of 0.02 % of 6 SOL at $150, short.
    const received = Number(positionOf(net, owner.address).quote - quote) / 1e6;
    expect(received).toBeCloseTo(0.54, 2);
    await land(net, twin, twin.deposit('SOL', 1n * SOL));
    await land(net, twin, twin.withdraw('USDC', 10n * USDC));
    // Reduce-only withdraws at most the deposit; without it Drift lends the rest.
    await land(net, twin, twin.withdraw('USDC', 30_000n * USDC));
    expect(await errorOf(land(net, twin, twin.withdraw('USDC', 30_000n * USDC, false)))).toBe(6003);
  });
});
