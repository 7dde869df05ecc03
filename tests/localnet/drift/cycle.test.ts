import { getMarketOrderParams, PositionDirection } from '@drift-labs/sdk';
import { PublicKey } from '@solana/web3.js';
import { expect, it, onTestFinished } from 'vitest';
import { startDriftLocalnet } from '../../../src/localnet/drift/index.ts';
import { driftClient, sol, until, usdc } from '../../support/drift-client.ts';
import { describeOnDrift } from '../../support/drift-program.ts';

describeOnDrift('Drift on the local chain', () => {
  it('lets the SDK’s client deposit, open and see the keeper fill', async () => {
    const net = await startDriftLocalnet({ slotMs: 40 });
    onTestFinished(() => net.stop());
    const client = await driftClient(net);
    await client.initializeUserAccount(0);
    await client.addUser(0);
    await client.deposit(usdc(1_000), 0, await client.getAssociatedTokenAccount(0));
    await client.deposit(sol(10), 1, new PublicKey(net.wallet.address));
    const signature = await client.placePerpOrder(
      getMarketOrderParams({
        marketIndex: 0,
        direction: PositionDirection.SHORT,
        baseAssetAmount: sol(5),
        auctionDuration: 10,
        auctionStartPrice: usdc(150),
        auctionEndPrice: usdc(149),
        price: usdc(149),
      }),
    );
    expect(net.record(signature)).toMatchObject([{ counts: true, error: null }]);
    const position = await until(async () => {
      await client.getUser().fetchAccounts();
      const held = client.getUser().getPerpPosition(0);
      return held !== undefined && !held.baseAssetAmount.isZero() && held;
    });
    expect(position.baseAssetAmount.toString()).toBe('-5000000000');
    expect(position.quoteEntryAmount.toNumber() / 5e6).toBeCloseTo(149.9, 0);
    expect(client.getUser().getHealth()).toBeGreaterThan(90);
  });
});
