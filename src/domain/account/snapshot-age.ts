/** How old a snapshot is: since it was read, and how far the chain it was read from was behind the time then. */
import type { Snapshot } from './snapshot.ts';

type Dated = Pick<Snapshot, 'takenAtMs' | 'chainAgeMs'>;

/**
 * A workflow's clock stands where its task began, and what is read within that task is dated later: by as much as a task
 * may take on a busy machine (10 s), and the second that two clocks in step may differ. What is further in the future was
 * dated by a clock that jumped.
 */
const SKEW_MS = 11_000;

/** Null: unknown, because no clock can be trusted for it. */
export function snapshotAgeMs({ takenAtMs, chainAgeMs = 0 }: Dated, nowMs: number): number | null {
  const sinceReadMs = nowMs - takenAtMs;
  if (chainAgeMs === null || sinceReadMs < -SKEW_MS) return null;
  return Math.max(0, sinceReadMs) + chainAgeMs;
}
