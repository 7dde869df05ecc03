/** A database of either kind, open and not yet migrated. */
import type { Kysely } from 'kysely';
import type { JournalCopied } from './journal.ts';
import type { Listen } from './listen.ts';
import type { Database } from './schema.ts';

export interface JournalLogger {
  warn(fields: Record<string, unknown>, message: string): void;
}

export interface Opened {
  readonly db: Kysely<Database>;
  readonly listen: Listen;
  readonly migrate: () => Promise<void>;
  /** Null: the database is not ours to copy. */
  readonly copyTo: ((folder: string) => Promise<JournalCopied>) | null;
  readonly close: () => Promise<void>;
}
