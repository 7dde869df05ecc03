/** When a watch reads: on ticks of the clock where engines poll together, at once and for itself when the account changed. */
import { expect, it } from '@jest/globals';
import { CancelledFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createWatch } from '../../activities/watch.ts';
import { AlertChannels } from '../../src/alerts/channels.ts';
import { TURN_MS } from '../../src/domain/engine/poll-turn.ts';
import { DEFAULT_POLICY } from '../../src/domain/hedge/policy.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { TransientError } from '../../src/lib/errors.ts';
import type { Venue } from '../../src/venues/venue.ts';
import { contextOf, snapshotOf } from '../support/snapshots.ts';

const isAway = () => {
  throw new TransientError('JOURNAL_UNAVAILABLE', 'the journal is away');
};
const away = new Proxy({} as Journal, { get: (_, name) => (name === 'db' ? isAway() : async () => isAway()) });
const quiet = new AlertChannels({ warn: () => undefined });

const FULL_HOUR_MS = Date.parse('2026-01-01T00:00:00Z');

interface Read {
  readonly sinceMs: number | null;
  readonly atMs: number;
}

interface WatchedVenue {
  readonly pollIntervalMs: number;
  readonly changed: () => Promise<void>;
  readonly turn?: number;
  /** The first reads. */
  readonly fails?: number;
}

/** A watch over a hedged account until it has read so often. */
async function readsOf(
  count: number,
  { pollIntervalMs, changed, turn = 0, fails = 0 }: WatchedVenue,
): Promise<readonly Read[]> {
  const reads: Read[] = [];
  // From a full hour on, so that no turn of a rare poll comes up meanwhile.
  const begunMs = Date.now();
  const clock = { nowMs: () => FULL_HOUR_MS + Date.now() - begunMs };
  const environment = new MockActivityEnvironment();
  const read = async (sinceMs: number | null) => {
    reads.push({ sinceMs, atMs: clock.nowMs() });
    if (reads.length >= count) environment.cancel();
    if (reads.length <= fails) throw new TransientError('RPC_UNREACHABLE', 'nobody answers');
    const nowMs = clock.nowMs();
    return { ...snapshotOf({ perp: '-10', sol: 10 }), slot: reads.length, takenAtMs: nowMs, marketTimeMs: nowMs };
  };
  const venue = { kind: 'velocity', read: () => read(null), shared: { turn, poll: read }, changed } as unknown as Venue;
  const readRetries = { afterMs: [20, 20, 20], reconnectMs: 20 };
  const watch = createWatch({ venueOf: async () => venue, journal: away, alerts: quiet, clock, readRetries });
  const nowMs = clock.nowMs();
  await environment
    .run(watch, {
      ...{ engineId: 'engine:velocity:test:0', epoch: 'e', generation: 1, startedAtMs: nowMs },
      ...{ untilMs: nowMs + 600_000, context: contextOf(), policy: { ...DEFAULT_POLICY, pollIntervalMs } },
      ...{ expectedPerp: '-10000000000', reconcile: false, liquidatedMs: null, backoffUntilMs: null },
      ...{ reconnecting: false, look: false },
    })
    .catch((error: unknown) => {
      if (!(error instanceof CancelledFailure)) throw error;
    });
  return reads;
}

const never = () => new Promise<void>(() => undefined);

it('the first read is for itself, the others are polls at its turn, for which what its group read will do', async () => {
  const [first, ...polls] = await readsOf(3, { pollIntervalMs: 400, changed: never, turn: 3 });
  expect(first?.sinceMs).toBeNull();
  expect(polls).toHaveLength(2);
  for (const { sinceMs, atMs } of polls) {
    expect((sinceMs ?? 1) % 400).toBe(0);
    expect(atMs).toBeGreaterThanOrEqual((sinceMs ?? 0) + 3 * TURN_MS - 2);
  }
});

it('a change of the account is read at once, for itself', async () => {
  const reads = await readsOf(3, { pollIntervalMs: 3_600_000, changed: async () => undefined });
  expect(reads.map(({ sinceMs }) => sinceMs)).toEqual([null, null, null]);
});

it('engines whose reads failed together try again together', async () => {
  const reads = await readsOf(3, { pollIntervalMs: 3_600_000, changed: never, fails: 3 });
  expect(reads.map(({ sinceMs }) => sinceMs === null)).toEqual([true, false, false]);
  for (const { sinceMs } of reads.slice(1)) expect((sinceMs ?? 1) % 250).toBe(0);
});
