/**
 * What a later write may change in an earlier one. Activities are retried, and a cut-off one may still write after its
 * successor, so rows only move forward. The rules are in SQL, so a write is one statement and nothing comes in between.
 */
import { type RawBuilder, sql } from 'kysely';
import type { OperationStatus } from '../domain/operation/operation.ts';
import type { AttemptRecord } from './records.ts';

export const ENDED_STATUSES: readonly OperationStatus[] = ['done', 'rejected', 'failed', 'expired'];

/** A stage that is not listed lies between submitted and confirmed. */
const stageRank = (row: string): string =>
  `CASE ${row}.stage WHEN 'signed' THEN 0 WHEN 'submitted' THEN 1 WHEN 'confirmed' THEN 3 WHEN 'finalized' THEN 4 ELSE 2 END`;
const outcomeRank = (row: string): string =>
  `CASE WHEN ${row}.outcome IS NULL THEN 0 WHEN ${row}.outcome = 'unknown' THEN 1 ELSE 2 END`;

/** Greater or equal: of two equal ones the later write counts. */
const moves = (rank: (row: string) => string): string =>
  `(${rank('excluded')}, excluded.updated_at_ms) >= (${rank('attempts')}, attempts.updated_at_ms)`;
const taken = <T>(column: string, rank: (row: string) => string): RawBuilder<T> =>
  sql.raw<T>(`CASE WHEN ${moves(rank)} THEN excluded.${column} ELSE attempts.${column} END`);

/** Stage and outcome of an attempt move independently. */
export const ATTEMPT_ADVANCED = {
  stage: taken<string>('stage', stageRank),
  outcome: taken<AttemptRecord['outcome']>('outcome', outcomeRank),
  error: taken<string | null>('error', outcomeRank),
  updated_at_ms: sql<number>`GREATEST(excluded.updated_at_ms, attempts.updated_at_ms)`,
};
