import { type DriftClient, getMarketOrderParams, PositionDirection } from '@drift-labs/sdk';
import { expect, it } from '@jest/globals';
import { PublicKey } from '@solana/web3.js';
import { startDriftLocalnet } from '../../drift/index.ts';
import { driftClient, sol, usdc } from '../support/drift-client.ts';
import { describeOnDrift } from '../support/drift-program.ts';
import { onTestFinished } from '../support/on-test-finished.ts';
import { until } from '../support/until.ts';

const order = (direction: PositionDirection, size: number, reduceOnly = false) =>
  getMarketOrderParams({
    marketIndex: 0,
    direction,
    baseAssetAmount: sol(size),
    reduceOnly,
    auctionDuration: 10,
    auctionStartPrice: usdc(150),
    auctionEndPrice: usdc(direction === PositionDirection.SHORT ? 149 : 151),
    price: usdc(direction === PositionDirection.SHORT ? 149 : 151),
  });

const position = async (client: DriftClient) => {
  await client.getUser().fetchAccounts();
  return client.getUser().getPerpPosition(0);
};

describeOnDrift('the whole cycle by the SDK’s own client', () => {
  it('deposits, opens, is filled by the keeper, receives hours of funding, closes, settles and withdraws all', async () => {
    const net = await startDriftLocalnet({ slotMs: 40, fundingHourly: 0.0001 });
    onTestFinished(() => net.stop());
    const client = await driftClient(net);
    const tokens = await client.getAssociatedTokenAccount(0);
    await client.initializeUserAccount(0);
    await client.addUser(0);
    await client.deposit(usdc(1_000), 0, tokens);
    await client.deposit(sol(10), 1, new PublicKey(net.wallet.address));

    const placed = await client.placePerpOrder(order(PositionDirection.SHORT, 5));
    expect(net.record(placed)).toMatchObject([{ counts: true, error: null }]);
    const opened = await until('a position', async () => {
      const held = await position(client);
      return held !== undefined && !held.baseAssetAmount.isZero() && held;
    });
    expect(opened.baseAssetAmount.toString()).toBe('-5000000000');
    expect(opened.quoteEntryAmount.toNumber() / 5e6).toBeCloseTo(149.9, 0);
    expect(client.getUser().getHealth()).toBeGreaterThan(90);

    net.jump({ seconds: 6 * 3600 });
    // 6 hours of 0.01 % of $750, and what fell due before.
    const due = await until('unsettled funding', async () => {
      await client.fetchAccounts();
      await client.getUser().fetchAccounts();
      const unsettled = client.getUser().getUnrealizedFundingPNL().toNumber() / 1e6;
      return unsettled > 0.4 && unsettled;
    });
    expect(due).toBeGreaterThan(0.44);
    expect(due).toBeLessThan(0.54);

    await client.placePerpOrder(order(PositionDirection.LONG, 5, true));
    await until('no position', async () => (await position(client))?.baseAssetAmount.isZero() ?? true);
    await client.settlePNL(await client.getUserAccountPublicKey(), client.getUserAccount() as never, 0);
    await until('the settle', async () => (await position(client))?.quoteAssetAmount.isZero() ?? true);

    await client.withdraw(client.getUser().getWithdrawalLimit(0, true), 0, tokens, true);
    await client.withdraw(client.getUser().getWithdrawalLimit(1, true), 1, new PublicKey(net.wallet.address), true);
    await client.getUser().fetchAccounts();
    expect(client.getUser().getTokenAmount(0).toNumber()).toBeLessThan(10);
    expect(client.getUser().getTokenAmount(1).toNumber()).toBeLessThan(100_000);
  });
});
