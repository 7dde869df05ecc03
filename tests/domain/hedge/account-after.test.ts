import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Snapshot } from '../../../src/domain/account/snapshot.ts';
import { accountAfter, takerFeeOn, withTokens } from '../../../src/domain/hedge/account-after.ts';
import { assessMargin, perpPosition, perpSize, spotHeld } from '../../../src/domain/margin/margin.ts';
import { lamports } from '../../../src/domain/money/units.ts';
import { snapshotOf, sol, usd, usdPrice } from '../../support/snapshots.ts';

const changed = (snapshot: Snapshot, change: Parameters<typeof accountAfter>[1]) => {
  const result = accountAfter(snapshot, change);
  if (result === null || result.account === null) throw new Error('unknown');
  return { ...result, account: result.account };
};

describe('the account after', () => {
  it('a trade: the position at that price, the taker fee paid, the spot untouched', () => {
    const snapshot = snapshotOf({ perp: -4 });
    const { account } = changed(snapshot, { kind: 'trade', market: 'SOL-PERP', delta: sol(-6), price: usdPrice(149) });
    expect(perpSize(account, snapshot.markets, 'SOL-PERP')).toBe(sol(-10));
    const position = perpPosition(account, 'SOL-PERP', snapshot.markets);
    expect(position?.quoteEntryAmount).toBe(usd(4 * 150 + 6 * 149));
    expect(position?.quoteAmount).toBe(usd(4 * 150 + 6 * 149) - takerFeeOn(usd(6 * 149), 250n));
    expect(account.spot).toEqual(snapshot.account?.spot);
  });

  it('a trade: funding is settled first, so none is lost or counted twice', () => {
    const base = snapshotOf({
      perp: -10,
      perpMarket: { cumulativeFundingRateShort: 2_000_000n, cumulativeFundingRateLong: 1_000_000n },
    });
    const { account } = changed(base, { kind: 'trade', market: 'SOL-PERP', delta: sol(5), price: usdPrice(150) });
    const position = perpPosition(account, 'SOL-PERP', base.markets);
    expect(position?.lastCumulativeFundingRate).toBe(2_000_000n);
    // 10 SOL short at 0.002 USD per SOL received.
    expect(position?.quoteAmount).toBe(usd(1_500 + 0.02 - 750) - takerFeeOn(usd(750), 250n));
  });

  it('a trade that crosses zero counts funding as a long from then on', () => {
    const base = snapshotOf({
      perp: -1,
      perpMarket: { cumulativeFundingRateShort: 7n, cumulativeFundingRateLong: 9n },
    });
    const { account } = changed(base, { kind: 'trade', market: 'SOL-PERP', delta: sol(2), price: usdPrice(150) });
    expect(perpPosition(account, 'SOL-PERP', base.markets)?.lastCumulativeFundingRate).toBe(9n);
  });

  it('a deposit and a withdrawal move between wallet and account', () => {
    const snapshot = snapshotOf();
    const deposited = changed(snapshot, { kind: 'deposit', asset: 'SOL', amount: sol(2) });
    expect(spotHeld(deposited.account, snapshot.markets, 'SOL')).toBe(sol(12));
    expect(deposited.wallet.sol).toBe(sol(3));
    const withdrawn = changed(snapshot, { kind: 'withdraw', asset: 'USDC', amount: usd(100) });
    expect(spotHeld(withdrawn.account, snapshot.markets, 'USDC')).toBe(usd(400));
    expect(withdrawn.wallet.quote).toBe(usd(200));
  });

  it('a withdrawal beyond the deposit is a borrow', () => {
    const snapshot = snapshotOf();
    const { account } = changed(snapshot, { kind: 'withdraw', asset: 'USDC', amount: usd(600) });
    expect(account.spot.find((balance) => balance.marketIndex === 0)?.kind).toBe('borrow');
    expect(spotHeld(account, snapshot.markets, 'USDC')).toBe(usd(-100));
  });

  it('a first deposit makes the account', () => {
    const snapshot = snapshotOf({ account: null });
    const { account } = changed(snapshot, { kind: 'deposit', asset: 'SOL', amount: sol(1) });
    expect(assessMargin(account, snapshot.markets)).toMatchObject({ kind: 'known', figures: { health: 100 } });
  });

  it('is unknown where the account or the market is not there', () => {
    const none = snapshotOf({ account: null });
    const trade = { kind: 'trade', market: 'SOL-PERP', delta: sol(1), price: usdPrice(150) } as const;
    expect(accountAfter(none, trade)).toBeNull();
    expect(accountAfter(none, { kind: 'withdraw', asset: 'SOL', amount: 1n })).toBeNull();
    expect(accountAfter(snapshotOf(), { ...trade, market: 'ETH-PERP' })).toBeNull();
    const snapshot = snapshotOf();
    const bare = { ...snapshot, markets: { ...snapshot.markets, spot: [] } };
    expect(accountAfter(bare, { kind: 'deposit', asset: 'SOL', amount: 1n })).toBeNull();
    expect(accountAfter(none, { kind: 'none' })?.account).toBeNull();
  });

  it('never credits more than was moved, whatever interest has accrued (property)', () => {
    const index = fc.bigInt({ min: 10_000_000_000n, max: 30_000_000_000n });
    const amount = fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n });
    fc.assert(
      fc.property(index, index, amount, amount, (deposit, borrow, first, second) => {
        const snapshot = snapshotOf({ sol: 0 });
        const market = {
          ...(snapshot.markets.spot[1] as NonNullable<(typeof snapshot.markets.spot)[1]>),
          cumulativeDepositInterest: deposit,
          cumulativeBorrowInterest: borrow,
        };
        const markets = { ...snapshot.markets, spot: [market] };
        const empty = { ...(snapshot.account as NonNullable<Snapshot['account']>), spot: [] };
        const once = withTokens(empty, market, first);
        const twice = withTokens(once, market, second);
        const held = spotHeld(twice, markets, 'SOL');
        expect(held).toBeLessThanOrEqual(lamports(first + second));
        expect(first + second - held).toBeLessThanOrEqual(10n);
      }),
      { numRuns: 300 },
    );
  });
});
