import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { OrderIntent } from '../../../../src/domain/order/intent.ts';
import { openingFee } from '../../../../src/venues/velocity/write/opening.ts';
import { orderParams } from '../../../../src/venues/velocity/write/order.ts';
import type { VelocityRead } from '../../../../src/venues/velocity/write/read.ts';

const readWith = (tickSize: bigint, bidPrice: bigint | null, askPrice: bigint | null): VelocityRead =>
  ({
    state: { minAuctionSlots: 10 },
    market: { market: { marketIndex: 0, tickSize } },
    markets: { spot: [], perps: [{ marketIndex: 0, markPrice: bidPrice, bidPrice, askPrice }] },
  }) as unknown as VelocityRead;

const intent = (size: bigint, limit: bigint): OrderIntent => ({
  kind: 'order',
  market: 'SOL-PERP',
  size: size.toString(),
  reduceOnly: false,
  priceLimit: limit.toString(),
  maxTsMs: 1_795_944_050_999,
  cancelOpenOrders: false,
});

describe('an order', () => {
  it('its limit is never worse than ours, on the tick, and its auction never runs backwards', () => {
    const price = fc.bigInt(1_000_000n, 500_000_000n);
    fc.assert(
      fc.property(
        fc.constantFrom(-1n, 1n),
        price,
        fc.option(price),
        fc.bigInt(1n, 10_000n),
        (sign, limit, amm, tick) => {
          const params = orderParams(intent(sign * 1_000_000_000n, limit), readWith(tick, amm, amm));
          const { price: asked, auctionStartPrice: start, auctionEndPrice: end } = params;
          expect(asked % tick).toBe(0n);
          expect(end).toBe(asked);
          // The worse it is for us, the larger.
          const worse = (value: bigint | null): bigint => sign * (value ?? 0n);
          expect(worse(asked) <= worse(limit) && worse(limit) - worse(asked) < tick).toBe(true);
          expect(worse(start) <= worse(end)).toBe(true);
          if (amm !== null && worse(amm) <= worse(asked)) expect(start).toBe(amm);
        },
      ),
    );
  });

  it('says its side, its size without a sign, and whole seconds', () => {
    const params = orderParams(intent(-2_000_000_000n, 75_000_000n), readWith(100n, 76_000_000n, 76_100_000n));
    expect(params).toMatchObject({ direction: 'short', base: 2_000_000_000n, maxTs: 1_795_944_050n, auctionSlots: 10 });
  });
});

describe('the fee of opening an account', () => {
  it.each([
    ['far below the room', 100n, 0n],
    ['just below four fifths', 79_998n, 0n],
    ['at nine tenths, half of the most', 89_998n, 5_000_000n],
    ['full, all of it', 99_998n, 10_000_000n],
  ])('%s', (_what, subAccounts, fee) => {
    expect(openingFee({ subAccounts, maxSubAccounts: 1_000, maxOpeningFee: 1 })).toBe(fee);
  });
});
