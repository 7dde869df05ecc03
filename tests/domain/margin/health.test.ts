import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assessMargin, healthOf } from '../../../src/domain/margin/margin.ts';
import { decodeDriftAccount } from '../../../src/venues/drift/account-decoder.ts';
import { decodeAccount } from '../../../src/venues/drift/decode.ts';
import { marketsOf } from '../../support/drift-accounts.ts';
import { bytesOfUser, chainOf, driftCase } from '../../support/drift-arbitraries.ts';
import { runs } from '../../support/long.ts';
import { madeChain } from '../../support/made-drift-chain.ts';
import { snapshotOf } from '../../support/snapshots.ts';

const amount = fc.bigInt(-(10n ** 24n), 10n ** 24n);
const owed = fc.bigInt(0n, 10n ** 24n);

describe('health', () => {
  it('Feature: delta-neutral-live-mode, Property 2: Health Ratio Bounds, of any collateral and maintenance margin', () => {
    fc.assert(
      fc.property(fc.oneof(amount, fc.bigInt(-5n, 5n)), fc.oneof(owed, fc.bigInt(0n, 5n)), (collateral, margin) => {
        const health = healthOf(collateral, margin);
        expect(health).toBeGreaterThanOrEqual(0);
        expect(health).toBeLessThanOrEqual(100);
        if (margin > 0n && margin >= collateral) expect(health).toBe(0);
        if (margin === 0n && collateral >= 0n) expect(health).toBe(100);
      }),
      { numRuns: 1_000 },
    );
  });

  it('Feature: delta-neutral-live-mode, Property 2: Health Ratio Bounds, of any account on any markets', async () => {
    const from = madeChain();
    await fc.assert(
      fc.asyncProperty(driftCase, async (drawn) => {
        const account = decodeAccount(decodeDriftAccount('User', await bytesOfUser(drawn)));
        const assessment = assessMargin(account, marketsOf(await chainOf(from, drawn)));
        if (assessment.kind === 'unknown') throw new Error(assessment.missing.join());
        const { health, healthExact } = assessment.figures;
        expect(healthExact).toBeGreaterThanOrEqual(0);
        expect(healthExact).toBeLessThanOrEqual(100);
        expect(health).toBe(Math.round(healthExact));
      }),
      { numRuns: runs(100) },
    );
  }, 180_000);

  it('falls as the price rises on a short beyond the deposit, and is 0 where it is liquidated', () => {
    const healthAt = (oracleUsd: number) => {
      const { account, markets } = snapshotOf({ sol: 0, usdc: 500, perp: -10, entryUsd: 150, oracleUsd });
      const assessment = account === null ? null : assessMargin(account, markets);
      return assessment?.kind === 'known' ? assessment.figures.health : null;
    };
    // 500 USDC against 10 SOL short: maintenance 5 % of 1500 is 75.
    expect(healthAt(150)).toBe(85);
    expect(healthAt(180)).toBe(55);
    expect(healthAt(191)).toBe(0);
    expect(healthAt(300)).toBe(0);
  });

  it('is 0 while the account is being liquidated, whatever it holds', () => {
    const { account, markets } = snapshotOf({ account: { status: 'being_liquidated' } });
    const assessment = account === null ? null : assessMargin(account, markets);
    expect(assessment).toMatchObject({ kind: 'known', figures: { health: 0, healthExact: 0 } });
  });

  it('is unknown, never 100, when a price is missing', () => {
    const { account, markets } = snapshotOf({ perp: -10, oracleUsd: null });
    expect(account === null ? null : assessMargin(account, markets)).toEqual({
      kind: 'unknown',
      missing: ['price of SOL', 'price of SOL-PERP'],
    });
  });

  it('is told within 100 ms for the fullest account', async () => {
    const drawn = fc.sample(driftCase, { numRuns: 20, seed: 7 });
    for (const each of drawn) {
      const account = decodeAccount(decodeDriftAccount('User', await bytesOfUser(each)));
      const markets = marketsOf(await chainOf(madeChain(), each));
      const startedAt = performance.now();
      assessMargin(account, markets);
      expect(performance.now() - startedAt).toBeLessThan(100);
    }
  });
});
