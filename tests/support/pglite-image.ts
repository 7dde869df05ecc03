/** A new database of PGlite, as an image and as a folder, made once per version and kept from run to run. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

function pgliteVersion(): string {
  const main = createRequire(import.meta.url).resolve('@electric-sql/pglite');
  return (JSON.parse(readFileSync(join(main, '..', '..', 'package.json'), 'utf8')) as { version: string }).version;
}

async function testFolder(): Promise<string> {
  const folder = join(tmpdir(), `driftless-test-${userInfo().username}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/**
 * initdb takes PGlite 2.5 s; loading its result, kept small, takes 0.3 s. Kept per version, without our schema.
 */
async function freshImage(): Promise<Blob> {
  const file = join(await testFolder(), `pglite-${pgliteVersion()}-small.tar`);
  if (!existsSync(file)) {
    const { PGlite } = await import('@electric-sql/pglite');
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
export const imageOnce = (): Promise<Blob> => {
  image ??= freshImage();
  return image;
};

/** Made once per version of PGlite, and copied: that takes a hundredth of the time. */
async function folderOnce(): Promise<string> {
  const folder = join(await testFolder(), `pglite-${pgliteVersion()}-folder`);
  if (existsSync(folder)) return folder;
  const mine = `${folder}.${process.pid}`;
  const { PGlite } = await import('@electric-sql/pglite');
  const db = await PGlite.create(mine, { loadDataDir: await imageOnce() });
  await db.exec('CHECKPOINT');
  await db.close();
  await rename(mine, folder).catch(async (error: unknown) => {
    // Another test file was first.
    if (!existsSync(folder)) throw error;
    await rm(mine, { recursive: true });
  });
  return folder;
}

/** A journal's folder as a first start leaves it, not migrated yet, without the wait for initdb. */
export async function makeTestDataFolder(dataDir: string): Promise<void> {
  await cp(await folderOnce(), dataDir, { recursive: true });
}
