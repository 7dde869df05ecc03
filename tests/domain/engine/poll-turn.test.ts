import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { groupOf, nextTurn, TURN_MS } from '../../../src/domain/engine/poll-turn.ts';

const TOGETHER = 20;
const within = fc.nat({ max: TOGETHER - 1 });
const turn = fc.nat({ max: 400 });
const everyMs = fc.integer({ min: 1, max: 3_600 }).map((seconds) => seconds * 1_000);
const nowMs = fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 });

it.each([
  [0, 10_000, 1_000_000, { dueMs: 1_010_000, sinceMs: 1_010_000 }],
  [3, 10_000, 1_000_000, { dueMs: 1_000_150, sinceMs: 1_000_000 }],
  [3, 10_000, 1_000_150, { dueMs: 1_010_150, sinceMs: 1_010_000 }],
  // The next group: a second later, with a read of its own.
  [21, 10_000, 1_000_000, { dueMs: 1_001_050, sinceMs: 1_001_000 }],
  // More engines than turns in a poll: the turn of the first one again.
  [200, 10_000, 1_000_000, { dueMs: 1_010_000, sinceMs: 1_010_000 }],
])('the engine with turn %i polls every %i ms: after %i at %j', (at, every, now, expected) => {
  expect(nextTurn(at, every, now)).toEqual(expected);
});

it('Property: a poll is due within its interval, and again after exactly one', () => {
  fc.assert(
    fc.property(turn, everyMs, nowMs, (at, every, now) => {
      const { dueMs, sinceMs } = nextTurn(at, every, now);
      expect(dueMs).toBeGreaterThan(now);
      expect(dueMs).toBeLessThanOrEqual(now + every);
      expect(nextTurn(at, every, dueMs)).toEqual({ dueMs: dueMs + every, sinceMs: sinceMs + every });
      expect(dueMs - sinceMs).toBeLessThan(1_000);
    }),
  );
});

it('Property: engines of one group take their turns one after the other, and the read of the first serves all', () => {
  fc.assert(
    fc.property(fc.nat({ max: 20 }), within, within, everyMs, nowMs, (group, a, b, every, now) => {
      const [one, other] = [group * TOGETHER + a, group * TOGETHER + b];
      expect([groupOf(one), groupOf(other)]).toEqual([group, group]);
      const [first, second] = [one, other].map((at) => nextTurn(at, every, now)) as [
        ReturnType<typeof nextTurn>,
        ReturnType<typeof nextTurn>,
      ];
      const apart = Math.abs(first.sinceMs - second.sinceMs);
      // Now may lie between the two: then one of them has had its turn of this round.
      expect([0, every]).toContain(apart);
      expect(first.dueMs - first.sinceMs - (second.dueMs - second.sinceMs)).toBe((one - other) * TURN_MS);
    }),
  );
});
