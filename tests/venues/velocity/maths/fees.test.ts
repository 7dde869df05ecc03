import { describe, expect, it } from '@jest/globals';
import { feeTierOf, takerFee } from '../../../../src/venues/velocity/maths/fees.ts';

const MILLION = 1_000_000_000_000n;
const FIRST = { takerNumerator: 42, takerDenominator: 120_000 };

describe('fees', () => {
  it.each([
    [0n, 0],
    [2n * MILLION - 1n, 0],
    [2n * MILLION, 1],
    [10n * MILLION, 2],
    [20n * MILLION, 3],
    [80n * MILLION, 4],
    [200n * MILLION, 5],
  ])('a volume of %d is tier %d', (volume, tier) => {
    expect(feeTierOf(volume)).toBe(tier);
  });

  it('is rounded up', () => {
    expect(takerFee(761_740_788n, FIRST)).toBe(266_610n);
    expect(takerFee(120_000n, FIRST)).toBe(42n);
    expect(takerFee(1n, FIRST)).toBe(1n);
    expect(takerFee(0n, FIRST)).toBe(0n);
  });
});
