/**
 * Every write of the journal as a function of a Kysely transaction (or of the database itself), so that callers can use
 * their own transaction. Each is keyed by its cause, so doing it twice has the effect of doing it once.
 */

import { type Kysely, sql, type Transaction } from 'kysely';
import type { Alert } from '../domain/alerts/alert.ts';
import { type CommandAnswer, isFinal } from '../domain/order/command.ts';
import { ATTEMPT_ADVANCED, ENDED_STATUSES } from './advance.ts';
import type { Admission } from './journal.ts';
import { jsonText, nullableJsonText, plainText } from './json-text.ts';
import type {
  AttemptRecord,
  CommandRecord,
  EngineRecord,
  EquityRecord,
  FundingRecord,
  OperationChange,
  OperationRecord,
  OperationWrite,
  TradeRecord,
  TransitionRecord,
} from './records.ts';
import { commandOf } from './rows.ts';
import type { Database } from './schema.ts';

export type Tx = Transaction<Database>;
/** A single statement may run outside a transaction too. */
export type Db = Kysely<Database>;

/** Postgres takes 65,535 parameters in a statement; our widest row has 15. */
const ROWS_PER_INSERT = 1_000;

const changed = (result: { numInsertedOrUpdatedRows?: bigint | undefined } | undefined): boolean =>
  (result?.numInsertedOrUpdatedRows ?? 0n) > 0n;

export async function publishEngine(trx: Tx, record: EngineRecord): Promise<void> {
  const { engineId, epoch, sequence } = record;
  const former = await trx
    .selectFrom('engines')
    .select('epoch')
    .where('engine_id', '=', engineId)
    .forUpdate()
    .executeTakeFirst();
  const row = { epoch, sequence, updated_at_ms: record.updatedAtMs, record: jsonText(record) };
  await trx
    .insertInto('engines')
    .values({ engine_id: engineId, ...row })
    .onConflict((oc) =>
      oc
        .column('engine_id')
        .doUpdateSet(row)
        .where((eb) =>
          eb.or([
            eb('engines.epoch', '<>', epoch),
            eb('engines.sequence', '<', sequence),
            // The acknowledgement of the last one was lost, and its number is used again with newer content.
            eb.and([eb('engines.sequence', '=', sequence), eb('engines.updated_at_ms', '<', record.updatedAtMs)]),
          ]),
        ),
    )
    .execute();
  // Another epoch counts its watches from the start again; the fence of the former epoch would refuse them.
  if (former !== undefined && former.epoch !== epoch) {
    await trx.deleteFrom('fences').where('engine_id', '=', engineId).execute();
  }
}

export async function admitCommand(db: Db, record: Omit<CommandRecord, 'answer' | 'answeredAtMs'>): Promise<Admission> {
  const inserted = await db
    .insertInto('commands')
    .values({
      command_id: record.commandId,
      engine_id: record.engineId,
      action: record.action,
      request_hash: record.requestHash,
      request: jsonText(record.request),
      received_at_ms: record.receivedAtMs,
      operation_id: record.operationId,
    })
    .onConflict((oc) => oc.column('command_id').doNothing())
    .executeTakeFirst();
  if (changed(inserted)) return { kind: 'new' };
  const row = await db
    .selectFrom('commands')
    .selectAll()
    .where('command_id', '=', record.commandId)
    .executeTakeFirstOrThrow();
  const same = row.request_hash === record.requestHash && row.engine_id === record.engineId;
  return { kind: same ? 'known' : 'conflict', record: commandOf(row) };
}

/** The first final answer stays; an answer that is not final is not recorded. */
export async function insertAnswer(db: Db, commandId: string, answer: CommandAnswer, atMs: number): Promise<void> {
  if (!isFinal(answer)) return;
  await db
    .updateTable('commands')
    .set({ answer: jsonText(answer), answered_at_ms: atMs })
    .where('command_id', '=', commandId)
    .where('answer', 'is', null)
    .execute();
}

export async function insertOperation(
  db: Db,
  record: Omit<OperationRecord, 'attempts' | 'endedAtMs' | 'error' | 'answer'>,
): Promise<void> {
  await db
    .insertInto('operations')
    .values({
      operation_id: record.operationId,
      engine_id: record.engineId,
      command_id: record.commandId,
      kind: record.kind,
      status: record.status,
      created_at_ms: record.createdAtMs,
      intent: jsonText(record.intent),
      updated_at_ms: record.createdAtMs,
    })
    .onConflict((oc) => oc.column('operation_id').doNothing())
    .execute();
}

/** Inserts, or moves the existing row forward: advance.ts. */
export async function upsertAttempt(db: Db, record: AttemptRecord): Promise<void> {
  await db
    .insertInto('attempts')
    .values({
      signature: record.signature,
      operation_id: record.operationId,
      number: record.number,
      wire: record.wire,
      last_valid_block_height: record.lastValidBlockHeight,
      slot: record.slot,
      intent: jsonText(record.intent),
      stage: record.stage,
      outcome: record.outcome,
      error: nullableJsonText(record.error),
      signed_at_ms: record.signedAtMs,
      updated_at_ms: record.updatedAtMs,
    })
    .onConflict((oc) => oc.column('signature').doUpdateSet(ATTEMPT_ADVANCED))
    .execute();
}

export async function insertTransitions(db: Db, records: readonly TransitionRecord[]): Promise<void> {
  if (records.length === 0) return;
  await db
    .insertInto('transitions')
    .values(
      records.map((record) => ({
        operation_id: record.operationId,
        sequence: record.sequence,
        at_ms: record.atMs,
        stage: plainText(record.stage),
        attempt: record.attempt,
        signature: record.signature,
        outcome: record.outcome,
        detail: jsonText(record.detail),
      })),
    )
    .onConflict((oc) => oc.columns(['operation_id', 'at_ms', 'sequence']).doNothing())
    .execute();
}

/**
 * An operation that has ended does not change any more, and a change older than the last one is ignored.
 * @param atMs when the change was decided; null: unknown, counts as the newest
 */
export async function changeOperation(db: Db, change: OperationChange, atMs: number | null): Promise<void> {
  const changedAtMs = atMs ?? change.endedAtMs ?? 0;
  await db
    .updateTable('operations')
    .set({
      status: change.status,
      updated_at_ms: sql<number>`GREATEST(updated_at_ms, ${changedAtMs}::int8)`,
      ...(change.endedAtMs === undefined ? {} : { ended_at_ms: change.endedAtMs }),
      ...(change.error === undefined ? {} : { error: nullableJsonText(change.error) }),
      ...(change.answer === undefined ? {} : { answer: nullableJsonText(change.answer) }),
    })
    .where('operation_id', '=', change.operationId)
    .where('status', 'not in', ENDED_STATUSES)
    .$if(atMs !== null, (query) => query.where('updated_at_ms', '<=', atMs))
    .execute();
}

/** The whole batch of an operation; it must run in one transaction. */
export async function writeOperation(trx: Tx, write: OperationWrite): Promise<void> {
  if (write.operation !== undefined) await insertOperation(trx, write.operation);
  await insertTransitions(trx, write.transitions);
  if (write.attemptOutcome !== undefined) {
    const { ref, stage, outcome, error } = write.attemptOutcome;
    await upsertAttempt(trx, {
      operationId: ref.operationId,
      number: ref.number,
      ...ref.attempt,
      intent: ref.intent,
      stage,
      outcome,
      error,
      updatedAtMs: write.atMs,
    });
  }
  if (write.update !== undefined) await changeOperation(trx, write.update, write.atMs);
  if (write.answer !== undefined) await insertAnswer(trx, write.answer.commandId, write.answer.answer, write.atMs);
  for (const alert of write.alerts ?? []) await insertAlert(trx, alert);
}

/** Keyed by engine, signature and index. */
export async function insertTrades(db: Db, records: readonly TradeRecord[]): Promise<void> {
  for (let start = 0; start < records.length; start += ROWS_PER_INSERT) {
    await db
      .insertInto('trades')
      .values(
        records.slice(start, start + ROWS_PER_INSERT).map((record) => ({
          engine_id: record.engineId,
          signature: record.signature,
          fill_index: record.index,
          operation_id: record.operationId,
          market: record.market,
          side: record.side,
          size: record.size,
          price: record.price,
          fee: record.fee,
          ts_ms: record.tsMs,
        })),
      )
      .onConflict((oc) => oc.columns(['engine_id', 'signature', 'fill_index']).doNothing())
      .execute();
  }
}

/** Keyed by engine, market and period: a period is paid once. Accepts one payment or several. */
export async function insertFunding(db: Db, payments: FundingRecord | readonly FundingRecord[]): Promise<void> {
  const records = 'engineId' in payments ? [payments] : payments;
  for (let start = 0; start < records.length; start += ROWS_PER_INSERT) {
    await db
      .insertInto('funding')
      .values(
        records.slice(start, start + ROWS_PER_INSERT).map((record) => ({
          engine_id: record.engineId,
          market: record.market,
          period_ts_ms: record.periodTsMs,
          rate: record.rate,
          position: record.position,
          amount: record.amount,
          ts_ms: record.tsMs,
        })),
      )
      .onConflict((oc) => oc.columns(['engine_id', 'market', 'period_ts_ms']).doNothing())
      .execute();
  }
}

/** Keyed by engine, wall and market time; sources are cumulative, so of two at the same times the last counts. */
export async function insertEquity(db: Db, record: EquityRecord): Promise<void> {
  const figures = {
    equity: record.equity,
    baseline: record.baseline,
    price: record.price,
    basis: record.basis,
    slippage: record.slippage,
    funding: record.funding,
    interest: record.interest,
    fees: record.fees,
    gas: record.gas,
    transfers: record.transfers,
    external: record.external,
    unexplained: record.unexplained,
    quote_price: record.quotePrice ?? null,
  };
  await db
    .insertInto('equity')
    .values({ engine_id: record.engineId, ts_ms: record.tsMs, market_time_ms: record.marketTimeMs, ...figures })
    .onConflict((oc) => oc.columns(['engine_id', 'ts_ms', 'market_time_ms']).doUpdateSet(figures))
    .execute();
}

/** False if the id exists already. */
export async function insertAlert(db: Db, alert: Alert): Promise<boolean> {
  const result = await db
    .insertInto('alerts')
    .values({
      id: alert.id,
      engine_id: alert.engineId,
      kind: alert.kind,
      severity: alert.severity,
      code: alert.code,
      message: plainText(alert.message),
      action: plainText(alert.action),
      operation_id: alert.operationId,
      details: jsonText(alert.details),
      ts_ms: alert.tsMs,
    })
    .onConflict((oc) => oc.column('id').doNothing())
    .executeTakeFirst();
  return changed(result);
}
