/** A database of either kind, open and not yet migrated. */
import type { Kysely } from 'kysely';
import type { Listen } from './listen.ts';
import type { Database } from './schema.ts';

export interface JournalLogger {
  warn(fields: Record<string, unknown>, message: string): void;
}

export interface Opened {
  readonly db: Kysely<Database>;
  readonly listen: Listen;
  readonly migrate: () => Promise<void>;
  readonly close: () => Promise<void>;
}
