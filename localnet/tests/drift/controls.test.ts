import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import type { DriftLocalnet } from '../../drift/index.ts';
import { describeOnDrift } from '../support/drift-program.ts';
import { errorOf, land, positionOf, SOL, stillDrift, trader, USDC } from '../support/drift-still.ts';
import { onTestFinished } from '../support/on-test-finished.ts';

const MARKET = { kind: 'PerpMarket', index: 0 } as const;

async function control(net: DriftLocalnet, path: string, body?: object): Promise<Record<string, unknown>> {
  const post = { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(`${net.controlUrl}${path}`, body === undefined ? {} : post);
  return { status: response.status, ...((await response.json()) as object) };
}

describeOnDrift('funding', () => {
  it('is as steered, period by period over a jump of the clock, and short receives when it is positive', async () => {
    const net = await stillDrift();
    const one = await trader(net, 'one', { sol: 50n * SOL });
    await land(net, one, one.trade({ direction: 'short', size: 10n * SOL }));
    await net.advance(12);
    const due = (): bigint => net.accounts.read(MARKET, 'amm.cumulativeFundingRateShort') ?? 0n;
    for (const hourly of [0.0003, -0.0002]) {
      net.funding.steer(hourly);
      net.jump({ seconds: net.funding.secondsLeft() + 60 });
      const before = due();
      net.jump({ seconds: 12 * 3600 });
      const perHour = Number(due() - before) / 12 / 1e9 / 150;
      expect(perHour / hourly).toBeGreaterThan(0.995);
      expect(perHour / hourly).toBeLessThan(1.005);
    }
    const { quote } = positionOf(net, one.address);
    await land(net, one, one.settleFunding());
    expect(positionOf(net, one.address).quote).toBeGreaterThan(quote);
  });

  it('stops while it is paused, and goes on afterwards with one period', async () => {
    const net = await stillDrift({ fundingHourly: 0.0002 });
    net.pauses.perp(['funding']);
    await net.advance(2);
    const before = net.accounts.read(MARKET, 'amm.cumulativeFundingRateLong');
    net.jump({ seconds: 3 * 3600 });
    await net.advance(5);
    expect(net.accounts.read(MARKET, 'amm.cumulativeFundingRateLong')).toBe(before);
    net.pauses.perp([]);
    await net.advance(40);
    const gained = (net.accounts.read(MARKET, 'amm.cumulativeFundingRateLong') ?? 0n) - (before ?? 0n);
    expect(Number(gained) / 1e9 / 150).toBeCloseTo(0.0002, 5);
  });

  it('leaves interest to accrue too', async () => {
    const net = await stillDrift();
    const rate = () => net.accounts.read({ kind: 'SpotMarket', index: 1 }, 'cumulativeDepositInterest') ?? 0n;
    const before = rate();
    net.jump({ seconds: 24 * 3600 });
    const aYear = (Number(rate() - before) / 1e10) * 365.25;
    expect(aYear).toBeGreaterThan(0.005);
    expect(aYear).toBeLessThan(0.05);
  });
});

describeOnDrift('oracles', () => {
  it('stand, ramp, walk by their seed, and replay a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'driftless-prices-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const net = await stillDrift({ clock: 'slots', slotMs: 1_000 });
    const { sol } = net.oracles;
    sol.follow({ kind: 'ramp', to: 160, seconds: 10 });
    await net.advance(5);
    expect(sol.price).toBeCloseTo(155, 5);
    await net.advance(20);
    expect(sol.price).toBe(160);
    const walk = async (): Promise<number> => {
      sol.follow({ kind: 'walk', seed: '7', from: 150, hourly: 0.05 });
      await net.advance(60);
      return sol.price;
    };
    const first = await walk();
    expect(first).not.toBe(150);
    expect(Math.abs(first / 150 - 1)).toBeLessThan(0.05);
    expect(await walk()).toBe(first);
    const file = join(folder, 'prices.csv');
    writeFileSync(file, 'ts,price\n1744588800,150\n1744588810,152\n1744588820,151\n');
    expect(await control(net, '/drift/oracle', { file })).toMatchObject({ status: 200 });
    await net.advance(5);
    expect(sol.price).toBeCloseTo(151, 5);
    await net.advance(30);
    expect(sol.price).toBe(151);
    writeFileSync(file, 'ts,price\n1744588810,152\n1744588800,150\n');
    expect(await control(net, '/drift/oracle', { file })).toMatchObject({
      status: 400,
      error: { code: 'LOCALNET_PRICE_FILE', message: expect.stringContaining('line 3') },
    });
    expect(() => sol.follow({ kind: 'fixed', price: 0 })).toThrow('above 0');
  });

  it('frozen or late stop the AMM; healed, it goes on; uncertain stop it too', async () => {
    const net = await stillDrift();
    const one = await trader(net, 'one', { sol: 10n * SOL });
    const { sol } = net.oracles;
    await land(net, one, one.trade({ direction: 'short', size: SOL }));
    for (const trouble of [{ frozen: true }, { delaySlots: 20 }]) {
      sol.trouble(trouble);
      await net.advance(30);
      expect(positionOf(net, one.address)).toMatchObject({ base: 0n, openOrders: 1 });
    }
    sol.trouble({});
    await net.advance(30);
    expect(positionOf(net, one.address)).toMatchObject({ base: -SOL, openOrders: 0 });
    sol.trouble({ confidence: 0.05 });
    await land(net, one, one.trade({ direction: 'short', size: SOL }));
    await net.advance(30);
    expect(positionOf(net, one.address)).toMatchObject({ base: -SOL, openOrders: 1 });
  });

  it('older than 400 slots are too old for margins: what needs collateral is refused', async () => {
    const net = await stillDrift();
    const one = await trader(net, 'one', { sol: 10n * SOL });
    await land(net, one, one.trade({ direction: 'short', size: SOL }));
    await net.advance(12);
    const withdraw = () => errorOf(land(net, one, one.withdraw('USDC', 1_000n * USDC)));
    net.jump({ slot: 1_000 });
    net.oracles.sol.trouble({ delaySlots: 500 });
    await net.advance(1);
    expect(await withdraw()).toBe(6035);
    net.oracles.sol.trouble({});
    await net.advance(1);
    expect(await withdraw()).toBeNull();
  });
});

describeOnDrift('pauses', () => {
  it('each refuses its own operations and no others', async () => {
    const net = await stillDrift();
    const one = await trader(net, 'one');
    const pausedFor = async (): Promise<Record<string, number | null>> => ({
      deposit: await errorOf(land(net, one, one.deposit('USDC', USDC))),
      withdraw: await errorOf(land(net, one, one.withdraw('USDC', USDC))),
      place: await errorOf(land(net, one, one.trade({ direction: 'short', size: SOL }))),
    });
    const free = { deposit: null, withdraw: null, place: null };
    expect(await pausedFor()).toEqual(free);
    const cases = [
      [() => net.pauses.exchange(['deposit']), { ...free, deposit: 6024 }],
      [() => net.pauses.exchange(['withdraw']), { ...free, withdraw: 6024 }],
      [() => net.pauses.exchange('all'), { deposit: 6024, withdraw: 6024, place: 6024 }],
      [() => net.pauses.exchange([]), free],
    ] as const;
    for (const [pause, expected] of cases) {
      pause();
      await net.advance(1);
      expect(await pausedFor()).toEqual(expected);
    }
  });

  it('of fills leave orders waiting; a market that only reduces refuses more; all of it over the control endpoint', async () => {
    const net = await stillDrift();
    const one = await trader(net, 'one');
    await land(net, one, one.trade({ direction: 'short', size: 5n * SOL }));
    await net.advance(12);
    expect(await control(net, '/drift/pause', { exchange: ['fill'] })).toMatchObject({ status: 200 });
    await land(net, one, one.trade({ direction: 'long', size: 2n * SOL, reduceOnly: true }));
    await net.advance(30);
    expect(positionOf(net, one.address)).toMatchObject({ base: -5n * SOL, openOrders: 1 });
    await control(net, '/drift/pause', { exchange: [], perpStatus: 'reduceOnly' });
    await net.advance(30);
    expect(positionOf(net, one.address)).toMatchObject({ base: -3n * SOL, openOrders: 0 });
    expect(await errorOf(land(net, one, one.trade({ direction: 'short', size: SOL })))).not.toBeNull();
    expect(await control(net, '/drift/pause', { exchange: ['everything'] })).toMatchObject({
      status: 400,
      error: { code: 'LOCALNET_PAUSE' },
    });
  });
});

describeOnDrift('the control endpoint', () => {
  it('gives money, acts for others, reads and writes fields, and tells the state', async () => {
    const net = await stillDrift();
    const { address, secretKey } = (await control(net, '/drift/wallet')) as { address: string; secretKey: number[] };
    expect(address).toBe(net.wallet.address);
    const faucet = await control(net, '/drift/faucet', { address, lamports: '1000000000', usdc: '5000000' });
    expect(faucet).toMatchObject({ status: 200, signature: expect.any(String) });
    net.resume();
    for (const deed of [
      { who: secretKey, do: 'initialize' },
      { who: 'wallet', do: 'deposit', asset: 'USDC', amount: '10004000000' },
      { who: 'wallet', do: 'deposit', asset: 'SOL', amount: '3000000000' },
      { who: 'wallet', do: 'trade', direction: 'short', size: '300000000' },
    ])
      expect(await control(net, '/drift/act', deed)).toMatchObject({ status: 200, address });
    expect(await control(net, '/drift/act', { who: 'wallet', do: 'rob' })).toMatchObject({ status: 400 });
    const minimum = { account: MARKET, path: 'amm.minOrderSize' };
    expect(await control(net, '/drift/field', minimum)).toMatchObject({ value: 100_000_000 });
    await control(net, '/drift/field', { ...minimum, value: '10000000' });
    expect(await control(net, '/drift/field', { account: MARKET, path: 'amm.size' })).toMatchObject({
      status: 400,
      error: { code: 'LOCALNET_FIELD' },
    });
    await control(net, '/drift/keeper', { fills: false });
    await control(net, '/drift/funding', { hourly: 0.0001 });
    expect(await control(net, '/state')).toMatchObject({
      drift: { wallet: address, keeper: { fills: false }, funding: { hourly: 0.0001 }, exchangeStatus: 0 },
    });
  });
});
