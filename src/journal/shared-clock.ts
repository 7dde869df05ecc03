/**
 * One clock for processes on several machines: the database's. Each goes on from its last answer by its own stopwatch, so
 * that the time is at hand without a question, while the database is away, and whatever the wall clock does.
 */
import type { Clock } from '../lib/clock.ts';
import { type Repeated, repeatEvery } from '../lib/repeat.ts';
import type { Journal } from './journal.ts';

interface SharedClock extends Clock {
  /** Asks the database once. Never rejects: on failure the former difference stays. */
  compare(): Promise<void>;
}

/** An answer that took longer says little about the moment. */
const MAX_ROUND_TRIP_MS = 2_000;
const EVERY_MS = 10_000;

export function sharedClock(
  journal: Pick<Journal, 'timeMs'>,
  own: Clock,
  monotonicMs: () => number = () => performance.now(),
): SharedClock {
  /** The database's time when the stopwatch stood at 0; null: it has never said. */
  let originMs: number | null = null;
  return {
    nowMs: () => (originMs === null ? own.nowMs() : Math.round(originMs + monotonicMs())),
    async compare() {
      const askedAtMs = monotonicMs();
      const theirs = await journal.timeMs().catch(() => Number.NaN);
      const answeredAtMs = monotonicMs();
      if (!Number.isFinite(theirs) || answeredAtMs - askedAtMs > MAX_ROUND_TRIP_MS) return;
      originMs = theirs - (askedAtMs + answeredAtMs) / 2;
    },
  };
}

export const keepComparing = (clock: SharedClock, everyMs = EVERY_MS): Repeated =>
  repeatEvery(everyMs, () => clock.compare());
