/** Snapshots: fenced writes, the latest one, and thinning. */
import { sql } from 'kysely';
import type { SnapshotJson } from '../domain/account/snapshot.ts';
import type { ChartPoint } from '../domain/figures/chart-point.ts';
import type { Fence } from './journal.ts';
import { jsonText } from './json-text.ts';
import { addToSeries, plainSeriesRow } from './series.ts';
import type { Db, Tx } from './writes.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
const MINUTE_MS = 60_000;

/**
 * The usual read in one statement: behind the fence, the snapshot and the charts' finest row. Of two watches that write at
 * once, one read of the same seconds is enough for a chart.
 * @returns as `insertSnapshot`; null: nothing was written, because more than that is to be done
 */
export async function insertPlainSnapshot(
  db: Db,
  fence: Fence,
  snapshot: SnapshotJson,
  chart: ChartPoint,
): Promise<boolean | null> {
  const { engineId } = fence;
  const series = plainSeriesRow(engineId, chart);
  const { rows } = await sql<{ readonly plain: boolean; readonly passed: boolean }>`
    WITH plain AS (SELECT 1 WHERE ${series.isPlain}),
    passed AS (${passFence(fence, sql`FROM plain`)}),
    kept AS (
      INSERT INTO snapshots (engine_id, taken_at_ms, slot, snapshot)
      SELECT ${engineId}::text, ${snapshot.takenAtMs}::int8, ${snapshot.slot}::int8, ${jsonText(snapshot)}::jsonb FROM passed
      ON CONFLICT (engine_id, taken_at_ms, slot) DO NOTHING
    ),
    charted AS (INSERT INTO series (${series.columns}) SELECT ${series.values} FROM passed ON CONFLICT DO NOTHING)
    SELECT EXISTS (SELECT 1 FROM plain) AS plain, EXISTS (SELECT 1 FROM passed) AS passed`.execute(db);
  const [row] = rows;
  return row?.plain === true ? row.passed : null;
}

/** Returns a row if the fence is not older than the newest one, nor of another epoch than the engine's published one. */
function passFence({ engineId, generation, attempt, epoch }: Fence, from = sql``) {
  const ofEpoch =
    epoch === undefined
      ? sql``
      : sql`WHERE NOT EXISTS (SELECT 1 FROM engines WHERE engine_id = ${engineId} AND epoch <> ${epoch})`;
  return sql`
    INSERT INTO fences AS f (engine_id, generation, attempt)
    SELECT ${engineId}::text, ${generation}::int8, ${attempt}::int8 ${from} ${ofEpoch}
    ON CONFLICT (engine_id) DO UPDATE SET generation = excluded.generation, attempt = excluded.attempt
    WHERE (excluded.generation, excluded.attempt) >= (f.generation, f.attempt)
    RETURNING generation`;
}

/** False if the fence is older than the newest one, or of another epoch than the engine's published one. */
export async function insertSnapshot(
  trx: Tx,
  fence: Fence,
  snapshot: SnapshotJson,
  chart?: ChartPoint,
): Promise<boolean> {
  const { engineId } = fence;
  const passed = await passFence(fence).execute(trx);
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
