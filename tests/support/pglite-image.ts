/** A new database of PGlite, as an image and as a folder, as it is and with our schema: made once, and kept from run to run. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openJournal } from '../../src/journal/open-journal.ts';
import { openPGlite } from '../../src/journal/pglite-folder.ts';
import { contentHash } from '../../src/runtime/content-hash.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function pgliteVersion(): string {
  const main = createRequire(import.meta.url).resolve('@electric-sql/pglite');
  return (JSON.parse(readFileSync(join(main, '..', '..', 'package.json'), 'utf8')) as { version: string }).version;
}

async function testFolder(): Promise<string> {
  const folder = join(tmpdir(), `driftless-test-${userInfo().username}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** Names what is kept of this version of PGlite, and of our migrations where they are in it. */
const named = (migrated: boolean): string =>
  `pglite-${pgliteVersion()}-${migrated ? contentHash(ROOT, ['src/journal/migrations']) : 'small'}`;

async function newDatabase(): Promise<Blob> {
  const { PGlite } = await import('@electric-sql/pglite');
  const db = await PGlite.create({ initDbStartParams: ['--wal-segsize=1'] });
  await db.exec("UPDATE pg_database SET datistemplate = false WHERE datname = 'template0'");
  await db.exec('DROP DATABASE template0');
  await db.exec('CHECKPOINT');
  const image = await db.dumpDataDir('none');
  await db.close();
  return image;
}

async function migrated(image: Blob): Promise<Blob> {
  const db = await openPGlite(null, image);
  const close = db.close.bind(db);
  // The journal closes what it was given.
  db.close = async () => {};
  const journal = await openJournal({ databaseUrl: null, dataDir: null, database: db });
  await journal.close();
  await db.exec('CHECKPOINT');
  const withSchema = await db.dumpDataDir('none');
  await close();
  return withSchema;
}

/** initdb takes PGlite 2.5 s of processor time and our migrations 1.4 s; to load their result, kept small, takes 0.6 s. */
async function keptImage(withSchema: boolean): Promise<Blob> {
  const file = join(await testFolder(), `${named(withSchema)}.tar`);
  if (!existsSync(file)) {
    const image = withSchema ? await migrated(await imageOnce(false)) : await newDatabase();
    const mine = `${file}.${process.pid}`;
    writeFileSync(mine, Buffer.from(await image.arrayBuffer()));
    renameSync(mine, file);
  }
  return new Blob([readFileSync(file)]);
}

const images = new Map<boolean, Promise<Blob>>();
function imageOnce(withSchema: boolean): Promise<Blob> {
  const image = images.get(withSchema) ?? keptImage(withSchema);
  images.set(withSchema, image);
  return image;
}

/** With our schema, and a journal id that every copy of it has: `openTestJournal` gives each its own. */
export const migratedImage = (): Promise<Blob> => imageOnce(true);

/** Copied, which takes a hundredth of the time. */
async function keptFolder(withSchema: boolean): Promise<string> {
  const folder = join(await testFolder(), `${named(withSchema)}-folder`);
  if (existsSync(folder)) return folder;
  const mine = `${folder}.${process.pid}`;
  const { PGlite } = await import('@electric-sql/pglite');
  const db = await PGlite.create(mine, { loadDataDir: await imageOnce(withSchema) });
  await db.exec('CHECKPOINT');
  await db.close();
  await rename(mine, folder).catch(async (error: unknown) => {
    // Another test file was first.
    if (!existsSync(folder)) throw error;
    await rm(mine, { recursive: true });
  });
  return folder;
}

/** All that is kept here. */
export async function makeTestImages(): Promise<void> {
  for (const withSchema of [false, true]) await keptFolder(withSchema);
}

/**
 * A journal's folder as a first start leaves it, without the wait for initdb.
 * @param withSchema migrated too; then every such folder has the same journal id
 */
export async function makeTestDataFolder(dataDir: string, { withSchema = false } = {}): Promise<void> {
  await cp(await keptFolder(withSchema), dataDir, { recursive: true });
}
