/** Limits the growth of equity rows: one is written per poll, and most contain only changes of price and interest. */
import { sql } from 'kysely';
import { DAY_MS, HOUR_MS } from './snapshots.ts';
import type { Db } from './writes.ts';

const MINUTE_MS = 60_000;

/**
 * Kept forever: a row where a source other than price or interest changed, and the last of each market hour (a funding
 * period). Of the others: all of the last hour, the last of each minute of the last day. Returns the number of removed rows.
 */
export async function thinEquity(db: Db, engineId: string, nowMs: number): Promise<number> {
  const hourEdge = Math.floor((nowMs - HOUR_MS) / MINUTE_MS) * MINUTE_MS;
  const dayEdge = Math.floor((nowMs - DAY_MS) / HOUR_MS) * HOUR_MS;
  const result = await sql`
    DELETE FROM equity AS e USING (
      SELECT ts_ms, market_time_ms,
        lag(ARRAY[baseline, basis, slippage, funding, fees, gas, transfers, external, unexplained]::numeric[]) OVER newest
          IS NOT DISTINCT FROM ARRAY[baseline, basis, slippage, funding, fees, gas, transfers, external, unexplained]::numeric[]
          AS quiet,
        row_number() OVER (PARTITION BY ts_ms / ${MINUTE_MS}::int8 ORDER BY ts_ms DESC, market_time_ms DESC) AS of_minute,
        row_number() OVER (PARTITION BY market_time_ms / ${HOUR_MS}::int8 ORDER BY ts_ms DESC, market_time_ms DESC) AS of_hour
      FROM equity WHERE engine_id = ${engineId} AND ts_ms < ${hourEdge}::int8
      WINDOW newest AS (ORDER BY ts_ms, market_time_ms)
    ) AS ranked
    WHERE e.engine_id = ${engineId} AND e.ts_ms = ranked.ts_ms AND e.market_time_ms = ranked.market_time_ms
      AND ranked.quiet AND ranked.of_hour > 1 AND (ranked.of_minute > 1 OR ranked.ts_ms < ${dayEdge}::int8)`.execute(
    db,
  );
  return Number(result.numAffectedRows ?? 0n);
}
