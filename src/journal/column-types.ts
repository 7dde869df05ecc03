/** Kinds of columns that several schemas share. */
import type { ColumnType } from 'kysely';

/** Set when the row is inserted, and never changed. */
export type InsertOnly<T> = ColumnType<T, T, never>;
