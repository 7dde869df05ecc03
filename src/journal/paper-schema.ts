/** The paper venue's tables (migrations/0002-paper.ts), which share the journal's database and transactions. */
import type { ColumnType, GeneratedAlways } from 'kysely';
import type { ErrorReport, Json } from '../lib/errors.ts';
import type { InsertOnly } from './column-types.ts';

/** Parsed when read, text when written. The venue knows the documents' shapes and checks the account's on reading. */
type Document = ColumnType<Json, string, string>;
type NullableDocument<T> = ColumnType<T | null, string | null, string | null>;

interface PaperAccountsTable {
  engine_id: InsertOnly<string>;
  state: Document;
  /** Grows with every change. */
  sequence: number;
  created_at_ms: InsertOnly<number>;
  updated_at_ms: number;
}

interface PaperTransactionsTable {
  signature: InsertOnly<string>;
  engine_id: InsertOnly<string>;
  wire: InsertOnly<string>;
  status: 'pending' | 'landed' | 'dropped';
  /** Where it landed or will land. */
  slot: number;
  last_valid_block_height: InsertOnly<number>;
  /** How its order fills. */
  filling: ColumnType<Json, string, never>;
  error: NullableDocument<ErrorReport>;
  effect: NullableDocument<Json>;
  /** The slot at which its order was gone; null while it rests, and for other intents. */
  gone_slot: number | null;
  sent_at_ms: InsertOnly<number>;
}

interface PaperCheckpointsTable {
  engine_id: InsertOnly<string>;
  seq: GeneratedAlways<number>;
  /** The slot of the change; the account is as it was before it. */
  slot: InsertOnly<number>;
  state: Document;
}

export interface PaperTables {
  paper_accounts: PaperAccountsTable;
  paper_transactions: PaperTransactionsTable;
  paper_checkpoints: PaperCheckpointsTable;
}
