import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lamports } from '../../../src/domain/money/units.ts';
import { type DemoFacts, demoHedge } from '../../../src/domain/planning/demo-hedge.ts';
import { sol } from '../../support/snapshots.ts';

const SINCE_MS = 1_768_478_400_000;
const fresh: DemoFacts = {
  mode: 'paper',
  accountSinceMs: SINCE_MS,
  answered: false,
  othersActed: false,
  spot: sol('10.0004'),
  perp: sol(0),
  step: sol('0.001'),
  minimum: sol('0.005'),
};

describe('the hedge of the demo', () => {
  it('covers the spot of a new paper account to the market’s step, under one id for this account', () => {
    expect(demoHedge(fresh)).toEqual({ kind: 'open', commandId: `demo-hedge-${SINCE_MS}`, size: sol(10) });
    expect(demoHedge({ ...fresh, accountSinceMs: SINCE_MS + 1 })).toMatchObject({
      commandId: `demo-hedge-${SINCE_MS + 1}`,
    });
  });

  it.each([
    ['in live mode', { mode: 'live' }],
    ['a second time', { answered: true }],
    ['after somebody else acted', { othersActed: true }],
    ['over a position', { perp: sol(-1) }],
    ['without spot', { spot: sol(0) }],
    ['of less than the smallest order', { spot: sol('0.004') }],
  ] as const)('is never opened %s', (_, change) => {
    expect(demoHedge({ ...fresh, ...change }).kind).toBe('leave');
  });

  it.each(['accountSinceMs', 'spot', 'perp', 'step', 'minimum'] as const)('waits while %s is unknown', (name) => {
    expect(demoHedge({ ...fresh, [name]: null }).kind).toBe('wait');
  });

  it('never exceeds the spot, and is a whole number of steps', () => {
    const amount = fc.bigInt({ min: 0n, max: 10n ** 15n });
    fc.assert(
      fc.property(amount, fc.bigInt({ min: 1n, max: 10n ** 9n }), (spot, step) => {
        const found = demoHedge({ ...fresh, spot: lamports(spot), step: lamports(step) });
        if (found.kind !== 'open') return;
        expect(found.size <= spot && found.size > spot - step && found.size % step === 0n).toBe(true);
      }),
    );
  });
});
