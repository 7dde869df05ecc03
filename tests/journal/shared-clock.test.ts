import { describe, expect, it } from '@jest/globals';
import { sharedClock } from '../../src/journal/shared-clock.ts';

const THEIRS_MS = 1_800_000_000_000;

function clockOf(offMs: number, tookMs = 10) {
  const state = { monotonicMs: 0, wallMs: THEIRS_MS + offMs, timeMs: async () => THEIRS_MS };
  const journal = {
    timeMs: async () => {
      const time = await state.timeMs();
      state.monotonicMs += tookMs;
      return time;
    },
  };
  const clock = sharedClock(journal, { nowMs: () => state.wallMs }, () => state.monotonicMs);
  return { clock, state };
}

describe('the clock that processes share', () => {
  it('is their own until the database has answered', () => {
    expect(clockOf(-60_000).clock.nowMs()).toBe(THEIRS_MS - 60_000);
  });

  it.each([-3_600_000, -5_000, 5_000, 3_600_000])('is the database’s where their own is %d ms off', async (offMs) => {
    const { clock, state } = clockOf(offMs);
    await clock.compare();
    state.monotonicMs += 1_000;
    expect(Math.abs(clock.nowMs() - (THEIRS_MS + 1_000))).toBeLessThanOrEqual(10);
    // Their own clock jumps: nothing changes.
    state.wallMs += 86_400_000;
    expect(Math.abs(clock.nowMs() - (THEIRS_MS + 1_000))).toBeLessThanOrEqual(10);
  });

  it('goes on while the database is away, and leaves out an answer that was long on its way', async () => {
    const { clock, state } = clockOf(-60_000);
    await clock.compare();
    state.timeMs = () => Promise.reject(new Error('away'));
    await clock.compare();
    expect(Math.abs(clock.nowMs() - THEIRS_MS)).toBeLessThanOrEqual(20);
    const slow = clockOf(-60_000, 5_000);
    await slow.clock.compare();
    expect(slow.clock.nowMs()).toBe(THEIRS_MS - 60_000);
  });
});
