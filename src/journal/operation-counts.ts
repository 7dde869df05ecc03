/** What the metrics need of operations and their transactions: totals, and how long those took that ended lately. */
import { sql } from 'kysely';
import type { OperationCounts, OperationRecord } from './records.ts';
import type { Db } from './writes.ts';

const MOST = 1_000;

export async function operationCounts(db: Db, engineId: string, afterMs: number): Promise<OperationCounts> {
  const [operations, transactions, ended, landed] = await Promise.all([
    sql<OperationCounts['operations'][number]>`
      SELECT kind, status, count(*)::int4 AS count FROM operations WHERE engine_id = ${engineId}
      GROUP BY kind, status`.execute(db),
    sql<OperationCounts['transactions'][number]>`
      SELECT least(a.number, 3) AS number, a.outcome, count(*)::int4 AS count
      FROM attempts a JOIN operations o USING (operation_id)
      WHERE o.engine_id = ${engineId}
      GROUP BY least(a.number, 3), a.outcome`.execute(db),
    sql<{
      readonly kind: OperationRecord['kind'];
      readonly status: string;
      readonly took: number;
      readonly at: number;
    }>`
      SELECT kind, status, (ended_at_ms - created_at_ms) AS took, ended_at_ms AS at FROM operations
      WHERE engine_id = ${engineId} AND ended_at_ms > ${afterMs}::int8
      ORDER BY ended_at_ms LIMIT ${MOST}`.execute(db),
    sql<{ readonly number: number; readonly took: number; readonly at: number }>`
      SELECT least(a.number, 3) AS number, t.at_ms - a.signed_at_ms AS took, t.at_ms AS at
      FROM attempts a
      JOIN operations o USING (operation_id)
      JOIN LATERAL (
        SELECT min(at_ms) AS at_ms FROM transitions s
        WHERE s.operation_id = a.operation_id AND s.signature = a.signature AND s.outcome = 'confirmed'
      ) t ON t.at_ms > ${afterMs}::int8
      WHERE o.engine_id = ${engineId} AND o.updated_at_ms > ${afterMs}::int8
      ORDER BY t.at_ms LIMIT ${MOST}`.execute(db),
  ]);
  return {
    operations: operations.rows,
    transactions: transactions.rows,
    ended: ended.rows.map(({ kind, status, took, at }) => ({ kind, status, tookMs: took, endedAtMs: at })),
    landed: landed.rows.map(({ number, took, at }) => ({ number, tookMs: took, atMs: at })),
  };
}

/** How many alerts stand, by severity: the newest row of each code that is no recovery. */
export async function standingBySeverity(
  db: Db,
  engineId: string,
): Promise<readonly { readonly severity: string; readonly count: number }[]> {
  const { rows } = await sql<{ readonly severity: string; readonly count: number }>`
    SELECT severity, count(*)::int4 AS count FROM (
      SELECT DISTINCT ON (code) kind, severity FROM alerts WHERE engine_id = ${engineId} ORDER BY code, seq DESC
    ) newest WHERE kind = 'alert' GROUP BY severity`.execute(db);
  return rows;
}
