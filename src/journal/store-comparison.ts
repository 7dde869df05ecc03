/** Compares what the engine's workflow knows about the journal with the journal itself: docs/architecture/two-stores.md. */
import type { EngineRecord } from './records.ts';

export type StoreVerdict =
  | 'fresh'
  | 'match'
  | 'restored'
  | 'journal_lost'
  | 'journal_behind'
  | 'temporal_lost'
  | 'account_missing';

interface StoreComparison {
  readonly verdict: StoreVerdict;
  /** Describes both sides, in words. */
  readonly detail: string;
}

export interface StoresToCompare {
  /** The workflow's side. */
  readonly carried: {
    readonly epoch: string;
    /** The last publish that the journal acknowledged; 0 before the first. */
    readonly sequence: number;
    /** Null until a journal was accepted. */
    readonly journalId: string | null;
    /** False: the engine has never seen its account, so its absence means nothing yet. Unset: counts as seen. */
    readonly accountSeen?: boolean;
    /** When its newest operation was accepted. Null or unset: unknown. */
    readonly startedUpToMs?: number | null;
  };
  readonly journal: {
    readonly journalId: string;
    readonly record: EngineRecord | null;
    readonly accountExists: boolean;
    /** Both came from a backup, and no person has compared them with the chain yet; unset: they did not. */
    readonly restored?: boolean;
    /** A command that the workflow started an operation for and that the journal does not have; unset: none. */
    readonly unknownCommand?: string | null;
    /** When the newest operation was accepted; 0 or unset: there is none. */
    readonly newestOperationMs?: number;
  };
}

/** Publishes are numbered and go one at a time, so one may have been written without its acknowledgement. */
const MAX_UNACKNOWLEDGED = 1;

/** Pure. The table of cases is docs/architecture/two-stores.md. */
export function compareStores({ carried, journal }: StoresToCompare): StoreComparison {
  const { record } = journal;
  const remembers = carried.journalId !== null || carried.sequence > 0;
  const workflow = `the engine's workflow (epoch ${carried.epoch}, sequence ${carried.sequence}, journal ${carried.journalId ?? 'none yet'})`;
  const row =
    record === null ? 'has no row of this engine' : `has its row at epoch ${record.epoch}, sequence ${record.sequence}`;
  const ends = `${workflow}; journal ${journal.journalId} ${row}`;
  const say = (verdict: StoreVerdict, what: string): StoreComparison => ({ verdict, detail: `${what}: ${ends}` });

  if (journal.restored === true) return say('restored', 'Both stores were restored from a backup');
  if (remembers && carried.accountSeen !== false && !journal.accountExists) {
    return say(
      'account_missing',
      'The engine knows a paper account that the journal does not have; it is not created again',
    );
  }
  if (carried.journalId !== null && carried.journalId !== journal.journalId) {
    return say('journal_lost', 'This is not the journal that the engine wrote to');
  }
  if (record === null) {
    return carried.sequence > 0
      ? say('journal_behind', 'The journal has lost what the engine wrote')
      : say('fresh', 'First start');
  }
  if (record.epoch !== carried.epoch) {
    return say('temporal_lost', 'Another workflow of this engine wrote to the journal, and Temporal no longer has it');
  }
  if (record.sequence < carried.sequence) return say('journal_behind', 'The journal is older than the workflow');
  if (record.sequence > carried.sequence + MAX_UNACKNOWLEDGED) {
    return say('temporal_lost', 'The workflow is older than the journal');
  }
  // A quick operation does not change the engine's row, so the sequence shows it on neither side.
  if ((journal.newestOperationMs ?? 0) > (carried.startedUpToMs ?? Number.POSITIVE_INFINITY)) {
    return say('temporal_lost', 'The journal has an operation that the workflow does not know');
  }
  if (typeof journal.unknownCommand === 'string') {
    return say('journal_behind', `The journal does not know the command ${journal.unknownCommand}`);
  }
  return say('match', 'Both stores agree');
}
