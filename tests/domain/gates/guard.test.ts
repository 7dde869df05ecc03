import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Snapshot } from '../../../src/domain/account/snapshot.ts';
import { worstPriceOf } from '../../../src/domain/gates/gates.ts';
import { dangerOf, guardTrade, isInDanger } from '../../../src/domain/gates/guard.ts';
import { accountAfter } from '../../../src/domain/hedge/account-after.ts';
import { abs, lamports } from '../../../src/domain/money/units.ts';
import { paperPolicy, type Scenario, snapshotOf, sol } from '../../support/snapshots.ts';

const policy = paperPolicy();
const guard = (scenario: Scenario) => guardTrade(snapshotOf(scenario), policy);
/** USDC collateral only: a short of 10 SOL at 150 USD needs 75 USD of maintenance margin. */
const thin = (usdc: number): Scenario => ({ sol: 0, usdc, perp: -10 });

const healthAfter = (snapshot: Snapshot, delta: bigint) => {
  const price = worstPriceOf(snapshot.markets.perps[0] as never, lamports(delta), policy);
  const after = accountAfter(snapshot, {
    kind: 'trade',
    market: 'SOL-PERP',
    delta: lamports(delta),
    price: price as never,
  });
  return dangerOf(after?.account as never, snapshot.markets);
};

describe('the guard', () => {
  it('leaves a healthy account alone', () => {
    expect(guard({ perp: -10 })).toBeNull();
    expect(guard(thin(1_000))).toBeNull();
  });

  it('reduces when health is below 20, by the least that restores 50', () => {
    const snapshot = snapshotOf(thin(90));
    expect(dangerOf(snapshot.account as never, snapshot.markets).health).toBeLessThan(20);
    const trade = guardTrade(snapshot, policy);
    if (trade === null) throw new Error('no trade');
    expect(trade.delta).toBeGreaterThan(0n);
    expect(trade.delta).toBeLessThan(sol(10));
    expect(trade.delta % sol('0.001')).toBe(0n);
    expect(healthAfter(snapshot, trade.delta).health).toBeGreaterThanOrEqual(50);
    const less = healthAfter(snapshot, trade.delta - sol('0.001'));
    expect((less.health ?? 0) < 50 || isInDanger(less)).toBe(true);
    expect(trade.healthAfter).toBeGreaterThanOrEqual(50);
  });

  it('reduces when liquidation is nearer than 10 %, though health is above 20', () => {
    const snapshot = snapshotOf(thin(200));
    const danger = dangerOf(snapshot.account as never, snapshot.markets);
    expect(danger.health).toBeGreaterThan(20);
    expect(danger.liquidationDistancePct).toBeLessThan(10);
    const trade = guardTrade(snapshot, policy);
    expect(trade).not.toBeNull();
    const after = healthAfter(snapshot, trade?.delta ?? 0n);
    expect(isInDanger(after)).toBe(false);
  });

  it('is called for by health below 20 alone, and by nothing above', () => {
    // 10 SOL at 90 % are 1,350 USD; the short needs 75 and the borrow all of itself.
    const borrowed = (health: number) => snapshotOf({ perp: -10, usdc: -(1_350 * (1 - health / 100) - 75) });
    const danger = (health: number) => {
      const { account, markets } = borrowed(health);
      return isInDanger(dangerOf(account as never, markets));
    };
    expect(danger(19.9)).toBe(true);
    expect(danger(20.1)).toBe(false);
  });

  it('leaves a hedge whose danger is a borrow: closing it would expose the collateral and restore nothing', () => {
    const snapshot = snapshotOf({ perp: -10, usdc: -1_032 });
    const danger = dangerOf(snapshot.account as never, snapshot.markets);
    expect(danger.health).toBeLessThan(20);
    expect(danger.liquidationDistancePct).toBeGreaterThan(50);
    expect(guardTrade(snapshot, policy)).toBeNull();
  });

  it('closes the whole where no part is enough, odd dust included', () => {
    const trade = guard({ sol: 0, usdc: 1, perp: '-10.0005' });
    expect(trade?.delta).toBe(sol('10.0005'));
    expect(trade?.healthAfter).toBeNull();
  });

  it('sells a long that is near liquidation', () => {
    expect(guard({ sol: 0, usdc: 90, perp: 10 })?.delta).toBeLessThan(0n);
  });

  it('does nothing where it knows no figures, no price, no position or no account', () => {
    expect(guard({ ...thin(90), oracleUsd: null })).toBeNull();
    expect(guard({ sol: 0, usdc: 90 })).toBeNull();
    expect(guard({ account: null })).toBeNull();
    expect(guardTrade(snapshotOf(thin(90)), policy, 'ETH-PERP')).toBeNull();
    expect(isInDanger({ health: null, liquidationDistancePct: null })).toBe(false);
  });

  it('only ever shrinks the position, and restores it wherever flat would (property)', () => {
    const scenario = fc.record({
      sol: fc.integer({ min: 0, max: 12 }),
      usdc: fc.integer({ min: -1_500, max: 400 }),
      perp: fc.integer({ min: -200_000, max: -5 }).map((milli) => (milli / 1_000).toFixed(3)),
    });
    let acted = 0;
    fc.assert(
      fc.property(scenario, (given) => {
        const snapshot = snapshotOf(given);
        const trade = guardTrade(snapshot, policy);
        if (trade === null) return;
        acted += 1;
        const size = abs(sol(given.perp));
        expect(trade.delta).toBeGreaterThan(0n);
        expect(trade.delta).toBeLessThanOrEqual(size);
        if (trade.healthAfter === null) expect(trade.delta).toBe(size);
        else expect(healthAfter(snapshot, trade.delta).health).toBeGreaterThanOrEqual(50);
      }),
      { numRuns: 300 },
    );
    expect(acted).toBeGreaterThan(30);
  });
});
