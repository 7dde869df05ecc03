import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Journal } from '../../src/journal/journal.ts';
import type { AttemptRecord } from '../../src/journal/records.ts';
import { onBothDatabases } from './both-databases.ts';
import { attemptOf, operationOf, T0 } from './records.ts';

type Progress = Pick<AttemptRecord, 'stage' | 'outcome' | 'error' | 'updatedAtMs'>;

const progress: fc.Arbitrary<Progress> = fc.record({
  stage: fc.constantFrom('signed', 'submitted', 'dropped', 'confirmed', 'finalized'),
  outcome: fc.constantFrom(null, 'unknown' as const, 'confirmed' as const, 'failed' as const, 'expired' as const),
  error: fc.constantFrom(null, { code: 'SOME', message: 'some error' }),
  updatedAtMs: fc.integer({ min: T0, max: T0 + 5 }),
});
const STAGES = ['signed', 'submitted', 'dropped', 'confirmed', 'finalized'];
const outcomeRank = (outcome: string | null) => (outcome === null ? 0 : outcome === 'unknown' ? 1 : 2);

await onBothDatabases((open) => {
  let journal: Journal;
  let operationId: string;
  beforeAll(async () => {
    journal = await open();
    const record = operationOf();
    ({ operationId } = record);
    await journal.openOperation(record);
  });

  /** The row after each of these writes of one attempt. */
  async function written(writes: readonly Progress[]): Promise<readonly Progress[]> {
    const attempt = attemptOf({ operationId });
    const states: Progress[] = [];
    for (const write of writes) {
      await journal.recordAttempt({ ...attempt, ...write });
      const stored = (await journal.operation(operationId))?.attempts.find(
        (one) => one.signature === attempt.signature,
      );
      if (stored === undefined) throw new Error('the attempt is not there');
      const { stage, outcome, error, updatedAtMs } = stored;
      states.push({ stage, outcome, error, updatedAtMs });
    }
    await journal.db.deleteFrom('attempts').where('signature', '=', attempt.signature).execute();
    return states;
  }

  describe('an attempt that is written again', () => {
    it('adds nothing when a write comes again', async () => {
      await fc.assert(
        fc.asyncProperty(progress, progress, async (was, next) => {
          const [, once, twice] = await written([was, next, next]);
          expect(twice).toEqual(once);
        }),
      );
    });

    it('never goes back from a stage or a known outcome, and of two equals the later one stands', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(progress, { minLength: 2, maxLength: 6 }), async (writes) => {
          const states = await written(writes);
          for (const [place, state] of states.entries()) {
            const write = writes[place];
            const before = states[place - 1];
            if (write === undefined || before === undefined) continue;
            const later = write.updatedAtMs >= before.updatedAtMs;
            const moves = (to: number, from: number) => to > from || (to === from && later);
            const stage = moves(STAGES.indexOf(write.stage), STAGES.indexOf(before.stage));
            const outcome = moves(outcomeRank(write.outcome), outcomeRank(before.outcome));
            expect(state).toEqual({
              stage: (stage ? write : before).stage,
              outcome: (outcome ? write : before).outcome,
              error: (outcome ? write : before).error,
              updatedAtMs: Math.max(write.updatedAtMs, before.updatedAtMs),
            });
          }
        }),
      );
    });

    it('takes the correction of an outcome that came later, and not one that came earlier', async () => {
      const was: Progress = { stage: 'confirmed', outcome: 'failed', error: null, updatedAtMs: T0 + 10 };
      const later = await written([was, { ...was, outcome: 'confirmed', updatedAtMs: T0 + 11 }]);
      expect(later.at(-1)?.outcome).toBe('confirmed');
      const earlier = await written([was, { ...was, outcome: 'confirmed', updatedAtMs: T0 + 9 }]);
      expect(earlier.at(-1)?.outcome).toBe('failed');
    });
  });
});
