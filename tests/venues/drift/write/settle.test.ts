import { expect, it } from '@jest/globals';
import { describeOnDrift } from '../../../../localnet/tests/support/drift-program.ts';
import { mostToWithdraw } from '../../../../src/domain/gates/most-movable.ts';
import { perpPosition, spotHeld } from '../../../../src/domain/margin/margin.ts';
import { livePolicy, snapshotOf } from '../../../support/snapshots.ts';
import { gone, land, order, SOL, stillDrift, USD, type Written } from '../../../support/still-venue.ts';

const SETTLE = { kind: 'settle', market: 'SOL-PERP' } as const;

async function short(at: Written): Promise<void> {
  await land(at, { kind: 'deposit', asset: 'SOL', amount: (20n * SOL).toString() });
  await land(at, { kind: 'deposit', asset: 'USDC', amount: (1_000n * USD).toString() });
  await gone(at, (await land(at, await order(at, { side: 'sell', size: 10n * SOL }))).attempt);
}

const close = async (at: Written) =>
  await gone(
    at,
    (await land(at, await order(at, { side: 'buy', size: 10n * SOL, reduceOnly: true, bps: 200n }))).attempt,
  );

const unsettled = async ({ reader }: Written): Promise<bigint> => {
  const { account, markets } = await reader.read('confirmed');
  return (account === null ? null : perpPosition(account, 'SOL-PERP', markets))?.quoteAmount ?? 0n;
};
const quote = async ({ reader }: Written): Promise<bigint> => {
  const balance = (await reader.read('confirmed')).account?.spot.find(({ marketIndex }) => marketIndex === 0);
  return balance === undefined ? 0n : (balance.kind === 'deposit' ? 1n : -1n) * balance.scaledBalance;
};

describeOnDrift('settling on the real program', () => {
  it('moves a loss whole to the quote balance, and reports it', async () => {
    const at = await stillDrift();
    await short(at);
    await close(at);
    const before = await unsettled(at);
    expect(before).toBeLessThan(0n);
    const { landed } = await land(at, SETTLE);
    expect(landed.effect).toMatchObject({ settledPnl: before.toString(), unsettledPnl: '0' });
    expect(await unsettled(at)).toBe(0n);
    // The position is gone, and what it brought is still told.
    expect((await at.reader.read('confirmed')).account?.settledPnl).toBe(before);
  });

  it('a loss, until it is settled, binds deposits as the gates say: the most that they let go lands, and no more does', async () => {
    const at = await stillDrift();
    await land(at, { kind: 'deposit', asset: 'SOL', amount: (5n * SOL).toString() });
    await gone(at, (await land(at, await order(at, { side: 'sell', size: 5n * SOL }))).attempt);
    at.net.oracles.sol.follow({ kind: 'fixed', price: 153 });
    await at.net.advance(40);
    await gone(
      at,
      (await land(at, await order(at, { side: 'buy', size: 5n * SOL, reduceOnly: true, bps: 200n }))).attempt,
    );
    expect(await unsettled(at)).toBeLessThan(-USD);
    const { account, markets } = await at.reader.read('confirmed');
    const snapshot = { ...snapshotOf(), account, markets };
    const most = mostToWithdraw(snapshot, 'SOL', livePolicy()) ?? 0n;
    const held = account === null ? 0n : spotHeld(account, markets, 'SOL');
    expect(most).toBeLessThan((held * 99n) / 100n);
    const withdraw = (amount: bigint) => ({ kind: 'withdraw', asset: 'SOL', amount: amount.toString() }) as const;
    const refused = { ok: false, error: { code: 'INSUFFICIENT_FUNDS', details: { where: 'sub-account' } } };
    for (const beyond of [held, most + held / 50n]) {
      expect(await at.writing.simulate(withdraw(beyond))).toMatchObject(refused);
    }
    const { landed } = await land(at, withdraw(most));
    expect(landed.effect).toMatchObject({ movedAmount: most.toString() });
  });

  it('settles a gain as far as the pool can pay, and says what stays', async () => {
    const at = await stillDrift();
    await short(at);
    at.net.oracles.sol.follow({ kind: 'fixed', price: 147 });
    await at.net.advance(40);
    await close(at);
    const before = await unsettled(at);
    expect(before).toBeGreaterThan(USD);
    const quoteBefore = await quote(at);
    const { landed } = await land(at, SETTLE);
    const settled = BigInt(landed.effect?.settledPnl ?? '-1');
    expect(landed.error).toBeNull();
    expect(settled).toBeGreaterThanOrEqual(0n);
    const left = await unsettled(at);
    expect(left).toBe(before - settled);
    if (settled > 0n) expect(landed.effect?.unsettledPnl).toBe(left.toString());
    else expect(landed.effect?.detail).toMatchObject({ reason: expect.stringContaining('pool') });
    // Scaled by 1e9, with interest.
    expect(Math.abs(Number((await quote(at)) - quoteBefore) / 1e3 - Number(settled))).toBeLessThan(2_000);
  });

  it('with nothing to settle lands, settles funding, and says so', async () => {
    const at = await stillDrift();
    await short(at);
    await close(at);
    await land(at, SETTLE);
    const { landed } = await land(at, SETTLE).catch(() => ({ landed: null }));
    // Once nothing at all is left the program knows no position: the plan asks for none then.
    if (landed !== null) expect(landed.effect?.settledPnl).toBe('0');
    else
      expect(await at.writing.simulate(SETTLE)).toMatchObject({
        ok: false,
        error: { code: 'NO_POSITION', details: { program_error: 'UserHasNoPositionInMarket' } },
      });
  });

  it('with an empty pool settles nothing of a gain, says why, and keeps it', async () => {
    const at = await stillDrift();
    await short(at);
    at.net.oracles.sol.follow({ kind: 'fixed', price: 147 });
    await at.net.advance(40);
    await close(at);
    const before = await unsettled(at);
    expect(before).toBeGreaterThan(USD);
    for (const pool of ['pnlPool.scaledBalance', 'amm.feePool.scaledBalance']) {
      at.net.accounts.write({ kind: 'PerpMarket', index: 0 }, pool, 0n);
    }
    await at.net.advance(3);
    const { landed } = await land(at, SETTLE);
    expect(landed.error).toBeNull();
    expect(landed.effect).toMatchObject({
      settledPnl: '0',
      detail: { reason: 'the PnL pool of the market cannot pay now' },
    });
    expect(await unsettled(at)).toBe(before);
  });

  it('in a market that has ended closes the position at the expiry price; an order is refused with that way out', async () => {
    const at = await stillDrift();
    await short(at);
    const market = { kind: 'PerpMarket', index: 0 } as const;
    const was = (await at.reader.read('confirmed')).account?.perps[0];
    at.net.accounts.write(market, 'expiryTs', BigInt(at.net.chain.head.time - 1_000_000));
    at.net.accounts.write(market, 'expiryPrice', 151_000_000n);
    at.net.accounts.write(market, 'status', 'settlement');
    await at.net.advance(3);
    const buy = await order(at, { side: 'buy', size: 10n * SOL, reduceOnly: true, bps: 200n });
    expect(await at.writing.simulate(buy)).toMatchObject({
      ok: false,
      error: {
        code: 'VENUE_PAUSED',
        details: { detail: expect.stringContaining('Settle PnL: that closes what stands') },
      },
    });
    const { landed } = await land(at, SETTLE);
    expect(landed.error).toBeNull();
    const { account } = await at.reader.read('confirmed');
    expect(account?.perps.every(({ baseAmount, quoteAmount }) => baseAmount === 0n && quoteAmount === 0n)).toBe(true);
    const paid = BigInt(landed.effect?.settledPnl ?? 0n);
    const value = 10n * 151n * USD;
    // What is beyond the value at the expiry price is a fee.
    const fee = (was?.quoteAmount ?? 0n) - value - paid;
    expect(fee >= 0n && fee <= value / 500n).toBe(true);
    expect(landed.effect?.unsettledPnl).toBe('0');
  });
});
