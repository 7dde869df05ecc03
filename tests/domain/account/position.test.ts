import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PerpPosition } from '../../../src/domain/account/account.ts';
import { addedSize, applyFill, emptyPosition, isReducing } from '../../../src/domain/account/position.ts';
import { abs, lamports, microUsd } from '../../../src/domain/money/units.ts';

const SOL = 1_000_000_000n;
const start = emptyPosition(0, 0n);
/** Trades whole SOL at whole dollars. */
const trade = (position: PerpPosition, sol: bigint, usd: bigint, fee = 0n) =>
  applyFill(position, lamports(sol * SOL), microUsd(-sol * usd * 1_000_000n), microUsd(fee));
const entryUsd = (position: PerpPosition) => (-position.quoteEntryAmount * 1_000n) / position.baseAmount;

describe('applyFill', () => {
  it('opens a short at its price', () => {
    const { position, realizedPnl } = trade(start, -10n, 150n, 500n);
    expect(position.baseAmount).toBe(-10n * SOL);
    expect(position.quoteEntryAmount).toBe(1_500_000_000n);
    expect(position.quoteAmount).toBe(1_500_000_000n - 500n);
    expect(position.quoteBreakEvenAmount).toBe(1_500_000_000n - 500n);
    expect(realizedPnl).toBe(0n);
  });

  it('averages the entry when it adds', () => {
    const { position } = trade(trade(start, -10n, 100n).position, -10n, 200n);
    expect(entryUsd(position)).toBe(150n);
  });

  it('realises the part that is closed and keeps the entry of the rest', () => {
    const { position, realizedPnl } = trade(trade(start, -10n, 150n).position, 4n, 140n);
    expect(position.baseAmount).toBe(-6n * SOL);
    expect(entryUsd(position)).toBe(150n);
    expect(realizedPnl).toBe(40_000_000n);
  });

  it('leaves nothing but unsettled quote when it closes', () => {
    const { position, realizedPnl } = trade(trade(start, -10n, 150n, 7n).position, 10n, 160n, 11n);
    expect(position.baseAmount).toBe(0n);
    expect(position.quoteEntryAmount).toBe(0n);
    expect(position.quoteBreakEvenAmount).toBe(0n);
    expect(position.quoteAmount).toBe(-100_000_000n - 18n);
    expect(realizedPnl).toBe(-100_000_000n);
  });

  it('keeps the long remainder, at its own price, when a buy crosses zero', () => {
    const { position, realizedPnl } = trade(trade(start, -10n, 150n).position, 15n, 140n, 9n);
    expect(position.baseAmount).toBe(5n * SOL);
    expect(entryUsd(position)).toBe(140n);
    expect(position.quoteBreakEvenAmount).toBe(-700_000_000n - 9n);
    expect(realizedPnl).toBe(100_000_000n);
  });

  it('keeps the short remainder when a sell crosses zero', () => {
    const { position, realizedPnl } = trade(trade(start, 10n, 150n).position, -15n, 160n);
    expect(position.baseAmount).toBe(-5n * SOL);
    expect(entryUsd(position)).toBe(160n);
    expect(realizedPnl).toBe(100_000_000n);
  });

  it('charges only the fee when nothing is filled', () => {
    const { position } = trade(trade(start, -1n, 100n).position, 0n, 100n, 3n);
    expect(position.baseAmount).toBe(-SOL);
    expect(position.quoteAmount).toBe(100_000_000n - 3n);
  });

  it('conserves value: unsettled quote is all quote that came in less all fees (property)', () => {
    // A fill of no size has no quote: venues report none.
    const size = fc.bigInt({ min: -(10n ** 13n), max: 10n ** 13n }).filter((delta) => delta !== 0n);
    const fill = fc.record({
      delta: size,
      quote: fc.bigInt({ min: 0n, max: 10n ** 13n }),
      fee: fc.bigInt({ min: -(10n ** 6n), max: 10n ** 9n }),
    });
    fc.assert(
      fc.property(fc.array(fill, { maxLength: 30 }), (fills) => {
        let position = start;
        let base = 0n;
        let quote = 0n;
        let realized = 0n;
        let fees = 0n;
        for (const { delta, quote: size, fee } of fills) {
          const quoteDelta = delta > 0n ? -size : size;
          const next = applyFill(position, lamports(delta), microUsd(quoteDelta), microUsd(fee));
          position = next.position;
          base += delta;
          quote += quoteDelta - fee;
          realized += next.realizedPnl;
          fees += fee;
        }
        expect(position.baseAmount).toBe(base);
        expect(position.quoteAmount).toBe(quote);
        // The part that left the entry is realized, so nothing is lost between the two.
        expect(position.quoteEntryAmount + realized).toBe(quote + fees);
        if (base === 0n) expect(position.quoteEntryAmount).toBe(0n);
      }),
      { numRuns: 300 },
    );
  });
});

describe('reducing', () => {
  it.each([
    [-10n, 4n, true],
    [-10n, 10n, true],
    [-10n, 11n, false],
    [-10n, -1n, false],
    [10n, -4n, true],
    [10n, -11n, false],
    [0n, 1n, false],
    [-10n, 0n, false],
  ])('a position of %s with a trade of %s: %s', (position, delta, expected) => {
    expect(isReducing(lamports(position), lamports(delta))).toBe(expected);
  });

  it('shrinks the position without crossing zero, exactly then (property)', () => {
    const size = fc.bigInt({ min: -100n, max: 100n });
    fc.assert(
      fc.property(size, size, (position, delta) => {
        const after = position + delta;
        const shrinks = abs(after) < abs(position) && (after === 0n || after > 0n === position > 0n);
        expect(isReducing(lamports(position), lamports(delta))).toBe(shrinks);
      }),
      { numRuns: 500 },
    );
  });

  it('adds only what goes beyond the present position', () => {
    expect(addedSize(lamports(-10n), lamports(-4n))).toBe(4n);
    expect(addedSize(lamports(-10n), lamports(4n))).toBe(0n);
    expect(addedSize(lamports(-10n), lamports(14n))).toBe(4n);
    expect(addedSize(lamports(0n), lamports(-4n))).toBe(4n);
  });
});
