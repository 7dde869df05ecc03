/** A journal for a test: in-memory PGlite, migrated, with an id of its own. */
import type { PGlite } from '@electric-sql/pglite';
import type { Journal } from '../../src/journal/journal.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { openPGlite } from '../../src/journal/pglite-folder.ts';
import { migratedImage } from './pglite-image.ts';

/** Databases of closed journals, emptied: to open one takes most of a second of processor time, to empty it a tenth of that. */
const emptied: PGlite[] = [];
/** Jest's, absent where a program of ours uses this. An open database keeps its process alive, so the file ends with it. */
const { afterAll } = globalThis as { readonly afterAll?: (work: () => Promise<void>) => void };
let keeps = afterAll !== undefined;
afterAll?.(async () => {
  keeps = false;
  for (const db of emptied.splice(0)) await db.close();
});

const NEW_ID = "UPDATE meta SET value = gen_random_uuid()::text WHERE key = 'journal_id'";

/** As a new journal is after its migrations, with another id. */
async function empty(db: PGlite): Promise<void> {
  await db.unlisten('driftless');
  await db.exec(`
    DO $$ DECLARE names text; BEGIN
      SELECT string_agg(quote_ident(tablename), ', ') INTO names FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'meta' AND tablename NOT LIKE 'kysely_%';
      EXECUTE 'TRUNCATE ' || names || ' RESTART IDENTITY CASCADE';
    END $$;
    DELETE FROM meta WHERE key <> 'journal_id';
    ${NEW_ID}`);
}

async function newDatabase(): Promise<PGlite> {
  const db = await openPGlite(null, await migratedImage());
  await db.exec(NEW_ID);
  const close = db.close.bind(db);
  // The journal closes what it was given.
  db.close = async () => {
    const again =
      keeps &&
      (await empty(db).then(
        () => true,
        () => false,
      ));
    if (again) emptied.push(db);
    else await close();
  };
  return db;
}

export const openTestJournal = async (): Promise<Journal> =>
  openJournal({ databaseUrl: null, dataDir: null, database: emptied.pop() ?? (await newDatabase()) });
