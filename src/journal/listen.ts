/** LISTEN on both kinds of database: each row written from anywhere, as a JournalEvent. */
import type { PGlite } from '@electric-sql/pglite';
import type { JournalEvent } from './journal.ts';

export const CHANNEL = 'driftless';

export type Listen = (onEvent: (event: JournalEvent) => void, onGap: () => void) => Promise<() => Promise<void>>;

export const eventOf = (payload: string): JournalEvent => JSON.parse(payload) as JournalEvent;

export const listenOnPGlite =
  (db: PGlite): Listen =>
  (onEvent) =>
    db.listen(CHANNEL, (payload) => onEvent(eventOf(payload)));
