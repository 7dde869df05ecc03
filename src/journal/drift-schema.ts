/** The Drift venue's table (migrations/0003-drift-books.ts), which shares the journal's database and transactions. */
import type { ColumnType } from 'kysely';
import type { Json } from '../lib/errors.ts';
import type { InsertOnly } from './column-types.ts';

interface DriftBooksTable {
  engine_id: InsertOnly<string>;
  /** Parsed when read, text when written. The venue knows the document's shape and checks it on reading. */
  state: ColumnType<Json, string, string>;
  /** Grows with every change; a change is written only onto the state that it was made from. */
  sequence: number;
  created_at_ms: InsertOnly<number>;
  updated_at_ms: number;
}

export interface DriftTables {
  drift_books: DriftBooksTable;
}
