/**
 * A span of a series has its length for a name and its figures in one value: a chart of many names then costs a third. There
 * are two more lengths, ten seconds and half a day; what is half a day follows from its spans of three hours.
 */
import { type Kysely, sql } from 'kysely';

/** Length by the level that named it, and as it is now. */
const SPANS = [
  [0, 60_000],
  [1, 300_000],
  [2, 1_800_000],
  [3, 10_800_000],
  [3, 43_200_000],
  [4, 86_400_000],
] as const;

const packed = (column: string) =>
  sql`coalesce(float8send(${sql.ref(column)}), ${sql.lit('\\x7ff8000000000000')}::bytea)`;

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE packed_series (
      engine_id text NOT NULL,
      span_ms int8 NOT NULL,
      start_ms int8 NOT NULL,
      first_ms int8 NOT NULL,
      last_ms int8 NOT NULL,
      figures bytea NOT NULL,
      PRIMARY KEY (engine_id, span_ms, start_ms)
    )`.execute(db);
  for (const [level, spanMs] of SPANS) {
    await sql`
      INSERT INTO packed_series
      WITH parts AS (
        SELECT engine_id, start_ms / ${sql.lit(spanMs)} * ${sql.lit(spanMs)} AS start_ms, first_ms, last_ms, place, lowest, highest, latest
        FROM series, unnest(low, high, last) WITH ORDINALITY AS each (lowest, highest, latest, place)
        WHERE level = ${sql.lit(level)}
      ), names AS (
        SELECT engine_id, start_ms, place, min(first_ms) AS first_ms, max(last_ms) AS last_ms,
          min(lowest) AS low, max(highest) AS high,
          (array_agg(latest ORDER BY last_ms DESC) FILTER (WHERE latest IS NOT NULL))[1] AS last
        FROM parts GROUP BY engine_id, start_ms, place
      )
      SELECT engine_id, ${sql.lit(spanMs)}, start_ms, min(first_ms), max(last_ms),
        string_agg(${packed('low')} || ${packed('high')} || ${packed('last')}, ''::bytea ORDER BY place)
      FROM names GROUP BY engine_id, start_ms`.execute(db);
  }
  await sql`DROP TABLE series`.execute(db);
  await sql`ALTER TABLE packed_series RENAME TO series`.execute(db);
  await sql`ALTER INDEX packed_series_pkey RENAME TO series_pkey`.execute(db);
}
