import { describe, expect, it } from '@jest/globals';
import { chainAge, localChainAge, type NodeClock } from '../../src/chain/chain-time.ts';
import { snapshotAgeMs } from '../../src/domain/account/snapshot-age.ts';

const HOUR_MS = 3_600_000;
const clocks = (...aheads: readonly number[]): readonly NodeClock[] =>
  aheads.map((aheadMs, index) => ({ node: `node-${index + 1}`, aheadMs }));

describe('the age of what a node tells', () => {
  it.each([
    ['a node in step', -2_000, clocks(), 2_000, null],
    [
      'a node an hour behind, beside one in step',
      -HOUR_MS,
      clocks(-HOUR_MS, -2_000),
      HOUR_MS,
      /node-1 is 3600 s behind/,
    ],
    ['a node an hour behind, alone', -HOUR_MS, clocks(), null, /3600 s behind.*no other node/],
    [
      'a node an hour behind, and the other mute',
      -HOUR_MS,
      clocks(-HOUR_MS),
      null,
      /node-1 is 3600 s behind.*no other/,
    ],
    ['our clock an hour ahead', -HOUR_MS, clocks(-HOUR_MS, -HOUR_MS + 900), null, /^This computer's clock differs/],
    ['our clock an hour behind', HOUR_MS, clocks(HOUR_MS, HOUR_MS), null, /^This computer's clock differs/],
    ['one node that says it is tomorrow, not read', -1_000, clocks(24 * HOUR_MS, -1_000), 1_000, null],
    ['one node that says it is tomorrow, read', 24 * HOUR_MS, clocks(24 * HOUR_MS, -1_000), null, /node-1 .* ahead of/],
    ['three clocks of which no two agree', -HOUR_MS, clocks(-HOUR_MS, HOUR_MS), null, /^No two clocks agree/],
  ] as const)('%s', (_, readAheadMs, nodes, ageMs, doubt) => {
    const age = chainAge(readAheadMs, nodes);
    expect(age.ageMs).toBe(ageMs);
    if (doubt === null) expect(age.doubt).toBeNull();
    else expect(age.doubt).toMatch(doubt);
  });

  it('on a local chain counts from its foremost node, whose time is moved at will', () => {
    expect(localChainAge(9 * HOUR_MS, clocks(9 * HOUR_MS + 500, 9 * HOUR_MS))).toEqual({ ageMs: 500, doubt: null });
    expect(localChainAge(8 * HOUR_MS, clocks(8 * HOUR_MS, 9 * HOUR_MS)).ageMs).toBe(HOUR_MS);
    expect(localChainAge(-HOUR_MS, clocks()).ageMs).toBeNull();
  });

  it('grows from the reading on, and is unknown where the clock has jumped back since', () => {
    const read = { takenAtMs: 1_000_000, chainAgeMs: 2_000 };
    expect(snapshotAgeMs(read, 1_005_000)).toBe(7_000);
    expect(snapshotAgeMs({ takenAtMs: 1_000_000 }, 1_005_000)).toBe(5_000);
    // Read within a workflow task, whose clock stands where the task began.
    expect(snapshotAgeMs({ takenAtMs: 1_010_000 }, 1_000_000)).toBe(0);
    expect(snapshotAgeMs(read, 1_000_000 - HOUR_MS)).toBeNull();
    expect(snapshotAgeMs({ ...read, chainAgeMs: null }, 1_000_000)).toBeNull();
  });
});
