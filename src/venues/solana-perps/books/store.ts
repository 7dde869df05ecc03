/** The books in the journal's database, written together with the rows that they produced, all or nothing. */

import type { Kysely } from 'kysely';
import type { Alert } from '../../../domain/alerts/alert.ts';
import { jsonText } from '../../../journal/json-text.ts';
import type { EquityRecord, FundingRecord, TradeRecord } from '../../../journal/records.ts';
import type { Database } from '../../../journal/schema.ts';
import { insertAlert, insertEquity, insertFunding, insertTrades } from '../../../journal/writes.ts';
import * as z from '../../../lib/codec.ts';
import { BooksState, type BooksStateJson } from './state.ts';

export interface StoredBooks {
  readonly state: BooksState;
  readonly sequence: number;
  readonly updatedAtMs: number;
}

export interface BooksWrite {
  readonly state: BooksState;
  readonly trades: readonly TradeRecord[];
  readonly funding: readonly FundingRecord[];
  readonly equity: EquityRecord | null;
  readonly alerts: readonly Alert[];
  /** Trades whose operation is known by now. */
  readonly claims: readonly { readonly signature: string; readonly index: number; readonly operationId: string }[];
  readonly atMs: number;
}

/** Of the parameters of one statement. */
const MAX_ASKED = 5_000;

const stateText = (state: BooksState): string => jsonText(z.encode(BooksState, state));

export class BooksStore {
  readonly #db: Kysely<Database>;
  readonly engineId: string;

  constructor(db: Kysely<Database>, engineId: string) {
    this.#db = db;
    this.engineId = engineId;
  }

  /** Null: no books yet. */
  async load(): Promise<StoredBooks | null> {
    const row = await this.#db
      .selectFrom('drift_books')
      .select(['state', 'sequence', 'updated_at_ms'])
      .where('engine_id', '=', this.engineId)
      .executeTakeFirst();
    if (row === undefined) return null;
    return {
      state: z.decode(BooksState, row.state as unknown as BooksStateJson),
      sequence: row.sequence,
      updatedAtMs: row.updated_at_ms,
    };
  }

  /**
   * The operation of each signature that the journal has as an attempt of this engine. What another sub-account of the same
   * wallet sent is none of its costs.
   */
  async operationsOf(signatures: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    const asked = [...new Set(signatures)];
    for (let from = 0; from < asked.length; from += MAX_ASKED) {
      const rows = await this.#db
        .selectFrom('attempts')
        .leftJoin('operations', 'operations.operation_id', 'attempts.operation_id')
        .select(['attempts.signature', 'attempts.operation_id'])
        // One whose operation is not written yet was sent by the account that is being looked at.
        .where(({ or, eb }) =>
          or([eb('operations.engine_id', 'is', null), eb('operations.engine_id', '=', this.engineId)]),
        )
        .where('attempts.signature', 'in', asked.slice(from, from + MAX_ASKED))
        .execute();
      for (const { signature, operation_id } of rows) found.set(signature, operation_id);
    }
    return found;
  }

  /** False: the books have moved on since `sequence` (null: there were none), and nothing was written. */
  async write(sequence: number | null, change: BooksWrite): Promise<boolean> {
    return await this.#db.transaction().execute(async (trx) => {
      const { engineId } = this;
      const row = { state: stateText(change.state), updated_at_ms: change.atMs };
      const result =
        sequence === null
          ? await trx
              .insertInto('drift_books')
              .values({ engine_id: engineId, sequence: 1, created_at_ms: change.atMs, ...row })
              .onConflict((oc) => oc.column('engine_id').doNothing())
              .executeTakeFirst()
          : await trx
              .updateTable('drift_books')
              .set({ sequence: sequence + 1, ...row })
              .where('engine_id', '=', engineId)
              .where('sequence', '=', sequence)
              .executeTakeFirst();
      const written = 'numUpdatedRows' in result ? result.numUpdatedRows : result.numInsertedOrUpdatedRows;
      if ((written ?? 0n) === 0n) return false;
      if (change.trades.length > 0) await insertTrades(trx, change.trades);
      if (change.funding.length > 0) await insertFunding(trx, change.funding);
      if (change.equity !== null) await insertEquity(trx, change.equity);
      for (const alert of change.alerts) await insertAlert(trx, alert);
      for (const { signature, index, operationId } of change.claims) {
        await trx
          .updateTable('trades')
          .set({ operation_id: operationId })
          .where('engine_id', '=', engineId)
          .where('signature', '=', signature)
          .where('fill_index', '=', index)
          .where('operation_id', 'is', null)
          .execute();
      }
      return true;
    });
  }
}
