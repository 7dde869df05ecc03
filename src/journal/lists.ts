/** Lists, newest first, page by page. A page is stable: later rows never shift it. */

import { sql } from 'kysely';
import type { Alert } from '../domain/alerts/alert.ts';
import { ValidationError } from '../lib/errors.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { ListQuery, Page } from './journal.ts';
import type {
  AttemptRecord,
  CommandRecord,
  DecisionRecord,
  EquityRecord,
  FundingRecord,
  OperationRecord,
  TradeRecord,
} from './records.ts';
import { alertOf, attemptOf, commandOf, decisionOf, equityOf, fundingOf, operationOf, tradeOf } from './rows.ts';
import type { Db } from './writes.ts';

export const MAX_LIST_LIMIT = 1_000;

/** @throws ValidationError INVALID_FIELD when the limit is not a whole number from 1 to MAX_LIST_LIMIT */
function checkedLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIST_LIMIT) return limit;
  throw new ValidationError('INVALID_FIELD', `limit must be a whole number from 1 to ${MAX_LIST_LIMIT}`, {
    field: 'limit',
    got: String(limit),
    expected: `1 to ${MAX_LIST_LIMIT}`,
  });
}

interface Placed {
  readonly place_ts: number;
  readonly place_seq: number;
}

/** Each with the column of the time that orders it. */
const TIMES = {
  operations: 'created_at_ms',
  commands: 'received_at_ms',
  trades: 'ts_ms',
  funding: 'ts_ms',
  equity: 'ts_ms',
  alerts: 'ts_ms',
  decisions: 'ts_ms',
} as const;
type Listed = keyof typeof TIMES;

/** What a command that has no answer yet counts as. */
const OPEN = 'open';

/** The rows of one page and the cursor after it. One extra row shows whether there is a next page. */
async function page<Row>(
  db: Db,
  table: Listed,
  query: ListQuery & { readonly commandId?: string; readonly status?: string },
): Promise<{ readonly rows: readonly Row[]; readonly nextCursor: string | null }> {
  const limit = checkedLimit(query.limit);
  const after = query.cursor === undefined ? null : decodeCursor(query.cursor);
  const ts = sql.ref(TIMES[table]);
  // Funding belongs to its period, whenever it was written, so a month's list has the month's periods.
  const asked = table === 'funding' ? sql.ref('period_ts_ms') : ts;
  const wheres = [
    query.engineId === undefined
      ? null
      : table === 'alerts'
        ? // Alerts of the process itself belong to no engine and concern all.
          sql`(engine_id = ${query.engineId} OR engine_id IS NULL)`
        : sql`engine_id = ${query.engineId}`,
    query.commandId === undefined ? null : sql`command_id = ${query.commandId}`,
    query.status === undefined ? null : sql`coalesce(answer->'data'->>'status', ${OPEN}) = ${query.status}`,
    query.fromMs === undefined ? null : sql`${asked} >= ${query.fromMs}::int8`,
    query.toMs === undefined ? null : sql`${asked} <= ${query.toMs}::int8`,
    after === null ? null : sql`(${ts}, seq) < (${after.tsMs}::int8, ${after.seq}::int8)`,
  ].filter((where) => where !== null);
  const where = wheres.length === 0 ? sql`` : sql`WHERE ${sql.join(wheres, sql` AND `)}`;
  const { rows } = await sql<Row & Placed>`
    SELECT *, ${ts} AS place_ts, seq AS place_seq FROM ${sql.table(table)} ${where}
    ORDER BY ${ts} DESC, seq DESC LIMIT ${limit + 1}::int4`.execute(db);
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { rows: items, nextCursor: more ? encodeCursor({ tsMs: last.place_ts, seq: last.place_seq }) : null };
}

const listing =
  <Row, Item>(table: Listed, itemOf: (row: Row) => Item) =>
  async (db: Db, query: ListQuery): Promise<Page<Item>> => {
    const { rows, nextCursor } = await page<Row>(db, table, query);
    return { items: rows.map(itemOf), nextCursor };
  };

export const listTrades: (db: Db, query: ListQuery) => Promise<Page<TradeRecord>> = listing('trades', tradeOf);
export const listFunding: (db: Db, query: ListQuery) => Promise<Page<FundingRecord>> = listing('funding', fundingOf);
export const listEquity: (db: Db, query: ListQuery) => Promise<Page<EquityRecord>> = listing('equity', equityOf);
export const listDecisions: (db: Db, query: ListQuery) => Promise<Page<DecisionRecord>> = listing(
  'decisions',
  decisionOf,
);
export const listCommands: (db: Db, query: ListQuery & { readonly status?: string }) => Promise<Page<CommandRecord>> =
  listing('commands', commandOf);
export const listAlerts: (db: Db, query: ListQuery) => Promise<Page<Alert>> = listing('alerts', alertOf);

type OperationRow = Parameters<typeof operationOf>[0];

/** Each operation with its attempts, in order. */
export async function withAttempts(db: Db, rows: readonly OperationRow[]): Promise<readonly OperationRecord[]> {
  if (rows.length === 0) return [];
  const attempts = await db
    .selectFrom('attempts')
    .selectAll()
    .where(
      'operation_id',
      'in',
      rows.map((row) => row.operation_id),
    )
    .orderBy('number')
    .orderBy('signed_at_ms')
    .execute();
  const byOperation = new Map<string, AttemptRecord[]>();
  for (const row of attempts) {
    const list = byOperation.get(row.operation_id) ?? [];
    list.push(attemptOf(row));
    byOperation.set(row.operation_id, list);
  }
  return rows.map((row) => operationOf(row, byOperation.get(row.operation_id) ?? []));
}

export async function listOperations(
  db: Db,
  query: ListQuery & { readonly commandId?: string },
): Promise<Page<OperationRecord>> {
  const { rows, nextCursor } = await page<OperationRow>(db, 'operations', query);
  return { items: await withAttempts(db, rows), nextCursor };
}
