import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { emptyPosition } from '../../../src/domain/account/position.ts';
import { microUsd } from '../../../src/domain/money/units.ts';
import {
  type Goal,
  PLAIN_TERMS,
  type PlanLimits,
  planIntent,
  type Terms,
} from '../../../src/domain/order/intent-plan.ts';
import { NOW_MS, type Scenario, snapshotOf } from '../../support/snapshots.ts';

const LIMITS: PlanLimits = { maxSlippageBps: 50, orderLifeMs: 30_000, nowMs: NOW_MS };
type Wanted = readonly [Goal, Partial<Terms>?];
const plan = ([goal, terms]: Wanted, scenario: Scenario = {}) =>
  planIntent(goal, { ...PLAIN_TERMS, ...terms }, snapshotOf(scenario), LIMITS);
const order = (wanted: Wanted, scenario: Scenario = {}) => {
  const planned = plan(wanted, scenario);
  if (planned.kind !== 'intent' || planned.intent.kind !== 'order') throw new Error(JSON.stringify(planned));
  return planned.intent;
};
const trade = (size: string, priceBound: string | null = null): Wanted => [
  { kind: 'open', market: 'SOL-PERP', size },
  { priceBound },
];
const close = (slippageMultiple = 1): Wanted => [{ kind: 'close', market: 'SOL-PERP' }, { slippageMultiple }];

describe('planning an intent', () => {
  it('rounds a size down to the step, and refuses what is below one', () => {
    expect(order(trade('-1000999999')).size).toBe('-1000000000');
    expect(plan(trade('999'))).toMatchObject({ kind: 'refused', error: { code: 'BELOW_MINIMUM' } });
  });

  it('sends a reduction reduce-only, with our open orders cancelled; an increase neither', () => {
    expect(order(trade('1000000000'), { perp: -5 })).toMatchObject({ reduceOnly: true, cancelOpenOrders: true });
    expect(order(trade('-1000000000'), { perp: -5 })).toMatchObject({ reduceOnly: false, cancelOpenOrders: false });
    expect(order(trade('6000000000'), { perp: -5 }).reduceOnly).toBe(false);
  });

  it.each(['rebalance', 'correct', 'guard'] as const)('opens nothing for a %s whose position is gone', (kind) => {
    for (const size of ['-1000000000', '1000000000']) {
      const goal: Goal = { kind, market: 'SOL-PERP', size };
      expect(plan([goal])).toMatchObject({ kind: 'refused', error: { code: 'NO_POSITION' } });
      // A guard's order only ever reduces.
      if (kind !== 'guard' || !size.startsWith('-')) expect(plan([goal], { perp: -5 }).kind).toBe('intent');
    }
  });

  it('holds an order to the clock of its chain, where that is told', () => {
    const blockTimeMs = NOW_MS + 3_600_000;
    expect(order(trade('1000000000')).maxTsMs).toBe(NOW_MS + LIMITS.orderLifeMs);
    expect(order(trade('1000000000'), { snapshot: { blockTimeMs } }).maxTsMs).toBe(blockTimeMs + LIMITS.orderLifeMs);
  });

  it('never accepts a worse price than the one that was confirmed', () => {
    fc.assert(
      fc.property(fc.bigInt(100_000_000n, 200_000_000n), fc.boolean(), (bound, buys) => {
        const limit = BigInt(order(trade(buys ? '1000000000' : '-1000000000', bound.toString())).priceLimit);
        expect(buys ? limit <= bound : limit >= bound).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('closes with the exact flattening size in the offsetting direction, the limit wider by the multiple', () => {
    const once = order(close(1), { perp: '-5.25' });
    const wider = order(close(4), { perp: '-5.25' });
    expect(once).toMatchObject({ size: '5250000000', reduceOnly: true });
    expect(BigInt(wider.priceLimit)).toBeGreaterThan(BigInt(once.priceLimit));
    expect(order(close(), { perp: 2 })).toMatchObject({ size: '-2000000000' });
  });

  it('guards reduce-only by what was decided, at most by what stands now, and never on the other side', () => {
    const guard = (size: string): Wanted => [{ kind: 'guard', market: 'SOL-PERP', size }];
    expect(order(guard('2000000000'), { perp: -5 })).toMatchObject({ size: '2000000000', reduceOnly: true });
    expect(order(guard('2000000000'), { perp: -1 })).toMatchObject({ size: '1000000000', reduceOnly: true });
    expect(order(guard('-2000000000'), { perp: 1 })).toMatchObject({ size: '-1000000000', reduceOnly: true });
    for (const perp of [0, 1])
      expect(plan(guard('2000000000'), { perp })).toMatchObject({ error: { code: 'NO_POSITION' } });
  });

  it('has nothing to close when flat, but cancels orders that could open again', () => {
    expect(plan(close())).toMatchObject({ kind: 'nothing', why: 'flat' });
    const orders = [
      { orderId: 1, marketIndex: 0, side: 'sell' as const, size: 1n, filled: 0n, reduceOnly: false, maxTsMs: null },
    ] as never;
    expect(plan(close(), { account: { orders } })).toMatchObject({ intent: { kind: 'cancel_orders' } });
  });

  it('has no intent without a price, and none in a market that is not there', () => {
    expect(plan(trade('1000000000'), { oracleUsd: null, markUsd: null })).toMatchObject({
      kind: 'refused',
      error: { code: 'UNAVAILABLE' },
    });
    expect(plan([{ kind: 'settle', market: 'BTC-PERP' }])).toMatchObject({
      error: { code: 'UNKNOWN_MARKET' },
    });
  });

  it('settles a flat position only above the sum that is worth it', () => {
    const settle: Wanted = [{ kind: 'settle', market: 'SOL-PERP' }, { settleAbove: '1000000' }];
    expect(plan(settle)).toMatchObject({ kind: 'nothing', why: 'settled' });
    expect(plan(settle, { perp: -5 })).toMatchObject({ kind: 'intent', intent: { kind: 'settle' } });
    const unsettled = (quoteAmount: bigint, usdc: number) =>
      plan(settle, { usdc, account: { perps: [{ ...emptyPosition(0, 0n), quoteAmount: microUsd(quoteAmount) }] } })
        .kind;
    expect([unsettled(1_000_001n, 0), unsettled(1_000_000n, 0)]).toEqual(['intent', 'nothing']);
    expect([unsettled(-1_000_001n, 500), unsettled(-1_000_000n, 500)]).toEqual(['intent', 'nothing']);
    // Anything beyond the deposit would be borrowed.
    expect(unsettled(-44_000_000n, 43)).toBe('nothing');
  });
});
