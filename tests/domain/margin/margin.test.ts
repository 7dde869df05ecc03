import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Account, OracleQuote, PerpPosition } from '../../../src/domain/account/account.ts';
import {
  assessMargin,
  entryPrice,
  liquidationPrice,
  type MarginFigures,
  perpPosition,
  perpSize,
  spotHeld,
  tokenAmount,
  unrealizedPnl,
  unsettledFunding,
  withdrawable,
} from '../../../src/domain/margin/margin.ts';
import {
  perpMarginRatio,
  sizeDiscountWeight,
  sizePremiumWeight,
  squareRoot,
} from '../../../src/domain/margin/margin-weights.ts';
import { lamports, price } from '../../../src/domain/money/units.ts';
import { type Scenario, snapshotOf, sol, usd, usdPrice } from '../../support/snapshots.ts';

function held(scenario: Scenario) {
  const { account, markets } = snapshotOf(scenario);
  if (account === null) throw new Error('the scenario has an account');
  return { account, markets };
}

function figuresOf(scenario: Scenario): MarginFigures {
  const { account, markets } = held(scenario);
  const assessment = assessMargin(account, markets);
  if (assessment.kind === 'unknown') throw new Error(assessment.missing.join());
  return assessment.figures;
}

const positionOf = (account: Account): PerpPosition => {
  const position = account.perps[0];
  if (position === undefined) throw new Error('the scenario has a position');
  return position;
};

const quote = (change: Partial<OracleQuote>): OracleQuote => ({
  price: usdPrice(150),
  twap5Min: usdPrice(150),
  confidence: price(1n),
  slot: 1,
  valid: true,
  invalidReason: null,
  ...change,
});

describe('margin of an account', () => {
  it('counts deposits at their weights and the perp at its ratios', () => {
    // 10 SOL at 150 and 500 USDC; a short of 10 SOL.
    expect(figuresOf({ perp: -10 })).toMatchObject({
      totalCollateralInitial: usd(500 + 1_500 * 0.8),
      totalCollateralMaintenance: usd(500 + 1_500 * 0.9),
      initialMargin: usd(150),
      maintenanceMargin: usd(75),
      freeCollateral: usd(500 + 1_200 - 150),
      health: 96,
      leverage: 0.75,
      netValue: usd(2_000),
    });
  });

  it('weighs a borrow up, and free collateral is never negative', () => {
    const figures = figuresOf({ sol: -4, usdc: 600 });
    expect(figures.initialMargin).toBe(usd(600 * 1.2));
    expect(figures.maintenanceMargin).toBe(usd(600 * 1.1));
    expect(figures.freeCollateral).toBe(0n);
    expect(figures.health).toBe(0);
  });

  it('takes the lower of price and TWAP for what is owned, only where risk is added', () => {
    const solMarket = { oracle: quote({ twap5Min: usdPrice(120) }) };
    const figures = figuresOf({ solMarket });
    expect(figures.totalCollateralInitial).toBe(usd(500 + 1_200 * 0.8));
    expect(figures.totalCollateralMaintenance).toBe(usd(500 + 1_500 * 0.9));
  });

  it('counts open orders as if the worse side were filled', () => {
    const order = { openOrders: 1, openBids: lamports(0n), openAsks: sol(-5) };
    const { account, markets } = held({ perp: -10 });
    const withOrder = { ...account, perps: [{ ...positionOf(account), ...order }] };
    const assessment = assessMargin(withOrder, markets);
    // 15 SOL at 10 %, and one cent for the order.
    expect(assessment).toMatchObject({ kind: 'known', figures: { initialMargin: usd(225.01) } });
  });

  it('lets a person lower their own leverage', () => {
    // 100 % margin of 10 SOL short; and a deposit counts nothing at 1 - 100 %.
    expect(figuresOf({ perp: -10, account: { maxMarginRatio: 10_000 } })).toMatchObject({
      initialMargin: usd(1_500),
      totalCollateralInitial: usd(500),
      maintenanceMargin: usd(75),
    });
  });

  it.each([
    ['is absent', { price: null }, 'price of SOL'],
    ['is invalid', { valid: false, invalidReason: 'stale by 900 slots' }, 'valid price of SOL (stale by 900 slots)'],
    ['is not positive', { price: price(0n) }, 'positive price of SOL'],
    ['has no TWAP', { twap5Min: null }, '5 min TWAP of SOL'],
  ])('is unknown when a price of what is held %s', (_, change, missing) => {
    const { account, markets } = held({ solMarket: { oracle: quote(change) } });
    expect(assessMargin(account, markets)).toEqual({ kind: 'unknown', missing: [missing] });
  });

  it('is unknown when a market of what is held is', () => {
    const { account, markets } = held({ perp: -1 });
    expect(assessMargin(account, { spot: markets.spot, perps: [] })).toEqual({
      kind: 'unknown',
      missing: ['perp market 0'],
    });
    expect(assessMargin(account, { spot: [], perps: markets.perps })).toEqual({
      kind: 'unknown',
      missing: ['spot market 0', 'spot market 1'],
    });
  });

  it('asks no price of a market in which nothing is held', () => {
    expect(figuresOf({ sol: 0, usdc: 500, oracleUsd: null })).toMatchObject({ health: 100, leverage: 0 });
  });

  it('values a market in settlement at its expiry price, and asks no margin for it', () => {
    const figures = figuresOf({
      perp: -10,
      perpMarket: { status: 'settlement', expiryPrice: usdPrice(140) },
    });
    expect(figures.unrealizedPnl).toBe(usd(100));
    expect(figures.maintenanceMargin).toBe(0n);
    const { account, markets } = held({ perp: -10, perpMarket: { status: 'settlement', expiryPrice: null } });
    expect(assessMargin(account, markets)).toEqual({ kind: 'unknown', missing: ['expiry price of SOL-PERP'] });
    const market = markets.perps[0];
    expect(market && unrealizedPnl(positionOf(account), market)).toBeNull();
  });

  it('is unknown while the account has an isolated position, and so is what can be withdrawn', () => {
    const { account, markets } = held({ perp: -10 });
    const isolated = { ...account, perps: [{ ...positionOf(account), isolated: true }] };
    expect(assessMargin(isolated, markets)).toEqual({
      kind: 'unknown',
      missing: ['margin of the isolated position in SOL-PERP'],
    });
    expect(withdrawable(isolated, markets, 'SOL')).toBeNull();
    expect(liquidationPrice(isolated, markets, 'SOL-PERP').kind).toBe('unknown');
  });
});

describe('the price that liquidates', () => {
  it('is 6.7 times the price for a deposit hedged once, and 43 % above for USDC at 2x', () => {
    const hedged = held({ sol: 10, usdc: 0, perp: -10 });
    expect(liquidationPrice(hedged.account, hedged.markets, 'SOL-PERP')).toEqual({
      kind: 'price',
      price: usdPrice(1_000),
    });
    const levered = held({ sol: 0, usdc: 750, perp: -10 });
    const at = liquidationPrice(levered.account, levered.markets, 'SOL-PERP');
    expect(at.kind === 'price' && Number(at.price) / 150e6).toBeCloseTo(1.43, 2);
  });

  it('is the one at which health reaches 0', () => {
    const { account, markets } = held({ sol: 3, usdc: 900, perp: -12 });
    const at = liquidationPrice(account, markets, 'SOL-PERP');
    if (at.kind !== 'price') throw new Error('a short beyond its deposit has a liquidation price');
    const dollars = Number(at.price) / 1e6;
    const healthAt = (oracleUsd: number) =>
      figuresOf({ sol: 3, usdc: 900, perp: -12, entryUsd: 150, oracleUsd }).healthExact;
    expect(healthAt(dollars * 0.999)).toBeGreaterThan(0);
    expect(healthAt(dollars * 1.001)).toBe(0);
  });

  it('moves with the deposit only where both stand on one oracle, in its units', () => {
    const at = (spotOracle: string, oracleMultiple: bigint) => {
      const { account, markets } = held({
        sol: 10,
        usdc: 0,
        perp: -10,
        perpMarket: { oracleId: 'sol-usd' },
        solMarket: { oracleId: spotOracle, oracleMultiple },
      });
      return liquidationPrice(account, markets, 'SOL-PERP');
    };
    // 1275 free; a USD costs the short 10.5, and gives the deposit 9 per unit.
    expect(at('sol-usd', 1n)).toEqual({ kind: 'price', price: usdPrice(150 + 1_275 / 1.5) });
    expect(at('other', 1n)).toEqual({
      kind: 'price',
      price: price(150_000_000n + 1_275_000_000_000_000n / 10_500_000n),
    });
    // So much deposit per unit of price that a fall liquidates.
    expect(at('sol-usd', 1_000n)).toEqual({
      kind: 'price',
      price: price(150_000_000n - 1_275_000_000_000_000n / 8_989_500_000n),
    });
  });

  it('is where maintenance margin uses up the collateral, whatever the quote asset is worth', () => {
    const freeAt = (scenario: Scenario): bigint => {
      const { totalCollateralMaintenance, maintenanceMargin } = figuresOf(scenario);
      return totalCollateralMaintenance - maintenanceMargin;
    };
    fc.assert(
      fc.property(
        fc.record({
          sol: fc.integer({ min: 0, max: 20 }),
          usdc: fc.integer({ min: 0, max: 2_000 }),
          perp: fc.integer({ min: -30, max: 30 }).filter((size) => size !== 0),
          quoteUsd: fc.double({ min: 0.8, max: 1.2, noNaN: true }),
        }),
        (scenario) => {
          fc.pre(freeAt(scenario) > 0n);
          const { account, markets } = held({ ...scenario, entryUsd: 150 });
          const found = liquidationPrice(account, markets, 'SOL-PERP');
          if (found.kind !== 'price') return;
          // A thousandth to either side, which is more than what the slope is rounded by.
          const at = (part: number) =>
            freeAt({ ...scenario, entryUsd: 150, oracleUsd: (Number(found.price) / 1e6) * part });
          const [below, above] = [at(0.999), at(1.001)];
          expect(below < 0n !== above < 0n || below === 0n || above === 0n).toBe(true);
        },
      ),
    );
  });

  it('is none without a position, for a long that its deposit covers, and unknown without a price', () => {
    const flat = held({});
    expect(liquidationPrice(flat.account, flat.markets, 'SOL-PERP')).toEqual({ kind: 'none' });
    expect(liquidationPrice(flat.account, flat.markets, 'DOGE-PERP')).toEqual({ kind: 'none' });
    const long = held({ perp: 1, usdc: 5_000 });
    expect(liquidationPrice(long.account, long.markets, 'SOL-PERP')).toEqual({ kind: 'none' });
    const blind = held({ perp: -1, oracleUsd: null });
    expect(liquidationPrice(blind.account, blind.markets, 'SOL-PERP')).toEqual({
      kind: 'unknown',
      missing: ['price of SOL', 'price of SOL-PERP'],
    });
  });
});

describe('a position', () => {
  it('is found by its market, and absent when empty', () => {
    const { account, markets } = held({ perp: '-2.5' });
    expect(perpSize(account, markets, 'SOL-PERP')).toBe(sol('-2.5'));
    expect(perpSize(account, markets, 'BTC-PERP')).toBe(0n);
    const closed = { ...positionOf(account), baseAmount: lamports(0n), quoteAmount: usd(0) };
    expect(perpPosition({ ...account, perps: [closed] }, 'SOL-PERP', markets)).toBeNull();
  });

  it('has the entry price of its fills, whatever funding was settled since', () => {
    const { account } = held({ perp: -10, entryUsd: 145 });
    const position = { ...positionOf(account), quoteAmount: usd(9_999) };
    expect(entryPrice(position)).toBe(usdPrice(145));
    expect(entryPrice({ ...position, baseAmount: lamports(0n) })).toBeNull();
  });

  it('receives funding as a short when the cumulative rate rose, and pays it as a long', () => {
    const rise = { cumulativeFundingRateShort: 30_000_000n, cumulativeFundingRateLong: 30_000_000n };
    const short = held({ perp: -10, perpMarket: rise });
    const long = held({ perp: 10, perpMarket: rise });
    const [market] = short.markets.perps;
    if (market === undefined) throw new Error('the scenario has a market');
    // 0.03 USD per SOL.
    expect(unsettledFunding(positionOf(short.account), market)).toBe(usd(0.3));
    expect(unsettledFunding(positionOf(long.account), market)).toBe(usd(-0.3));
    expect(unsettledFunding({ ...positionOf(long.account), baseAmount: lamports(0n) }, market)).toBe(0n);
  });

  it('has no PnL to tell when its price is unknown, but a closed one has', () => {
    const { account, markets } = held({ perp: -10, oracleUsd: null, entryUsd: 150 });
    const [market] = markets.perps;
    if (market === undefined) throw new Error('the scenario has a market');
    const position = positionOf(account);
    expect(unrealizedPnl(position, market)).toBeNull();
    expect(unrealizedPnl({ ...position, baseAmount: lamports(0n), quoteAmount: usd(7) }, market)).toBe(usd(7));
  });
});

describe('spot tokens', () => {
  it('round a deposit down and a debt up', () => {
    const { markets } = held({});
    const market = markets.spot[0];
    if (market === undefined) throw new Error('the scenario has USDC');
    const dust = { marketIndex: 0, scaledBalance: 1_001n, openOrders: 0, openBids: 0n, openAsks: 0n };
    expect(tokenAmount({ ...dust, kind: 'deposit' }, market)).toBe(1n);
    expect(tokenAmount({ ...dust, kind: 'borrow' }, market)).toBe(-2n);
  });

  it('held are 0 of an asset that is not there', () => {
    const { account, markets } = held({});
    expect(spotHeld(account, markets, 'SOL')).toBe(sol(10));
    expect(spotHeld(account, markets, 'DOGE')).toBe(0n);
    expect(withdrawable(account, markets, 'DOGE')).toBe(0n);
  });

  it('can all be withdrawn where nothing is owed, even when no price is known', () => {
    const { account, markets } = held({ oracleUsd: null });
    expect(withdrawable(account, markets, 'SOL')).toBe(sol(10));
  });

  it('are held back by what a position needs, and unknown when that is', () => {
    const { account, markets } = held({ sol: 10, usdc: 0, perp: -40 });
    // 1200 initial collateral less 600 margin is 600: 5 SOL at a weight of 0.8, less the programs' own micro-USD of caution.
    expect(withdrawable(account, markets, 'SOL')).toBe(lamports(sol(5) - 1_000n));
    const blind = held({ sol: 10, usdc: 0, perp: -40, oracleUsd: null });
    expect(withdrawable(blind.account, blind.markets, 'SOL')).toBeNull();
  });

  it('are held back by the market, but for small deposits', () => {
    const limited = { withdrawLimit: 4_000_000_000n };
    const large = held({ solMarket: { ...limited, withdrawGuardThreshold: sol(50) } });
    expect(withdrawable(large.account, large.markets, 'SOL')).toBe(sol(4));
    const small = held({ solMarket: { ...limited, withdrawGuardThreshold: sol(500) } });
    expect(withdrawable(small.account, small.markets, 'SOL')).toBe(sol(10));
    const edge = held({ solMarket: { ...limited, withdrawGuardThreshold: sol(100) } });
    expect(withdrawable(edge.account, edge.markets, 'SOL')).toBe(sol(4));
    expect(withdrawable({ ...small.account, netDeposits: usd(-1) }, small.markets, 'SOL')).toBe(sol(4));
  });
});

describe('weights by size', () => {
  it('rest on the exact integer square root', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 200n), (value) => {
        const root = squareRoot(value);
        expect(root * root <= value && (root + 1n) * (root + 1n) > value).toBe(true);
      }),
      { numRuns: 1_000 },
    );
    expect(() => squareRoot(-1n)).toThrow(RangeError);
  });

  it('never count a larger deposit more, nor a larger debt less', () => {
    const size = fc.bigInt(0n, 10n ** 18n);
    fc.assert(
      fc.property(size, size, fc.integer({ min: 0, max: 20_000 }), (a, b, imf) => {
        const [small, large] = a < b ? [a, b] : [b, a];
        expect(sizeDiscountWeight(large, imf, 8_000n) <= sizeDiscountWeight(small, imf, 8_000n)).toBe(true);
        expect(sizePremiumWeight(large, imf, 12_000n) >= sizePremiumWeight(small, imf, 12_000n)).toBe(true);
      }),
    );
  });

  it('fade high leverage out: from its ratio for a dust position to the market’s own', () => {
    const [market] = held({
      perpMarket: { highLeverageInitialMarginRatio: 200, highLeverageMaintenanceMarginRatio: 100, imfFactor: 200 },
    }).markets.perps;
    if (market === undefined) throw new Error('the scenario has a market');
    const ratioOf = (size: bigint) => perpMarginRatio(market, size, 'initial', 0, true);
    expect(ratioOf(0n)).toBe(200n);
    expect(ratioOf(sol(5_000))).toBeGreaterThan(200n);
    expect(ratioOf(sol(10_000_000))).toBe(perpMarginRatio(market, sol(10_000_000), 'initial', 0, false));
    expect(perpMarginRatio(market, sol(1), 'maintenance', 0, true)).toBe(100n);
  });
});
