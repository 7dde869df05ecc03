/** What is examined: settings, the running product, its journal, its nodes. Each is opened once, when the first check asks for it. */
import type { Client } from '../cli/client.ts';
import type { Snapshot } from '../domain/account/snapshot.ts';
import type { LockInfo } from '../journal/data-lock.ts';
import type { Journal } from '../journal/journal.ts';
import type { SchemaState } from '../journal/migrate.ts';
import type { Clock } from '../lib/clock.ts';
import type { SettingError, SettingSource, Settings } from '../runtime/config.ts';

/** What stands in the journal's database, without anything in it being changed. */
export type JournalSight =
  /** There is no database yet: the first start makes one. */
  | { readonly kind: 'none' }
  /** The running product has it. */
  | { readonly kind: 'held' }
  | { readonly kind: 'failed'; readonly why: string; readonly remedy: string }
  | {
      readonly kind: 'open';
      readonly where: string;
      /** Null: nobody has migrated it yet. */
      readonly schema: SchemaState | null;
      /** Null: it is not of our schema, so nothing more can be read. */
      readonly journal: Journal | null;
      /** How far the database's clock is ahead of ours; null: it runs on ours. */
      readonly aheadMs: number | null;
    };

/** The venue and the account as they are now. */
export type VenueSight =
  | { readonly kind: 'read'; readonly snapshot: Snapshot }
  | { readonly kind: 'failed'; readonly code: string; readonly why: string; readonly remedy: string | null };

export interface Subject {
  readonly source: SettingSource;
  /** Wrong ones taken as not set; null: even so they contradict each other. */
  readonly settings: Settings | null;
  readonly settingErrors: readonly SettingError[];
  /** Where the program's own files are. */
  readonly root: string;
  readonly nodeVersion: string;
  /** The process that has the data folder; null: none. */
  readonly holder: LockInfo | null;
  /** The running product; null: none answers here. */
  readonly product: () => Promise<Client | null>;
  readonly journal: () => Promise<JournalSight>;
  /** Whether any node of RPC_URL answers; without one, what they would tell is unknown. */
  readonly isNodeThere: () => Promise<boolean>;
  /** Live mode only. */
  readonly venue: () => Promise<VenueSight>;
  /** The same of one of ENGINES_FILE. */
  readonly venueOf: (engineId: string) => Promise<VenueSight>;
  readonly clock: Clock;
  /** Whether messages may be sent to see that they arrive. */
  readonly sendsTest: boolean;
}

/** Settings are there: a check that needs them is not asked without. */
export type Configured = Subject & { readonly settings: Settings };
