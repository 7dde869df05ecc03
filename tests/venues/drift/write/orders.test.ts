import { expect, it } from '@jest/globals';
import { describeOnDrift } from '../../../../localnet/tests/support/drift-program.ts';
import { perpSize } from '../../../../src/domain/margin/margin.ts';
import { totalFills } from '../../../../src/domain/order/intent.ts';
import {
  finalize,
  gone,
  land,
  order,
  SOL,
  sent,
  stillDrift,
  USD,
  type Written,
  writerOn,
} from '../../../support/still-venue.ts';

/** 20 SOL and 1,000 USDC in the account. */
async function funded(options: Parameters<typeof stillDrift>[0] = {}): Promise<Written> {
  const at = await stillDrift(options);
  await land(at, { kind: 'deposit', asset: 'SOL', amount: (20n * SOL).toString() });
  await land(at, { kind: 'deposit', asset: 'USDC', amount: (1_000n * USD).toString() });
  return at;
}

const position = async ({ reader }: Written): Promise<bigint> => {
  const { account, markets } = await reader.read('confirmed');
  return account === null ? 0n : perpSize(account, markets, 'SOL-PERP');
};
const openOrders = async ({ reader }: Written) => (await reader.read('confirmed')).account?.orders ?? [];

describeOnDrift('an order on the real program', () => {
  it('is placed by a landed transaction, fills later through a keeper, and its fills are the position’s change', async () => {
    const at = await funded();
    const wanted = await order(at, { side: 'sell', size: 5n * SOL });
    const { attempt, landed } = await land(at, wanted);
    expect(landed.effect?.orderId).toBe(1);
    expect(landed.effect?.fills).toEqual([]);
    expect(await position(at)).toBe(0n);
    expect(await openOrders(at)).toMatchObject([{ orderId: 1, side: 'sell', size: 5n * SOL, maxTsMs: wanted.maxTsMs }]);
    expect(await at.writing.order(attempt)).toMatchObject({ gone: false, fills: [] });
    // Nothing fills before the shortest auction is over, whatever the keeper tries.
    await at.net.advance(6);
    expect(await at.writing.order(attempt)).toMatchObject({ gone: false, fills: [] });

    const report = await gone(at, attempt);
    expect(report.commitment).toBe('confirmed');
    const total = totalFills(report.fills);
    expect(total.size).toBe(5n * SOL);
    expect(await position(at)).toBe(-5n * SOL);
    expect(total.averagePrice ?? 0n).toBeGreaterThanOrEqual(BigInt(wanted.priceLimit));
    expect(total.fee).toBeGreaterThan(0n);
    const { account } = await at.reader.read('confirmed');
    const entry = account?.perps[0]?.quoteEntryAmount ?? 0n;
    const value = report.fills.reduce((sum, fill) => sum + (BigInt(fill.size) * BigInt(fill.price)) / SOL, 0n);
    expect(Math.abs(Number(entry - value))).toBeLessThan(10);
    expect(Number(account?.perps[0]?.quoteAmount)).toBe(Number(entry - total.fee));

    await finalize(at);
    expect(await at.writing.order(attempt)).toMatchObject({ gone: true, commitment: 'finalized', fills: report.fills });
    // And the same to a process that has just started.
    expect(await writerOn(at.net).writing.order(attempt)).toMatchObject({
      commitment: 'finalized',
      fills: report.fills,
    });
  });

  it('states its auction from the oracle to the limit, and fills within the limit only', async () => {
    const at = await funded({ keeper: { fills: false } });
    const wanted = await order(at, { side: 'sell', size: SOL, bps: 30n });
    await land(at, wanted);
    const [placed] = (await at.reader.read('confirmed')).user?.orders ?? [];
    expect(placed).toBeDefined();
    expect(placed?.price.toString()).toBe(wanted.priceLimit);
    expect(placed?.auctionSlots).toBeGreaterThanOrEqual(10);
    expect(Number(placed?.auctionEndPrice)).toBeGreaterThanOrEqual(Number(wanted.priceLimit));
    expect(Number(placed?.auctionStartPrice)).toBeGreaterThanOrEqual(Number(placed?.auctionEndPrice));
    expect(placed?.userOrderId).toBe(0);
  });

  it('that nobody fills expires at its maxTs, and is reported as unfilled', async () => {
    const at = await funded({ keeper: { fills: false } });
    const { attempt } = await land(at, await order(at, { side: 'sell', size: SOL, lifeMs: 4_000 }));
    await at.net.advance(30);
    // The program forgets it only when someone touches the account: our cancel does.
    expect(await at.writing.order(attempt)).toMatchObject({ gone: false });
    const cancel = await land(at, { kind: 'cancel_orders', market: 'SOL-PERP' });
    expect(cancel.landed.error).toBeNull();
    expect(await at.writing.order(attempt)).toMatchObject({ gone: true, fills: [] });
    await finalize(at);
    expect(await at.writing.order(attempt)).toMatchObject({ gone: true, commitment: 'finalized', fills: [] });
  });

  it('that lands past its maxTs places nothing, without an error', async () => {
    const at = await funded();
    const attempt = await at.writing.sign(await order(at, { side: 'sell', size: SOL, lifeMs: 2_000 }));
    await at.net.advance(20);
    const landed = await sent(at, attempt);
    expect(landed.error).toBeNull();
    expect(landed.effect?.orderId).toBeUndefined();
    expect(await at.writing.order(attempt)).toMatchObject({ gone: true, fills: [] });
    await finalize(at);
    expect(await at.writing.order(attempt)).toMatchObject({ gone: true, commitment: 'finalized' });
    expect(await position(at)).toBe(0n);
  });

  it('is cancelled by a reduction in the same transaction, which flattens exactly', async () => {
    const at = await funded();
    const open = await land(at, await order(at, { side: 'sell', size: 3n * SOL }));
    await gone(at, open.attempt);
    at.net.keeper.set({ fills: false });
    const resting = await land(at, await order(at, { side: 'sell', size: 2n * SOL }));
    at.net.keeper.set({ fills: true });
    const close = await land(at, await order(at, { side: 'buy', size: 3n * SOL, reduceOnly: true }));
    expect(await at.writing.order(resting.attempt)).toMatchObject({ gone: true, fills: [] });
    const report = await gone(at, close.attempt);
    expect(totalFills(report.fills).size).toBe(3n * SOL);
    expect(await position(at)).toBe(0n);
  });

  it('reduce-only on the wrong side is accepted, does nothing, and is gone', async () => {
    const at = await funded();
    await gone(at, (await land(at, await order(at, { side: 'sell', size: SOL }))).attempt);
    const { attempt, landed } = await land(at, await order(at, { side: 'sell', size: SOL, reduceOnly: true }));
    expect(landed.error).toBeNull();
    const report = await gone(at, attempt);
    expect(report.fills).toEqual([]);
    expect(await position(at)).toBe(-SOL);
  });

  it('reduce-only may be smaller than the minimum; anything else below it is refused before it is sent', async () => {
    const at = await funded();
    await gone(at, (await land(at, await order(at, { side: 'sell', size: SOL }))).attempt);
    const { markets } = await at.reader.read('confirmed');
    const market = markets.perps[0];
    if (market === undefined) throw new Error('no market');
    const { minimumSize, stepSize } = market;
    if (minimumSize > stepSize) {
      const { attempt } = await land(at, await order(at, { side: 'buy', size: stepSize, reduceOnly: true }));
      expect(totalFills((await gone(at, attempt)).fills).size).toBe(stepSize);
    }
    const tooSmall = await order(at, { side: 'sell', size: minimumSize - stepSize > 0n ? minimumSize - stepSize : 1n });
    expect(await at.writing.simulate(tooSmall)).toMatchObject({
      ok: false,
      error: { code: minimumSize > stepSize ? 'BELOW_MINIMUM' : 'INVALID_FIELD' },
    });
    const odd = { ...tooSmall, size: (minimumSize + 1n).toString() };
    expect(await at.writing.simulate(odd)).toMatchObject({ ok: false, error: { code: 'INVALID_FIELD' } });
  });

  it('too large for the collateral is INSUFFICIENT_FUNDS with the program’s own name and log', async () => {
    const at = await funded();
    const simulation = await at.writing.simulate(await order(at, { side: 'sell', size: 10_000n * SOL }));
    expect(simulation).toMatchObject({
      ok: false,
      error: {
        code: 'INSUFFICIENT_FUNDS',
        message: expect.stringContaining('InsufficientCollateral (6003)'),
        details: { program_error: 'InsufficientCollateral', program_error_number: 6003 },
      },
    });
    if (!simulation.ok) expect(String(simulation.error.details?.logs)).toContain('6003');
  });

  it('that fails on chain says so with the program’s own name', async () => {
    const at = await funded();
    await gone(at, (await land(at, await order(at, { side: 'sell', size: 25n * SOL }))).attempt);
    // Both pass on their own; the second finds the collateral gone.
    const first = await at.writing.sign({ kind: 'withdraw', asset: 'SOL', amount: (9n * SOL).toString() });
    const second = await at.writing.sign(await order(at, { side: 'sell', size: 300n * SOL }));
    await sent(at, first);
    const landed = await sent(at, second);
    expect(landed.error).toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
      details: { program_error: 'InsufficientCollateral', logs: expect.anything() },
    });
    expect(landed.effect).toBeNull();
  });

  it('two at once do not collide: nothing of ours reuses an id', async () => {
    const at = await funded({ keeper: { fills: false } });
    const one = await land(at, await order(at, { side: 'sell', size: SOL }));
    const two = await land(at, await order(at, { side: 'sell', size: SOL }));
    expect([one.landed.effect?.orderId, two.landed.effect?.orderId]).toEqual([1, 2]);
    at.net.keeper.set({ fills: true });
    const reports = [await gone(at, one.attempt), await gone(at, two.attempt)];
    expect(reports.map(({ fills }) => totalFills(fills).size)).toEqual([SOL, SOL]);
    expect(new Set(reports.flatMap(({ fills }) => fills.map(({ signature }) => signature))).size).toBe(2);
    expect(await position(at)).toBe(-2n * SOL);
  });

  it('that fills in part is cancelled for the rest, and what filled is counted', async () => {
    const at = await funded({ walletUsdc: 100_000n * USD });
    await land(at, { kind: 'deposit', asset: 'USDC', amount: (90_000n * USD).toString() });
    // More than the AMM takes within the limit.
    const { attempt } = await land(at, await order(at, { side: 'sell', size: 3_000n * SOL, bps: 20n }));
    let partly = await at.writing.order(attempt);
    for (let step = 0; step < 40 && partly.fills.length === 0; step += 1) {
      await at.net.advance(3);
      partly = await at.writing.order(attempt);
    }
    expect(partly.gone).toBe(false);
    const soFar = totalFills(partly.fills).size;
    expect(soFar).toBeGreaterThan(0n);
    await land(at, { kind: 'cancel_orders', market: 'SOL-PERP' });
    const report = await gone(at, attempt);
    const total = totalFills(report.fills).size;
    expect(total).toBeGreaterThanOrEqual(soFar);
    expect(total).toBeLessThan(3_000n * SOL);
    expect(await position(at)).toBe(-total);
    await finalize(at);
    expect(await at.writing.order(attempt)).toMatchObject({ gone: true, commitment: 'finalized', fills: report.fills });
  });
});
