import { expect, it } from '@jest/globals';
import type { PerpMarket, SpotMarket } from '../../../src/domain/account/account.ts';
import { parameterAlert, parameterChanges } from '../../../src/domain/alerts/parameter-changes.ts';
import { lamports } from '../../../src/domain/money/units.ts';
import { type Scenario, snapshotOf } from '../../support/snapshots.ts';

const SHORT: Scenario = { sol: 10, usdc: 500, perp: -10 };
const snapshot = snapshotOf(SHORT);
const perpWith = (changes: Partial<PerpMarket>) => snapshotOf({ ...SHORT, perpMarket: changes }).markets;
const solWith = (changes: Partial<SpotMarket>) => snapshotOf({ ...SHORT, solMarket: changes }).markets;

it('prices, interest and funding are no parameters', () => {
  const later = snapshotOf({ ...SHORT, oracleUsd: 170 }).markets;
  const grown = {
    spot: later.spot.map((market) => ({ ...market, cumulativeDepositInterest: 11_000_000_000n, depositLimit: 7n })),
    perps: later.perps.map((market) => ({ ...market, cumulativeFundingRateShort: 5n })),
  };
  expect(parameterChanges(snapshot.markets, grown)).toEqual([]);
  expect(parameterAlert(snapshot.account, snapshot.markets, grown)).toBeNull();
});

it('a higher maintenance ratio: what it does to health and liquidation price, at the prices of now', () => {
  const now = perpWith({ maintenanceMarginRatio: 900 });
  const draft = parameterAlert(snapshot.account, snapshot.markets, now);
  const {
    changes,
    before,
    now: after,
  } = (draft?.details ?? {}) as {
    readonly changes: string[];
    readonly before: { readonly health: number; readonly liquidation_price: string };
    readonly now: { readonly health: number; readonly liquidation_price: string };
  };
  expect(changes).toEqual(['SOL-PERP: maintenance margin ratio 5 % → 9 %']);
  expect(after.health).toBeLessThan(before.health);
  expect(Number(after.liquidation_price)).toBeLessThan(Number(before.liquidation_price));
});

it('the parameters of before count at the prices of now', () => {
  const moved = snapshotOf({ ...SHORT, oracleUsd: 160 }).markets;
  const now = { ...moved, perps: moved.perps.map((market) => ({ ...market, maintenanceMarginRatio: 900 })) };
  const same = parameterAlert(snapshot.account, moved, now);
  expect(parameterAlert(snapshot.account, snapshot.markets, now)?.details).toEqual(same?.details);
});

it.each<[string, ReturnType<typeof perpWith>]>([
  ['SOL-PERP: status active → reduce_only', perpWith({ status: 'reduce_only' })],
  ['SOL-PERP: oracle none → other', perpWith({ oracleId: 'other' })],
  ['SOL-PERP: taker fee of this account 0.025 % → 0.035 %', perpWith({ takerFee: 350n })],
  [
    'SOL-PERP: cap of open interest none → 5',
    perpWith({ openInterest: { long: lamports(1n), short: lamports(2n), cap: lamports(5n) } }),
  ],
  ['SOL: initial weight of deposits 80 % → 50 %', solWith({ initialAssetWeight: 5_000 })],
  ['SOL: withdraw guard none → 9', solWith({ withdrawGuardThreshold: 9n })],
])('%s', (sentence, now) => {
  expect(parameterChanges(snapshot.markets, now)).toEqual([sentence]);
  expect(parameterChanges(now, now)).toEqual([]);
});
