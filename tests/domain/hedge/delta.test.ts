import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  correctionDirection,
  correctionTo,
  countedSpot,
  driftFromTargetPct,
  driftPct,
  exposure,
  FULL_HEDGE_PPM,
  hedgeableSpot,
  hedgeTargetPpm,
  isNaked,
  MIN_HEDGEABLE,
  targetShort,
} from '../../../src/domain/hedge/delta.ts';
import { abs, lamports } from '../../../src/domain/money/units.ts';
import { paperPolicy, snapshotOf, sol } from '../../support/snapshots.ts';

const none = lamports(0n);
const anySol = (min: number, max: number) =>
  fc.bigInt({ min: BigInt(min) * 1_000_000_000n, max: BigInt(max) * 1_000_000_000n }).map(lamports);

describe('drift', () => {
  it('Feature: delta-neutral-live-mode, Property 1: drift is (spot + perp) / max(spot - reserved, 0.001) x 100', () => {
    const reserve = fc.bigInt({ min: 10_000_000n, max: 100_000_000n }).map(lamports);
    fc.assert(
      fc.property(anySol(0, 1_000), anySol(-1_000, 0), reserve, (spot, perp, reserved) => {
        const hedgeable = Math.max(Number(spot - reserved) / 1e9, 0.001);
        const expected = (Number(spot + perp) / 1e9 / hedgeable) * 100;
        expect(driftPct(spot, perp, reserved)).toBeCloseTo(expected, 6);
      }),
      { numRuns: 500 },
    );
  });

  it('is zero at neutral, positive when net long, negative when net short', () => {
    expect(driftPct(sol(10), sol(-10), none)).toBe(0);
    expect(driftPct(sol(10), sol('-9.9'), none)).toBeCloseTo(1, 9);
    expect(driftPct(sol(10), sol('-10.1'), none)).toBeCloseTo(-1, 9);
  });

  it('is defined without any spot', () => {
    expect(hedgeableSpot(none, sol('0.017'))).toBe(MIN_HEDGEABLE);
    expect(driftPct(none, sol(-1), none)).toBe(-100_000);
  });

  it('from a target of 1 is the drift from neutrality, and zero where the short is what was chosen (property)', () => {
    fc.assert(
      fc.property(
        anySol(1, 1_000),
        anySol(-1_000, 0),
        fc.integer({ min: 0, max: FULL_HEDGE_PPM }),
        (spot, perp, target) => {
          expect(driftFromTargetPct(spot, perp, none, FULL_HEDGE_PPM)).toBe(driftPct(spot, perp, none));
          const chosen = lamports(-targetShort(spot, target));
          expect(Math.abs(driftFromTargetPct(spot, chosen, none, target))).toBe(0);
        },
      ),
    );
  });
});

describe('direction', () => {
  it('Feature: delta-neutral-live-mode, Property 8: net long expands the short, net short reduces it', () => {
    fc.assert(
      fc.property(anySol(0, 1_000), anySol(-1_000, 0), (spot, perp) => {
        const net = lamports(spot + perp);
        const direction = correctionDirection(net);
        expect(direction).toBe(net > 0n ? 'EXPAND_SHORT' : net < 0n ? 'REDUCE_SHORT' : null);
        const delta = correctionTo(FULL_HEDGE_PPM, { spot, perp }, lamports(1n), paperPolicy());
        if (direction === 'EXPAND_SHORT') expect(delta).toBeLessThan(0n);
        if (direction === 'REDUCE_SHORT') expect(delta).toBeGreaterThan(0n);
        // Correction size is |net delta|.
        expect(abs(delta)).toBe(abs(net));
      }),
      { numRuns: 300 },
    );
  });

  it('never crosses zero, and leaves half a step, or less than one where half would be a naked short (property)', () => {
    fc.assert(
      fc.property(
        anySol(0, 20),
        anySol(-20, 0),
        fc.integer({ min: 0, max: FULL_HEDGE_PPM }),
        fc.constantFrom(sol('0.001'), sol('0.1'), sol(1)),
        (spot, perp, target, step) => {
          const delta = correctionTo(target, { spot, perp }, step, paperPolicy());
          expect(delta % step).toBe(0n);
          const after = lamports(perp + delta);
          expect(after).toBeLessThanOrEqual(0n);
          const left = abs(lamports(targetShort(spot, target) + after));
          expect(left).toBeLessThan(step);
          const isBetter = (other: bigint) =>
            abs(lamports(targetShort(spot, target) + other)) < left &&
            other <= 0n &&
            !isNaked(spot, lamports(other), none, 1);
          expect(isBetter(after + step) || isBetter(after - step)).toBe(false);
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each([
    ['one lamport below a step', '0.999999999', '0', '-1'],
    ['the same, by what is missing', '1.999999999', '-1', '-1'],
    ['one lamport above a step', '1.000000001', '0', '-1'],
    ['half a step', '10.05', '-10', '0'],
    ['beyond half a step, where a tenth more is within the tolerance', '10.06', '-10', '-0.1'],
    ['where the nearest step would be a naked short', '1.96', '0', '-1.9'],
    ['where the nearest step would stay a naked short', '1.96', '-2.2', '0.3'],
    ['without spot', '0', '-2', '2'],
  ])('takes the nearest step of 0.1: %s', (_, spot, perp, expected) => {
    const given = { spot: sol(spot), perp: sol(perp) };
    expect(correctionTo(FULL_HEDGE_PPM, given, sol('0.1'), paperPolicy())).toBe(sol(expected));
  });
});

describe('naked', () => {
  it.each([
    ['a short within spot', '10', '-10', false],
    ['a short beyond spot within tolerance', '10', '-10.1', false],
    ['a short beyond tolerance', '10', '-10.2', true],
    ['any short without spot', '0', '-0.000000001', true],
    ['any short against borrowed spot', '-1', '-1', true],
    ['no short without spot', '0', '0', false],
    ['a long', '0', '5', false],
  ])('%s', (_, spot, perp, expected) => {
    expect(isNaked(sol(spot), sol(perp), none, 1)).toBe(expected);
  });

  it('a short against unknown spot', () => {
    expect(isNaked(null, sol(-1), none, 1)).toBe(true);
    expect(isNaked(null, none, none, 1)).toBe(false);
  });
});

describe('hedge target', () => {
  it('is short over spot, from 0 to 1', () => {
    expect(hedgeTargetPpm(sol(10), sol(-5))).toBe(500_000);
    expect(hedgeTargetPpm(sol(10), sol(-10))).toBe(1_000_000);
    expect(hedgeTargetPpm(sol(10), sol(-12))).toBe(1_000_000);
    expect(hedgeTargetPpm(sol(10), sol(5))).toBe(0);
    expect(hedgeTargetPpm(none, sol(-5))).toBe(0);
    expect(hedgeTargetPpm(sol(3), sol(-1))).toBe(333_333);
  });

  it('asks for no correction right after it was set (property)', () => {
    fc.assert(
      fc.property(anySol(1, 10_000), fc.integer({ min: 0, max: 100 }), (spot, part) => {
        const perp = lamports(-(spot * BigInt(part)) / 100n);
        const drift = driftFromTargetPct(spot, perp, none, hedgeTargetPpm(spot, perp));
        expect(Math.abs(drift)).toBeLessThan(0.001);
      }),
    );
  });
});

describe('the spot that counts', () => {
  it('is what is deposited; the wallet only when chosen, and the reserve only then', () => {
    const snapshot = snapshotOf({ sol: 10, walletSol: 5, perp: -10 });
    expect(countedSpot(snapshot, paperPolicy())).toBe(sol(10));
    expect(exposure(snapshot, paperPolicy()).hedgeable).toBe(sol(10));
    const withWallet = paperPolicy({ hedgeWalletSol: true });
    expect(countedSpot(snapshot, withWallet)).toBe(sol(15));
    expect(exposure(snapshot, withWallet).hedgeable).toBe(sol('14.983'));
    expect(exposure(snapshot, withWallet).driftPct).toBeCloseTo((5 / 14.983) * 100, 9);
  });

  it('is the wallet alone without an account', () => {
    const snapshot = snapshotOf({ account: null });
    expect(countedSpot(snapshot, paperPolicy())).toBe(0n);
    expect(countedSpot(snapshot, paperPolicy({ hedgeWalletSol: true }))).toBe(sol(5));
    expect(exposure(snapshot, paperPolicy()).perp).toBe(0n);
  });

  it('is negative when borrowed, and unknown when the venue tells of no such market', () => {
    expect(countedSpot(snapshotOf({ sol: -2 }), paperPolicy())).toBe(sol(-2));
    const snapshot = snapshotOf({ perp: -1 });
    const blind = { ...snapshot, markets: { ...snapshot.markets, spot: [] } };
    expect(exposure(blind, paperPolicy())).toMatchObject({ spot: null, netDelta: null, driftPct: null, naked: true });
  });
});
