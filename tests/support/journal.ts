/** A journal for a test: in-memory PGlite, migrated, with an id of its own. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import type { Journal } from '../../src/journal/journal.ts';
import { openJournal } from '../../src/journal/open-journal.ts';

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

export const openTestJournal = async (): Promise<Journal> =>
  openJournal({ databaseUrl: null, dataDir: null, image: await imageOnce() });

/** A data folder as a first start leaves it, not migrated yet, without the wait for initdb. */
export async function makeTestDataFolder(dataDir: string): Promise<void> {
  const db = await PGlite.create(dataDir, { loadDataDir: await imageOnce() });
  await db.exec('CHECKPOINT');
  await db.close();
}
