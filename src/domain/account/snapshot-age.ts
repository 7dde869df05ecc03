/** The age of a snapshot: the time since it was read, plus the lag of its chain at that moment. */
import type { Snapshot } from './snapshot.ts';

type Dated = Pick<Snapshot, 'takenAtMs' | 'chainAgeMs'>;

/**
 * A workflow's clock stays at the start of its task, so a snapshot read within the task is from the future: by the length
 * of a task on a busy machine (10 s) and the second by which two synchronised clocks may differ. A snapshot further in the
 * future comes from a clock that jumped.
 */
const SKEW_MS = 11_000;

/** Null: unknown, because no clock can be trusted for it. */
export function snapshotAgeMs({ takenAtMs, chainAgeMs = 0 }: Dated, nowMs: number): number | null {
  const sinceReadMs = nowMs - takenAtMs;
  if (chainAgeMs === null || sinceReadMs < -SKEW_MS) return null;
  return Math.max(0, sinceReadMs) + chainAgeMs;
}
