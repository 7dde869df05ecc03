import {
  type DriftClient,
  getLimitOrderParams,
  getMarketOrderParams,
  getOrderParams,
  type OptionalOrderParams,
  OrderParamsBitFlag,
  PositionDirection,
} from '@drift-labs/sdk';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { PublicKey } from '@solana/web3.js';
import { type DriftLocalnet, startDriftLocalnet } from '../../drift/index.ts';
import { driftClient, sol, usdc } from '../support/drift-client.ts';
import { describeOnDrift } from '../support/drift-program.ts';
import { until } from '../support/until.ts';

/** DRIFT.md, "Seen on the real v2.84 program": the local chain answers as that table says. */
describeOnDrift('the pitfalls of the real program', () => {
  let net: DriftLocalnet;
  let client: DriftClient;
  const closers: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    net = await startDriftLocalnet({ slotMs: 30, skipShare: 0 });
    client = await driftClient(net, net.wallet.secretKey, (close) => closers.push(close));
  });
  afterAll(async () => {
    for (const close of closers) await close();
    await net.stop();
  });

  const short = (size: number, more: Partial<OptionalOrderParams> = {}): OptionalOrderParams =>
    getMarketOrderParams({
      marketIndex: 0,
      direction: PositionDirection.SHORT,
      baseAssetAmount: sol(size),
      auctionDuration: 10,
      auctionStartPrice: usdc(150),
      auctionEndPrice: usdc(149),
      price: usdc(149),
      ...more,
    });
  const user = async () => {
    await client.getUser().fetchAccounts();
    return client.getUser().getUserAccount();
  };
  /** The program's error number, as the preflight or the block has it. */
  const refusal = async (work: Promise<unknown>): Promise<number | null> => {
    const error = await work.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (error === null) return null;
    const text = `${String(error)} ${JSON.stringify(error)} ${((error as { logs?: string[] }).logs ?? []).join(' ')}`;
    const hex = /custom program error: 0x([0-9a-f]+)/.exec(text)?.[1];
    return hex === undefined ? Number(/"Custom":(\d+)/.exec(text)?.[1] ?? Number.NaN) : Number.parseInt(hex, 16);
  };
  /** What is in the newest block is confirmed: preflights look there. */
  const confirmed = async (): Promise<void> => {
    const { slot } = net.chain;
    await until('the slot to be confirmed', () => net.chain.heads().confirmed.slot >= slot);
  };
  const held = async (): Promise<number> => ((await user()).perpPositions[0]?.baseAssetAmount.toNumber() ?? 0) / 1e9;

  it('initializeUserAccountAndDepositCollateral prepends an instruction that it does not know: 101', async () => {
    const tokens = await client.getAssociatedTokenAccount(0);
    expect(await refusal(client.initializeUserAccountAndDepositCollateral(usdc(100), tokens))).toBe(101);
    await client.initializeUserAccount(0);
    await client.addUser(0);
    await client.deposit(usdc(1_000), 0, tokens);
    // Balances are rounded down by one unit of what they are made of.
    expect(1_000_000_000 - client.getUser().getTokenAmount(0).toNumber()).toBeLessThanOrEqual(1);
  });

  it('native SOL is wrapped for a moment, and that account’s rent must be there too', async () => {
    const lamports = net.chain.bank.accountAt(net.chain.head, net.wallet.address)?.lamports ?? 0n;
    const all = sol(Number(lamports) / 1e9 - 0.0005);
    await expect(client.deposit(all, 1, new PublicKey(net.wallet.address))).rejects.toThrow();
    await client.deposit(sol(10), 1, new PublicKey(net.wallet.address));
    expect(10_000_000_000 - client.getUser().getTokenAmount(1).toNumber()).toBeLessThanOrEqual(1);
  });

  it('an immediate order is refused by place (6050) and finds no AMM before its tenth slot in placeAndTake (6252)', async () => {
    const ioc = { bitFlags: OrderParamsBitFlag.ImmediateOrCancel };
    expect(await refusal(client.placePerpOrder(short(1, ioc)))).toBe(6050);
    const limit = getLimitOrderParams({
      marketIndex: 0,
      direction: PositionDirection.SHORT,
      baseAssetAmount: sol(1),
      price: usdc(149),
      ...ioc,
    });
    expect(await refusal(client.placeAndTakePerpOrder(limit))).toBe(6252);
  });

  it('below the minimum is refused: 6059', async () => {
    expect(await refusal(client.placePerpOrder(short(0.05)))).toBe(6059);
  });

  it('an order that resolves is placed only, its size rounded down to the step in silence; a keeper fills 10 slots later', async () => {
    net.keeper.set({ fills: false });
    await client.placePerpOrder(short(1.27));
    const placed = (await user()).orders.find((one) => !one.baseAssetAmount.isZero());
    expect(placed?.baseAssetAmount.toNumber()).toBe(1_200_000_000);
    expect(await held()).toBe(0);
    net.keeper.set({ fills: true });
    await until('a position', async () => (await held()) !== 0);
    const slot = net.chain.slot;
    expect(slot - (placed?.slot.toNumber() ?? 0)).toBeGreaterThan(10);
    expect(await held()).toBe(-1.2);
  });

  it('reduce-only on the wrong side is accepted, and nothing comes of it', async () => {
    await client.placePerpOrder(short(1, { reduceOnly: true }));
    await until('no open order', async () => (await user()).openOrders === 0);
    expect(await held()).toBe(-1.2);
  });

  it('a user order id is taken while its order is open (6071), and free afterwards', async () => {
    const resting = getLimitOrderParams({
      marketIndex: 0,
      direction: PositionDirection.SHORT,
      baseAssetAmount: sol(1),
      price: usdc(400),
      userOrderId: 7,
    });
    await client.placePerpOrder(resting);
    expect(await refusal(client.placePerpOrder(resting))).toBe(6071);
    await client.cancelOrders();
    await client.placePerpOrder(resting);
    await client.cancelOrders();
    expect((await user()).openOrders).toBe(0);
  });

  it('too large an order or withdrawal is refused: 6003', async () => {
    expect(await refusal(client.placePerpOrder(short(5_000)))).toBe(6003);
    const tokens = await client.getAssociatedTokenAccount(0);
    expect(await refusal(client.withdraw(usdc(9_000), 0, tokens, false))).toBe(6003);
  });

  it('no liquidation price is -1, asked for by a plain number', async () => {
    await user();
    const price = client.getUser().liquidationPrice(0);
    expect(price.toNumber() === -1 || price.toNumber() > 150_000_000).toBe(true);
  });

  it('a paused exchange refuses everything: 6024', async () => {
    net.pauses.exchange('all');
    await until('the pause', () => net.accounts.read({ kind: 'State' }, 'exchangeStatus') === 127n);
    await confirmed();
    const tokens = await client.getAssociatedTokenAccount(0);
    expect(await refusal(client.deposit(usdc(1), 0, tokens))).toBe(6024);
    expect(await refusal(client.withdraw(usdc(1), 0, tokens))).toBe(6024);
    expect(await refusal(client.placePerpOrder(short(1)))).toBe(6024);
    net.pauses.exchange([]);
    await until('the end of the pause', () => net.accounts.read({ kind: 'State' }, 'exchangeStatus') === 0n);
    await confirmed();
    expect(await refusal(client.deposit(usdc(1), 0, tokens))).toBeNull();
  });

  it('a price 60 % up at once stops fills: too far from the average of 5 minutes, until that has caught up', async () => {
    const before = await held();
    net.oracles.sol.follow({ kind: 'fixed', price: 240 });
    await client.placePerpOrder(
      getOrderParams(
        short(1, {
          direction: PositionDirection.LONG,
          reduceOnly: true,
          auctionStartPrice: usdc(240),
          auctionEndPrice: usdc(248),
          price: usdc(248),
          maxTs: usdc((net.chain.head.time + 7_200) / 1e6),
        }),
      ),
    );
    const from = net.chain.slot;
    await until('60 slots', () => net.chain.slot > from + 60);
    expect(await held()).toBe(before);
    net.jump({ seconds: 3_000 });
    await until('the fill', async () => (await held()) !== before);
    expect(await held()).toBeCloseTo(before + 1, 9);
  });
});
