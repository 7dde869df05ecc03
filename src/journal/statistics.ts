/**
 * What an account has earned, from its equity rows. They hold cumulative sums, so the earnings of a span are the newest row
 * less the one that stood when the span began: exact, however few of the rows between are kept. A span ends with its last
 * moment and begins after its first: funding that is paid at midnight belongs to the day that ended.
 */
import { sql } from 'kysely';
import { type EarningsSums, SPAN_NAMES, type SpanName, type StatisticsRecord } from './records.ts';
import { DAY_MS } from './snapshots.ts';
import type { Db } from './writes.ts';

interface SpanRow extends Omit<EarningsSums, 'hedgedPeriods'> {
  readonly place: number;
  readonly hedgedPeriods: number | string;
  readonly worstDay: number;
  readonly worstNet: string;
}

/** Null: there is no equity row. */
export async function readStatistics(db: Db, engineId: string): Promise<StatisticsRecord | null> {
  const dayMs = sql`${DAY_MS}::int8`;
  const { rows } = await sql<SpanRow>`
    WITH line AS MATERIALIZED (
      SELECT market_time_ms AS t, ts_ms, lead(market_time_ms) OVER in_order AS next,
        equity::numeric, funding::numeric, basis::numeric, slippage::numeric, fees::numeric, gas::numeric, interest::numeric
      FROM equity WHERE engine_id = ${engineId}
      WINDOW in_order AS (ORDER BY market_time_ms, ts_ms)
    ), edges AS (
      SELECT min(t) AS first, max(t) AS newest FROM line
    ), spans AS (
      SELECT place, greatest(begins, first) AS from_ms, newest, begins <= first AS whole
      FROM edges, LATERAL (VALUES
        (0, newest / ${dayMs} * ${dayMs}), (1, newest - 7 * ${dayMs}), (2, newest - 30 * ${dayMs}), (3, first)
      ) AS asked (place, begins)
    ), sums AS (
      SELECT place, from_ms, newest,
        ended.funding - CASE WHEN whole THEN 0 ELSE begun.funding END AS funding,
        ended.basis - CASE WHEN whole THEN 0 ELSE begun.basis END AS basis,
        ended.slippage - CASE WHEN whole THEN 0 ELSE begun.slippage END AS slippage,
        ended.fees - CASE WHEN whole THEN 0 ELSE begun.fees END AS fees,
        ended.gas - CASE WHEN whole THEN 0 ELSE begun.gas END AS gas,
        ended.interest - CASE WHEN whole THEN 0 ELSE begun.interest END AS interest
      FROM spans
      JOIN line AS begun ON begun.t <= from_ms AND (begun.next > from_ms OR begun.next IS NULL)
      JOIN line AS ended ON ended.next IS NULL
    ), days AS (
      SELECT DISTINCT ON (day) day, net FROM (
        SELECT (t - 1) / ${dayMs} AS day, t, ts_ms, funding + basis + slippage + fees + gas AS net FROM line
      ) AS dated ORDER BY day, t DESC, ts_ms DESC
    ), worst AS (
      SELECT day * ${dayMs} AS start_ms, net - lag(net, 1, 0::numeric) OVER (ORDER BY day) AS net FROM days
      ORDER BY net, start_ms LIMIT 1
    )
    SELECT place, from_ms AS "fromMs", newest AS "toMs",
      funding::text, basis::text, slippage::text, fees::text, gas::text, interest::text,
      (SELECT coalesce(sum(equity * (coalesce(next, newest) - greatest(t, from_ms))), 0)::text FROM line
        WHERE coalesce(next, newest) > from_ms) AS "equityTime",
      (SELECT count(DISTINCT period_ts_ms) FROM funding AS paid
        WHERE engine_id = ${engineId} AND position <> 0 AND period_ts_ms > from_ms AND period_ts_ms <= newest) AS "hedgedPeriods",
      worst.start_ms AS "worstDay", worst.net::text AS "worstNet"
    FROM sums, worst ORDER BY place`.execute(db);
  const worst = rows[0];
  if (worst === undefined) return null;
  return {
    spans: Object.fromEntries(
      rows.map(({ place, worstDay, worstNet, hedgedPeriods, ...sums }) => [
        SPAN_NAMES[place] as SpanName,
        { ...sums, hedgedPeriods: Number(hedgedPeriods) },
      ]),
    ) as Record<SpanName, EarningsSums>,
    worstDay: { startMs: worst.worstDay, net: worst.worstNet },
  };
}
