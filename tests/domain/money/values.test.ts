import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeSnapshot, encodeSnapshot } from '../../../src/domain/account/snapshot.ts';
import { DEFAULT_POLICY, decodePolicy } from '../../../src/domain/hedge/policy.ts';
import { abs, divCeil, divFloor, max, min, price, usdNumber, valueAt } from '../../../src/domain/money/units.ts';
import { done, isFinal, refused } from '../../../src/domain/order/command.ts';
import {
  type Fill,
  intentAmount,
  type OrderIntent,
  orderPriceLimit,
  orderSize,
  totalFills,
} from '../../../src/domain/order/intent.ts';
import { CriticalError, TransientError, UnknownStateError, ValidationError } from '../../../src/lib/errors.ts';
import { snapshotOf, sol, usd } from '../../support/snapshots.ts';

describe('units', () => {
  it('divide toward minus and plus infinity (property)', () => {
    const any = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
    fc.assert(
      fc.property(
        any,
        any.filter((divisor) => divisor !== 0n),
        (dividend, divisor) => {
          const floor = divFloor(dividend, divisor);
          const rest = dividend - floor * divisor;
          expect(abs(rest)).toBeLessThan(abs(divisor));
          expect(rest === 0n || rest > 0n === divisor > 0n).toBe(true);
          expect(divCeil(dividend, divisor)).toBe(rest === 0n ? floor : floor + 1n);
        },
      ),
      { numRuns: 300 },
    );
    expect(() => divFloor(1n, 0n)).toThrow(RangeError);
  });

  it('value a size to the micro-USD, rounded down', () => {
    expect(valueAt(sol('-0.000000001'), price(150_000_000n))).toBe(-1n);
    expect(valueAt(sol(2), price(150_000_000n))).toBe(usd(300));
    expect(usdNumber(usd(1.5))).toBe(1.5);
    expect([min(1n, 2n), max(1n, 2n), min(2n, 1n), max(2n, 1n)]).toEqual([1n, 2n, 1n, 2n]);
  });
});

describe('fills', () => {
  const fill = (size: bigint, at: bigint, fee: bigint): Fill => ({
    market: 'SOL-PERP',
    side: 'sell',
    size: size.toString(),
    price: at.toString(),
    fee: fee.toString(),
    signature: 's',
    tsMs: 0,
  });

  it('add up with a size-weighted average price', () => {
    expect(totalFills([fill(1n, 100n, 3n), fill(3n, 200n, 4n)])).toEqual({ size: 4n, averagePrice: 175n, fee: 7n });
  });

  it('have no average when there are none', () => {
    expect(totalFills([])).toEqual({ size: 0n, averagePrice: null, fee: 0n });
  });
});

describe('intents', () => {
  it('read their decimal strings', () => {
    const order: OrderIntent = {
      kind: 'order',
      market: 'SOL-PERP',
      size: '-5000000',
      reduceOnly: true,
      priceLimit: '150000000',
      maxTsMs: 0,
      cancelOpenOrders: true,
    };
    expect(orderSize(order)).toBe(-5_000_000n);
    expect(orderPriceLimit(order)).toBe(150_000_000n);
    expect(intentAmount({ amount: '9007199254740993' })).toBe(9_007_199_254_740_993n);
  });
});

describe('answers', () => {
  it('are final unless pending or waiting for a confirmation', () => {
    expect(isFinal(done('done'))).toBe(true);
    expect(isFinal(refused({ code: 'X', message: 'no' }))).toBe(true);
    expect(isFinal(refused({ code: 'CONFIRMATION_REQUIRED', message: 'sure?' }, 'confirmation_required'))).toBe(false);
    expect(isFinal({ success: true, message: '', data: { status: 'pending' } })).toBe(false);
  });

  it('let no data overrule the status', () => {
    expect(done('done', { status: 'failed', x: 1 }).data).toEqual({ status: 'done', x: 1 });
    expect(refused({ code: 'X', message: 'no' }, 'failed', { status: 'done' }).data.status).toBe('failed');
  });
});

describe('errors', () => {
  it.each([
    [new TransientError('RPC_DOWN', 'no answer'), 'transient'],
    [new ValidationError('INVALID_FIELD', 'bad', { field: 'amount' }), 'validation'],
    [new CriticalError('NO_KEY', 'no key'), 'critical'],
    [new UnknownStateError('UNKNOWN', 'who knows'), 'unknown'],
  ] as const)('%s is of its category and reports as plain JSON', (error, category) => {
    expect(error.category).toBe(category);
    expect(error.name).toBe(error.constructor.name);
    expect(JSON.parse(JSON.stringify(error.report()))).toEqual({
      code: error.code,
      message: error.message,
      details: error.details,
    });
  });
});

describe('what crosses a process boundary', () => {
  it('a snapshot is the same after JSON', () => {
    const snapshot = snapshotOf({ perp: '-9.5', lastRate: -12n });
    const json = JSON.parse(JSON.stringify(encodeSnapshot(snapshot)));
    expect(decodeSnapshot(json)).toEqual(snapshot);
  });

  it('an amount that is no integer text is refused', () => {
    for (const bad of ['1.5', '', '0x1', '1e3', ' 1', `1${'0'.repeat(60)}`]) {
      expect(() => decodePolicy({ ...DEFAULT_POLICY, minTradeSize: bad })).toThrow();
    }
  });
});
