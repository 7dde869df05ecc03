import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { describeOnVelocity } from '../../../../localnet/tests/support/velocity-files.ts';
import { decodeAccount } from '../../../../src/venues/solana-perps/account-layout.ts';
import { largestFill, quoteForLong, quoteForShort } from '../../../../src/venues/velocity/maths/amm-price.ts';
import { PERP_MARKET } from '../../../../src/venues/velocity/program/accounts.ts';

const RESERVE = 85_000_000_000_000n;
const AMM = {
  ammSqrtK: RESERVE,
  ammPeg: 76_000_000n,
  ammBidBaseReserve: RESERVE,
  ammBidQuoteReserve: RESERVE,
  ammAskBaseReserve: RESERVE,
  ammAskQuoteReserve: RESERVE,
};

describe('the AMM’s quote', () => {
  it('is near the peg for a small order, worse the larger it is, and a round trip never gains', () => {
    const sizes = fc.bigInt(10_000_000n, RESERVE / 4n);
    fc.assert(
      fc.property(sizes, (base) => {
        const [sold, bought] = [quoteForShort(AMM, base), quoteForLong(AMM, base)];
        expect(bought).toBeGreaterThan(sold);
        // Each quote is rounded by a unit.
        expect(quoteForShort(AMM, base * 2n)).toBeLessThanOrEqual(sold * 2n + 2n);
        expect(quoteForLong(AMM, base * 2n)).toBeGreaterThanOrEqual(bought * 2n - 2n);
      }),
    );
    expect(quoteForShort(AMM, 1_000_000_000n)).toBe(75_999_105n);
  });

  it('is refused for more than the AMM has', () => {
    expect(() => quoteForLong(AMM, RESERVE)).toThrow(RangeError);
  });
});

describeOnVelocity('the AMM of mainnet', ({ dumps }) => {
  it('takes at most some 160 SOL in one fill of a short', () => {
    expect(largestFill(decodeAccount(PERP_MARKET, dumps.perpMarket), 'short')).toBe(160_616_468_402n);
  });
});
