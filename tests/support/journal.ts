/** A journal for a test: in-memory PGlite, migrated, with an id of its own. */
import type { Journal } from '../../src/journal/journal.ts';
import { openJournal } from '../../src/journal/open-journal.ts';

export const openTestJournal = (): Promise<Journal> => openJournal({ databaseUrl: null, dataDir: null });
