import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advanceAttempt } from '../../src/journal/advance.ts';

const progress = fc.record({
  stage: fc.constantFrom('signed', 'submitted', 'dropped', 'confirmed', 'finalized'),
  outcome: fc.constantFrom(null, 'unknown' as const, 'confirmed' as const, 'failed' as const, 'expired' as const),
  error: fc.constant(null),
  updatedAtMs: fc.integer({ min: 0, max: 1_000 }),
});
const rank = (outcome: string | null) => (outcome === null ? 0 : outcome === 'unknown' ? 1 : 2);

describe('advanceAttempt', () => {
  it('adds nothing when a write comes again', () => {
    fc.assert(
      fc.property(progress, progress, (was, next) => {
        const once = advanceAttempt(was, next);
        expect(advanceAttempt(once, next)).toEqual(once);
      }),
    );
  });

  it('never goes back from a known outcome, nor from finalized', () => {
    fc.assert(
      fc.property(progress, fc.array(progress, { maxLength: 8 }), (first, later) => {
        let state: Parameters<typeof advanceAttempt>[0] = first;
        for (const next of later) {
          const moved = advanceAttempt(state, next);
          expect(rank(moved.outcome)).toBeGreaterThanOrEqual(rank(state.outcome));
          if (state.stage === 'finalized') expect(moved.stage).toBe('finalized');
          state = moved;
        }
      }),
    );
  });

  it('takes the correction of an outcome that came later, and not one that came earlier', () => {
    const was = { stage: 'confirmed', outcome: 'failed' as const, error: null, updatedAtMs: 10 };
    expect(advanceAttempt(was, { ...was, outcome: 'confirmed', updatedAtMs: 11 }).outcome).toBe('confirmed');
    expect(advanceAttempt(was, { ...was, outcome: 'confirmed', updatedAtMs: 9 }).outcome).toBe('failed');
  });
});
