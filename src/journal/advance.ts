/**
 * What a later write may change of an earlier one. Activities are retried and a cut-off one may still write after its
 * successor, so rows only ever move forward.
 */
import type { AttemptRecord, OperationStatus } from './records.ts';

/** A stage that is not listed lies between submitted and confirmed. */
const STAGE_RANK: Readonly<Record<string, number>> = { signed: 0, submitted: 1, confirmed: 3, finalized: 4 };
const UNLISTED_STAGE_RANK = 2;
const ENDED: ReadonlySet<OperationStatus> = new Set(['done', 'rejected', 'failed', 'expired']);

const stageRank = (stage: string): number => STAGE_RANK[stage] ?? UNLISTED_STAGE_RANK;
const outcomeRank = (outcome: AttemptRecord['outcome']): number =>
  outcome === null ? 0 : outcome === 'unknown' ? 1 : 2;

type Progress = Pick<AttemptRecord, 'stage' | 'outcome' | 'error' | 'updatedAtMs'>;

/** Stage and outcome move each by itself; of two equals the later write stands. */
export function advanceAttempt(was: Progress, next: Progress): Progress {
  const later = next.updatedAtMs >= was.updatedAtMs;
  const moves = (from: number, to: number) => to > from || (to === from && later);
  const outcomeMoves = moves(outcomeRank(was.outcome), outcomeRank(next.outcome));
  return {
    stage: moves(stageRank(was.stage), stageRank(next.stage)) ? next.stage : was.stage,
    outcome: outcomeMoves ? next.outcome : was.outcome,
    error: outcomeMoves ? next.error : was.error,
    updatedAtMs: Math.max(was.updatedAtMs, next.updatedAtMs),
  };
}

export const hasEnded = (status: OperationStatus): boolean => ENDED.has(status);
