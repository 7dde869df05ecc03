/** A journal for a test: in-memory PGlite, migrated, with an id of its own. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import type { Journal } from '../../src/journal/journal.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { openPGlite } from '../../src/journal/pglite-folder.ts';

/**
 * initdb takes PGlite 2.5 s; loading its result, kept small, takes 0.3 s. Kept per version, without our schema.
 */
async function freshImage(): Promise<Blob> {
  const main = createRequire(import.meta.url).resolve('@electric-sql/pglite');
  const { version } = JSON.parse(readFileSync(join(main, '..', '..', 'package.json'), 'utf8')) as { version: string };
  const folder = join(tmpdir(), `driftless-test-${userInfo().username}`);
  const file = join(folder, `pglite-${version}-small.tar`);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const db = await PGlite.create({ initDbStartParams: ['--wal-segsize=1'] });
    await db.exec("UPDATE pg_database SET datistemplate = false WHERE datname = 'template0'");
    await db.exec('DROP DATABASE template0');
    await db.exec('CHECKPOINT');
    const image = await db.dumpDataDir('none');
    await db.close();
    const mine = `${file}.${process.pid}`;
    writeFileSync(mine, Buffer.from(await image.arrayBuffer()));
    renameSync(mine, file);
  }
  return new Blob([readFileSync(file)]);
}

let image: Promise<Blob> | null = null;
const imageOnce = (): Promise<Blob> => {
  image ??= freshImage();
  return image;
};

/** Databases of closed journals, emptied: to open and migrate one takes a second of processor time, to empty it a tenth. */
const emptied: PGlite[] = [];
/** Jest's, absent where a program of ours uses this. An open database keeps its process alive, so the file ends with it. */
const { afterAll } = globalThis as { readonly afterAll?: (work: () => Promise<void>) => void };
let keeps = afterAll !== undefined;
afterAll?.(async () => {
  keeps = false;
  for (const db of emptied.splice(0)) await db.close();
});

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
    UPDATE meta SET value = gen_random_uuid()::text`);
}

async function newDatabase(): Promise<PGlite> {
  const db = await openPGlite(null, await imageOnce());
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

/** A data folder as a first start leaves it, not migrated yet, without the wait for initdb. */
export async function makeTestDataFolder(dataDir: string): Promise<void> {
  const db = await PGlite.create(dataDir, { loadDataDir: await imageOnce() });
  await db.exec('CHECKPOINT');
  await db.close();
}
