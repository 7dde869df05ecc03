/** When the accounts of many engines were last read, in one question. */
import { type Kysely, sql } from 'kysely';
import type { Database } from './schema.ts';

export interface LastRead {
  readonly engineId: string;
  readonly takenAtMs: number;
  /** Its prices come from a history that is over. */
  readonly feedEnded: boolean;
}

/** One that was never read is left out. */
export async function lastReads(db: Kysely<Database>, engineIds: readonly string[]): Promise<readonly LastRead[]> {
  const { rows } = await sql<{
    readonly engine_id: string;
    readonly taken_at_ms: number;
    readonly ended: string | null;
  }>`
    SELECT e.engine_id, s.taken_at_ms, s.snapshot->'feed'->>'ended' AS ended
    FROM json_array_elements_text(${JSON.stringify(engineIds)}::json) AS e (engine_id)
    CROSS JOIN LATERAL (
      SELECT taken_at_ms, snapshot FROM snapshots WHERE engine_id = e.engine_id ORDER BY seq DESC LIMIT 1
    ) AS s`.execute(db);
  return rows.map(({ engine_id, taken_at_ms, ended }) => ({
    ...{ engineId: engine_id, takenAtMs: Number(taken_at_ms), feedEnded: ended === 'true' },
  }));
}
