import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { CommandShare } from '../../src/bridge/command-share.ts';
import { COMMANDS_AT_ONCE_OF_ENGINE, COMMANDS_PER_SECOND_OF_ENGINE } from '../../src/bridge/limits.ts';

describe('an engine’s share of the bridge', () => {
  it('bounds what it takes in any time, whatever comes in', () => {
    const waits = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(waits, (gaps) => {
        const share = new CommandShare(0);
        const taken: number[] = [];
        let nowMs = 0;
        for (const gap of gaps) {
          nowMs += gap;
          if (share.take(nowMs)) taken.push(nowMs);
        }
        for (const [first, fromMs] of taken.entries()) {
          for (let last = first; last < taken.length; last += 1) {
            const seconds = ((taken[last] ?? 0) - fromMs) / 1_000;
            const most = COMMANDS_AT_ONCE_OF_ENGINE + seconds * COMMANDS_PER_SECOND_OF_ENGINE;
            expect(last - first + 1).toBeLessThanOrEqual(most + 1e-6);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it('refuses nobody who sends less than that', () => {
    const share = new CommandShare(0);
    const everyMs = 1_000 / COMMANDS_PER_SECOND_OF_ENGINE;
    for (let sent = 0; sent < 500; sent += 1) expect(share.take(sent * everyMs)).toBe(true);
  });

  it('gives nothing for a clock that is set back', () => {
    const share = new CommandShare(10_000);
    for (let sent = 0; sent < COMMANDS_AT_ONCE_OF_ENGINE; sent += 1) share.take(10_000);
    expect(share.take(0)).toBe(false);
    expect(share.take(0)).toBe(false);
    expect(share.take(1_000)).toBe(true);
  });
});
