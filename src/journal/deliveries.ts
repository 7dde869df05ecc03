/**
 * Which alerts each messenger has sent. Several processes share it: whoever claims an alert sends it, and a process that died
 * in between loses its claim after a while. Times are this process's wall clock; a claim outlasts any difference of clocks
 * that the product works under.
 */
import { type Kysely, type Selectable, sql } from 'kysely';
import type { Alert } from '../domain/alerts/alert.ts';
import type { AlertSeverity } from '../domain/alerts/alert-row.ts';
import { alertOf } from './rows.ts';
import type { AlertsTable, Database } from './schema.ts';

export interface DueAlert {
  readonly alert: Alert;
  /** How often this channel has sent it. */
  readonly times: number;
}

export interface DueQuery {
  readonly channel: string;
  readonly nowMs: number;
  /** Younger alerts are still with the process that raised them. */
  readonly graceMs: number;
  /** Older ones are not sent any more. */
  readonly maxAgeMs: number;
  readonly repeatMs: number;
  readonly severities: readonly AlertSeverity[];
  /** Whose end is told. */
  readonly recoveredCodes: readonly string[];
  /** Of them only what is critical. What cannot be sent now would keep others from being read. */
  readonly mutedEngines: readonly string[];
}

interface Wanted {
  readonly id: string;
  /** How often it had been sent when it was read. */
  readonly times: number;
}

interface Claim {
  readonly holder: string;
  readonly nowMs: number;
  /** After this time another may claim it. */
  readonly holdMs: number;
}

export interface Deliveries {
  /** Notes when this channel was first set up: what is older is not sent. Returns that time. */
  begin(channel: string, nowMs: number): Promise<number>;
  /** Never sent and not claimed, or critical, standing, not acknowledged and sent longer than `repeatMs` ago; what is critical first, then the oldest. */
  due(query: DueQuery): Promise<readonly DueAlert[]>;
  /** The ids that the holder may send now: not claimed by another, and not sent since they were read. Atomic. */
  claim(channel: string, wanted: readonly Wanted[], claim: Claim): Promise<ReadonlySet<string>>;
  sent(channel: string, ids: readonly string[], nowMs: number): Promise<void>;
}

const MOST = 200;

export const deliveriesOf = (db: Kysely<Database>): Deliveries => ({
  async begin(channel, nowMs) {
    const key = `alert channel ${channel}`;
    await sql`INSERT INTO meta (key, value) VALUES (${key}, ${String(nowMs)}) ON CONFLICT (key) DO NOTHING`.execute(db);
    const row = await db.selectFrom('meta').select('value').where('key', '=', key).executeTakeFirstOrThrow();
    return Number(row.value);
  },

  async due({ channel, nowMs, graceMs, maxAgeMs, repeatMs, severities, recoveredCodes, mutedEngines }) {
    const critical = sql<boolean>`(a.kind = 'alert' AND a.severity = 'critical')`;
    const notMuted =
      mutedEngines.length === 0
        ? sql``
        : sql`AND (${critical} OR a.engine_id IS NULL OR a.engine_id NOT IN (${sql.join(mutedEngines)}))`;
    const { rows } = await sql<Selectable<AlertsTable> & { readonly times: number }>`
      SELECT a.*, coalesce(d.times, 0) AS times
      FROM alerts a
      LEFT JOIN alert_deliveries d ON d.alert_id = a.id AND d.channel = ${channel}
      WHERE a.ts_ms >= greatest(
          ${nowMs - maxAgeMs}::int8,
          (SELECT value::int8 FROM meta WHERE key = ${`alert channel ${channel}`})
        )
        AND a.ts_ms <= ${nowMs - graceMs}::int8
        AND (
          (a.kind = 'alert' AND a.severity IN (${sql.join(severities)}))
          OR (a.kind = 'recovered' AND a.code IN (${sql.join(recoveredCodes)}))
        )
        ${notMuted}
        AND (d.held_until_ms IS NULL OR d.held_until_ms < ${nowMs}::int8)
        AND (
          d.sent_at_ms IS NULL
          OR (
            d.sent_at_ms <= ${nowMs - repeatMs}::int8
            AND ${critical}
            AND NOT EXISTS (SELECT FROM alert_acknowledgements k WHERE k.alert_id = a.id)
            AND NOT EXISTS (
              SELECT FROM alerts n
              WHERE n.code = a.code AND n.engine_id IS NOT DISTINCT FROM a.engine_id
                AND n.operation_id IS NOT DISTINCT FROM a.operation_id AND n.seq > a.seq
            )
          )
        )
      ORDER BY ${critical} DESC, a.seq
      LIMIT ${MOST}`.execute(db);
    return rows.map(({ times, ...row }) => ({ alert: alertOf(row), times }));
  },

  async claim(channel, wanted, { holder, nowMs, holdMs }) {
    if (wanted.length === 0) return new Set();
    const rows = sql.join(wanted.map(({ id, times }) => sql`(${id}::text, ${times}::int4)`));
    const claimed = await sql<{ readonly alert_id: string }>`
      INSERT INTO alert_deliveries AS d (alert_id, channel, times, holder, held_until_ms)
      SELECT w.id, ${channel}::text, w.times, ${holder}::text, ${nowMs + holdMs}::int8 FROM (VALUES ${rows}) AS w (id, times)
      ON CONFLICT (alert_id, channel) DO UPDATE SET holder = excluded.holder, held_until_ms = excluded.held_until_ms
        WHERE d.times = excluded.times
          AND (d.holder = excluded.holder OR d.held_until_ms IS NULL OR d.held_until_ms < ${nowMs}::int8)
      RETURNING alert_id`.execute(db);
    return new Set(claimed.rows.map(({ alert_id }) => alert_id));
  },

  async sent(channel, ids, nowMs) {
    if (ids.length === 0) return;
    const rows = sql.join([...new Set(ids)].map((id) => sql`(${id}::text)`));
    await sql`
      INSERT INTO alert_deliveries AS d (alert_id, channel, times, sent_at_ms)
      SELECT s.id, ${channel}::text, 1, ${nowMs}::int8 FROM (VALUES ${rows}) AS s (id)
      ON CONFLICT (alert_id, channel) DO UPDATE
        SET times = d.times + 1, sent_at_ms = excluded.sent_at_ms, holder = NULL, held_until_ms = NULL`.execute(db);
  },
});

/** What became of an alert: who has taken it, and whether a person has seen it. */
export interface AlertReception {
  readonly acknowledgedAtMs: number | null;
  readonly deliveries: readonly {
    readonly channel: string;
    readonly times: number;
    /** Null: claimed, and not sent yet. */
    readonly sentAtMs: number | null;
  }[];
}

/** Of those alerts of which there is anything to tell. */
export async function receptionOf(
  db: Kysely<Database>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, AlertReception>> {
  const receptions = new Map<string, AlertReception>();
  if (ids.length === 0) return receptions;
  const wanted = sql.join(ids);
  const [sent, seen] = await Promise.all([
    sql<{ readonly id: string; readonly channel: string; readonly times: number; readonly at: string | null }>`
      SELECT alert_id AS id, channel, times, sent_at_ms::text AS at
      FROM alert_deliveries WHERE alert_id IN (${wanted}) ORDER BY channel`.execute(db),
    sql<{ readonly id: string; readonly at: string }>`
      SELECT alert_id AS id, at_ms::text AS at FROM alert_acknowledgements WHERE alert_id IN (${wanted})`.execute(db),
  ]);
  const of = (id: string): AlertReception => receptions.get(id) ?? { acknowledgedAtMs: null, deliveries: [] };
  for (const { id, channel, times, at } of sent.rows) {
    const delivery = { channel, times, sentAtMs: at === null ? null : Number(at) };
    receptions.set(id, { ...of(id), deliveries: [...of(id).deliveries, delivery] });
  }
  for (const { id, at } of seen.rows) receptions.set(id, { ...of(id), acknowledgedAtMs: Number(at) });
  return receptions;
}

export async function acknowledgeAlert(db: Kysely<Database>, id: string, atMs: number): Promise<boolean> {
  const { rows } = await sql`
    INSERT INTO alert_acknowledgements AS k (alert_id, at_ms)
    SELECT id, ${atMs}::int8 FROM alerts WHERE id = ${id}
    ON CONFLICT (alert_id) DO UPDATE SET at_ms = k.at_ms
    RETURNING alert_id`.execute(db);
  return rows.length > 0;
}

/** True for the first who asks for this day of this engine. */
export async function claimSummary(db: Kysely<Database>, engineId: string, day: string): Promise<boolean> {
  const key = `summary ${engineId}`;
  const { rows } = await sql`
    INSERT INTO meta AS m (key, value) VALUES (${key}, ${day})
    ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE m.value < excluded.value
    RETURNING key`.execute(db);
  return rows.length > 0;
}
