/** Snapshots: fenced writes, the latest one, and thinning. */
import { sql } from 'kysely';
import type { SnapshotJson } from '../domain/account/snapshot.ts';
import type { ChartPoint } from '../domain/figures/chart-point.ts';
import type { Fence } from './journal.ts';
import { jsonText } from './json-text.ts';
import { addToSeries } from './series.ts';
import type { Db, Tx } from './writes.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
const MINUTE_MS = 60_000;

/** False if the fence is older than the newest one, or of another epoch than the engine's published one. */
export async function insertSnapshot(
  trx: Tx,
  fence: Fence,
  snapshot: SnapshotJson,
  chart?: ChartPoint,
): Promise<boolean> {
  const { engineId, generation, attempt } = fence;
  const ofEpoch =
    fence.epoch === undefined
      ? sql``
      : sql`WHERE NOT EXISTS (SELECT 1 FROM engines WHERE engine_id = ${engineId} AND epoch <> ${fence.epoch})`;
  const passed = await sql`
    INSERT INTO fences AS f (engine_id, generation, attempt)
    SELECT ${engineId}::text, ${generation}::int8, ${attempt}::int8 ${ofEpoch}
    ON CONFLICT (engine_id) DO UPDATE SET generation = excluded.generation, attempt = excluded.attempt
    WHERE (excluded.generation, excluded.attempt) >= (f.generation, f.attempt)
    RETURNING generation`.execute(trx);
  if (passed.rows.length === 0) return false;
  await trx
    .insertInto('snapshots')
    .values({ engine_id: engineId, taken_at_ms: snapshot.takenAtMs, slot: snapshot.slot, snapshot: jsonText(snapshot) })
    .onConflict((oc) => oc.columns(['engine_id', 'taken_at_ms', 'slot']).doNothing())
    .execute();
  if (chart !== undefined) await addToSeries(trx, engineId, chart);
  return true;
}

/** The one written last, whatever its time: a clock may jump, and the fence keeps writers in order. */
export async function latestSnapshot(
  db: Db,
  engineId: string,
): Promise<{ readonly snapshot: SnapshotJson; readonly recordedAtMs: number } | null> {
  const row = await db
    .selectFrom('snapshots')
    .select(['snapshot', 'taken_at_ms'])
    .where('engine_id', '=', engineId)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : { snapshot: row.snapshot, recordedAtMs: row.taken_at_ms };
}

/**
 * Keeps all of the last hour, the last of each minute of the last day, and the last of each earlier hour. Edges are whole
 * minutes and hours, so the next run keeps the same rows. Returns the number of removed rows.
 */
export async function thinSnapshots(db: Db, engineId: string, nowMs: number): Promise<number> {
  const hourEdge = Math.floor((nowMs - HOUR_MS) / MINUTE_MS) * MINUTE_MS;
  const dayEdge = Math.floor((nowMs - DAY_MS) / HOUR_MS) * HOUR_MS;
  const result = await sql`
    DELETE FROM snapshots AS s USING (
      SELECT taken_at_ms, slot, row_number() OVER (
        PARTITION BY taken_at_ms / CASE WHEN taken_at_ms < ${dayEdge}::int8 THEN ${HOUR_MS}::int8 ELSE ${MINUTE_MS}::int8 END,
          taken_at_ms < ${dayEdge}::int8
        ORDER BY seq DESC
      ) AS place
      FROM snapshots WHERE engine_id = ${engineId} AND taken_at_ms < ${hourEdge}::int8
    ) AS ranked
    WHERE s.engine_id = ${engineId} AND s.taken_at_ms = ranked.taken_at_ms AND s.slot = ranked.slot AND ranked.place > 1`.execute(
    db,
  );
  return Number(result.numAffectedRows ?? 0n);
}
