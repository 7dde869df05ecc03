/** The paper account in the journal's database: locked, changed and written with its journal rows in one transaction. */

import { type Kysely, type Selectable, sql } from 'kysely';
import { RESET_PAPER } from '../../domain/account/reset-paper.ts';
import type { Alert } from '../../domain/alerts/alert.ts';
import { jsonText, nullableJsonText } from '../../journal/json-text.ts';
import type { EquityRecord, FundingRecord, TradeRecord } from '../../journal/records.ts';
import type { Database } from '../../journal/schema.ts';
import { insertAlert, insertEquity, insertTrades, type Tx } from '../../journal/writes.ts';
import * as z from '../../lib/codec.ts';
import type { ErrorReport } from '../../lib/errors.ts';
import { CriticalError } from '../../lib/errors.ts';
import type { LandedEffect } from '../venue.ts';
import { PaperState, type PaperStateJson } from './state.ts';
import { writeAccount } from './write-account.ts';

export interface PaperTransaction {
  readonly signature: string;
  readonly wire: string;
  readonly status: 'pending' | 'landed' | 'dropped';
  readonly slot: number;
  readonly lastValidBlockHeight: number;
  readonly filling: { readonly ppm: number; readonly afterSlots: number };
  readonly error: ErrorReport | null;
  readonly effect: LandedEffect | null;
  readonly goneSlot: number | null;
  readonly sentAtMs: number;
}

/** A trade without its operation: the journal knows which attempt the signature belongs to. */
export type PaperTrade = Omit<TradeRecord, 'operationId'>;

/** Everything that one change writes. */
export interface PaperChange {
  readonly state: PaperState;
  readonly nowMs: number;
  readonly transactions: readonly PaperTransaction[];
  readonly checkpoints: readonly { readonly slot: number; readonly state: PaperState }[];
  readonly trades: readonly PaperTrade[];
  readonly funding: readonly FundingRecord[];
  readonly equity: readonly EquityRecord[];
  readonly alerts: readonly Alert[];
  /** Checkpoints below this slot are finalized and deleted. */
  readonly finalizedSlot: number;
}

const decodeState = (json: unknown): PaperState => z.decode(PaperState, json as PaperStateJson);
const stateText = (state: PaperState): string => jsonText(z.encode(PaperState, state));

export class PaperStore {
  readonly #db: Kysely<Database>;
  readonly engineId: string;

  constructor(db: Kysely<Database>, engineId: string) {
    this.#db = db;
    this.engineId = engineId;
  }

  /** @throws CriticalError PAPER_ACCOUNT_MISSING */
  async load(): Promise<PaperState> {
    const row = await this.#db
      .selectFrom('paper_accounts')
      .select('state')
      .where('engine_id', '=', this.engineId)
      .executeTakeFirst();
    if (row === undefined) throw missing(this.engineId);
    return decodeState(row.state);
  }

  /** Does not touch an existing account. */
  async create(state: PaperState, equity: EquityRecord, nowMs: number): Promise<void> {
    await this.#db.transaction().execute(async (trx) => {
      const created = await trx
        .insertInto('paper_accounts')
        .values({
          engine_id: this.engineId,
          state: stateText(state),
          sequence: 1,
          created_at_ms: nowMs,
          updated_at_ms: nowMs,
        })
        .onConflict((oc) => oc.column('engine_id').doNothing())
        .executeTakeFirst();
      if ((created.numInsertedOrUpdatedRows ?? 0n) > 0n) await insertEquity(trx, equity);
    });
  }

  /**
   * Locks the account, lets `work` decide, and writes what it returns with its journal rows, all or nothing.
   * `busy`: an operation of this engine is running.
   */
  change<T>(
    work: (
      state: PaperState,
      context: { readonly busy: boolean; readonly trx: Tx },
    ) => Promise<{ readonly change: PaperChange | null; readonly result: T }>,
  ): Promise<T> {
    return this.#db.transaction().execute(async (trx) => {
      const row = await trx
        .selectFrom('paper_accounts')
        .select((eb) => [
          'state',
          eb
            .exists(
              eb
                .selectFrom('operations')
                .select('operation_id')
                .where('operations.engine_id', '=', this.engineId)
                .where('operations.ended_at_ms', 'is', null)
                .where('operations.status', '=', 'running'),
            )
            .as('busy'),
        ])
        .where('engine_id', '=', this.engineId)
        .forUpdate()
        .executeTakeFirst();
      if (row === undefined) throw missing(this.engineId);
      const { change, result } = await work(decodeState(row.state), { busy: Boolean(row.busy), trx });
      if (change !== null) await this.#write(trx, change);
      return result;
    });
  }

  async #write(trx: Tx, change: PaperChange): Promise<void> {
    const { engineId } = this;
    for (const transaction of change.transactions) await this.#upsert(trx, transaction);
    if (change.checkpoints.length > 0) {
      await trx
        .deleteFrom('paper_checkpoints')
        .where('engine_id', '=', engineId)
        .where('slot', '<=', change.finalizedSlot)
        .execute();
      await trx
        .insertInto('paper_checkpoints')
        .values(change.checkpoints.map(({ slot, state }) => ({ engine_id: engineId, slot, state: stateText(state) })))
        .execute();
    }
    if (change.trades.length > 0) await insertTrades(trx, await this.#withOperations(trx, change.trades));
    for (const alert of change.alerts) await insertAlert(trx, alert);
    const { state, nowMs, funding, equity } = change;
    await writeAccount({ engineId, state: stateText(state), atMs: nowMs, funding, equity }).execute(trx);
  }

  async #upsert(trx: Tx, row: PaperTransaction): Promise<void> {
    const outcome = {
      status: row.status,
      slot: row.slot,
      error: nullableJsonText(row.error),
      effect: nullableJsonText(row.effect),
      gone_slot: row.goneSlot,
    };
    await trx
      .insertInto('paper_transactions')
      .values({
        signature: row.signature,
        engine_id: this.engineId,
        wire: row.wire,
        last_valid_block_height: row.lastValidBlockHeight,
        filling: jsonText(row.filling),
        sent_at_ms: row.sentAtMs,
        ...outcome,
      })
      .onConflict((oc) => oc.column('signature').doUpdateSet(outcome))
      .execute();
  }

  async #withOperations(trx: Tx, trades: readonly PaperTrade[]): Promise<readonly TradeRecord[]> {
    const attempts = await trx
      .selectFrom('attempts')
      .select(['signature', 'operation_id'])
      .where(
        'signature',
        'in',
        trades.map((trade) => trade.signature),
      )
      .execute();
    const operations = new Map(attempts.map((attempt) => [attempt.signature, attempt.operation_id]));
    return trades.map((trade) => ({ ...trade, operationId: operations.get(trade.signature) ?? null }));
  }

  async transaction(signature: string, within: Kysely<Database> = this.#db): Promise<PaperTransaction | null> {
    const row = await within
      .selectFrom('paper_transactions')
      .selectAll()
      .where('engine_id', '=', this.engineId)
      .where('signature', '=', signature)
      .executeTakeFirst();
    return row === undefined ? null : transactionOf(row);
  }

  /** A landed transaction without a resting order, and the account's last slot: nothing due can change it any more. */
  async settled(signature: string): Promise<{ readonly row: PaperTransaction; readonly lastSlot: number } | null> {
    const row = await this.#db
      .selectFrom('paper_transactions')
      .innerJoin('paper_accounts', 'paper_accounts.engine_id', 'paper_transactions.engine_id')
      .selectAll('paper_transactions')
      .select(sql<number>`(paper_accounts.state -> 'lastSlot')::int8`.as('last_slot'))
      .where('paper_transactions.engine_id', '=', this.engineId)
      .where('signature', '=', signature)
      .where('status', '=', 'landed')
      .where('gone_slot', 'is not', null)
      .executeTakeFirst();
    return row === undefined ? null : { row: transactionOf(row), lastSlot: row.last_slot };
  }

  /** The account before the first change after `slot`; null if there was none, so the present account is from then. */
  async stateAt(slot: number): Promise<PaperState | null> {
    const row = await this.#db
      .selectFrom('paper_checkpoints')
      .select('state')
      .where('engine_id', '=', this.engineId)
      .where('slot', '>', slot)
      .orderBy('seq')
      .limit(1)
      .executeTakeFirst();
    return row === undefined ? null : decodeState(row.state);
  }
}

/** Removes an account with its transactions; the caller removes the journal's rows of it in the same transaction. */
export async function forgetPaperAccount(trx: Tx, engineId: string): Promise<void> {
  for (const table of ['paper_accounts', 'paper_transactions', 'paper_checkpoints'] as const) {
    await trx.deleteFrom(table).where('engine_id', '=', engineId).execute();
  }
}

export async function readPaperState(db: Kysely<Database>, engineId: string): Promise<PaperState | null> {
  const row = await db
    .selectFrom('paper_accounts')
    .select('state')
    .where('engine_id', '=', engineId)
    .executeTakeFirst();
  return row === undefined ? null : decodeState(row.state);
}

const missing = (engineId: string): CriticalError =>
  new CriticalError('PAPER_ACCOUNT_MISSING', `The journal holds no paper account of ${engineId}.`, {
    engineId,
    remedy: `Start a new account with ${RESET_PAPER}, or restore the journal that holds this one.`,
  });

function transactionOf(row: Selectable<Database['paper_transactions']>): PaperTransaction {
  return {
    signature: row.signature,
    wire: row.wire,
    status: row.status,
    slot: row.slot,
    lastValidBlockHeight: row.last_valid_block_height,
    filling: row.filling as unknown as PaperTransaction['filling'],
    error: row.error,
    effect: row.effect as LandedEffect | null,
    goneSlot: row.gone_slot,
    sentAtMs: row.sent_at_ms,
  };
}
