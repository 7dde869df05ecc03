/** Bounds of an account by bisection: our figures say where they are, and a program is asked on either side of them. */
import type { Account, Markets } from '../../src/domain/account/account.ts';
import { assessMargin } from '../../src/domain/margin/margin.ts';
import { lamports, price } from '../../src/domain/money/units.ts';

const BALANCE_EXPONENT = 19;

export interface Reading {
  readonly account: Account;
  readonly markets: Markets;
}

export function need<T>(value: T | null): T {
  if (value === null) throw new Error('an account is missing');
  return value;
}

export function freeOf({ account, markets }: Reading, kind: 'initial' | 'maintenance'): bigint {
  const margin = assessMargin(account, markets);
  if (margin.kind === 'unknown') throw new Error(margin.missing.join());
  const { figures } = margin;
  return kind === 'initial'
    ? figures.totalCollateralInitial - figures.initialMargin
    : figures.totalCollateralMaintenance - figures.maintenanceMargin;
}

/** The last of a rising series that passes; null: none, or all. */
export function lastPassing(most: bigint, passes: (amount: bigint) => boolean): bigint | null {
  if (!passes(1n) || passes(most)) return null;
  let [good, bad] = [1n, most];
  while (bad - good > 1n) {
    const middle = (good + bad) / 2n;
    if (passes(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

/** With the program's own rounding: what leaves takes the scaled balance rounded up, the market's deposits too. */
export function withdrawn({ account, markets }: Reading, marketIndex: number, amount: bigint): Reading {
  const market = need(markets.spot.find((each) => each.marketIndex === marketIndex) ?? null);
  const scale = 10n ** BigInt(BALANCE_EXPONENT - market.decimals);
  const taken = (amount * scale) / market.cumulativeDepositInterest + 1n;
  const less = <T extends { readonly marketIndex: number }>(all: readonly T[], of: (one: T) => T): T[] =>
    all.map((one) => (one.marketIndex === marketIndex ? of(one) : one));
  const spot = less(account.spot, (one) => ({ ...one, scaledBalance: one.scaledBalance - taken }));
  const left = less(markets.spot, (one) => ({ ...one, depositBalance: one.depositBalance - taken }));
  return { account: { ...account, spot }, markets: { ...markets, spot: left } };
}

/** One order more, of so much base. */
export function ordered({ account, markets }: Reading, side: bigint, base: bigint): Reading {
  const perps = account.perps.map((position) => ({
    ...position,
    openOrders: position.openOrders + 1,
    openBids: lamports(position.openBids + (side > 0n ? base : 0n)),
    openAsks: lamports(position.openAsks - (side < 0n ? base : 0n)),
  }));
  return { account: { ...account, perps }, markets };
}

export function pricedAt({ account, markets }: Reading, micro: bigint): Reading {
  const moved = <T extends { readonly oracle: Markets['perps'][number]['oracle'] }>(market: T): T => ({
    ...market,
    oracle: { ...market.oracle, price: price(micro) },
  });
  const spot = markets.spot.map((market) => (market.asset === 'SOL' ? moved(market) : market));
  return { account, markets: { spot, perps: markets.perps.map(moved) } };
}
