import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PerpMarket } from '../../../src/domain/account/account.ts';
import { lamports, price } from '../../../src/domain/money/units.ts';
import {
  LARGE_TRADE,
  limitReference,
  MAX_SLIPPAGE_PPM,
  MIN_SLIPPAGE_PPM,
  paperFillPrice,
  priceLimit,
  SMALL_TRADE,
  slippagePpm,
} from '../../../src/domain/order/slippage.ts';
import { snapshotOf } from '../../support/snapshots.ts';

const market = snapshotOf().markets.perps[0] as PerpMarket;
const anySize = fc.bigInt({ min: 1n, max: 10n ** 16n }).map(lamports);
const anyMark = fc.bigInt({ min: 1_000_000n, max: 10n ** 11n }).map(price);
const anySide = fc.constantFrom('buy' as const, 'sell' as const);

describe('paper slippage', () => {
  it('is 0.1 % up to the small size and 0.3 % from the large one', () => {
    expect(slippagePpm(lamports(1n))).toBe(MIN_SLIPPAGE_PPM);
    expect(slippagePpm(SMALL_TRADE)).toBe(MIN_SLIPPAGE_PPM);
    expect(slippagePpm(LARGE_TRADE)).toBe(MAX_SLIPPAGE_PPM);
    expect(slippagePpm(lamports(LARGE_TRADE * 100n))).toBe(MAX_SLIPPAGE_PPM);
    expect(slippagePpm(lamports((SMALL_TRADE + LARGE_TRADE) / 2n))).toBe(2_000n);
  });

  it('does not depend on the sign of the size', () => {
    expect(slippagePpm(lamports(-LARGE_TRADE))).toBe(MAX_SLIPPAGE_PPM);
  });

  it('never shrinks as the size grows (property)', () => {
    fc.assert(
      fc.property(anySize, anySize, (a, b) => {
        const [small, large] = a < b ? [a, b] : [b, a];
        expect(slippagePpm(small)).toBeLessThanOrEqual(slippagePpm(large));
      }),
    );
  });

  it('Feature: delta-neutral-live-mode, Property 9: a paper fill is 0.1 to 0.3 % off the mark, worse for the taker', () => {
    fc.assert(
      fc.property(anyMark, anySize, anySide, (mark, size, side) => {
        const filled = paperFillPrice(mark, size, side);
        const worseBy = side === 'buy' ? filled - mark : mark - filled;
        expect(worseBy * 1_000_000n).toBeGreaterThanOrEqual(mark * MIN_SLIPPAGE_PPM);
        expect(worseBy * 1_000_000n).toBeLessThanOrEqual(mark * MAX_SLIPPAGE_PPM);
      }),
      { numRuns: 500 },
    );
  });
});

describe('price limit', () => {
  it('lies above the reference for a buy and below for a sell', () => {
    const at = price(150_000_000n);
    expect(priceLimit(at, 50, 'buy', price(100n))).toBe(150_750_000n);
    expect(priceLimit(at, 50, 'sell', price(100n))).toBe(149_250_000n);
  });

  it('is a multiple of the tick, and never worse than the tolerance (property)', () => {
    fc.assert(
      fc.property(
        anyMark,
        fc.integer({ min: 0, max: 500 }),
        anySide,
        fc.constantFrom(1n, 100n, 10_000n),
        (mark, bps, side, tick) => {
          const limit = priceLimit(mark, bps, side, price(tick));
          expect(limit % tick).toBe(0n);
          const worseBy = side === 'buy' ? limit - mark : mark - limit;
          expect(worseBy * 10_000n).toBeLessThanOrEqual(mark * BigInt(bps));
        },
      ),
    );
  });

  it('takes a market without a tick', () => {
    expect(priceLimit(price(101n), 100, 'buy', price(0n))).toBe(102n);
  });

  it('is set from where the side fills, else from the mark, else from the oracle, else not at all', () => {
    const oracle = (at: bigint | null) => ({ ...market.oracle, price: at === null ? null : price(at) });
    const quoted = { ...market, oracle: oracle(1n), markPrice: price(3n), bidPrice: price(2n), askPrice: price(4n) };
    expect(limitReference(quoted, 'sell')).toBe(2n);
    expect(limitReference(quoted, 'buy')).toBe(4n);
    expect(limitReference({ ...market, oracle: oracle(1n), markPrice: price(3n) }, 'buy')).toBe(3n);
    expect(limitReference({ ...market, oracle: oracle(1n), markPrice: null }, 'sell')).toBe(1n);
    expect(limitReference({ ...market, oracle: oracle(null), markPrice: null }, 'sell')).toBeNull();
  });
});
