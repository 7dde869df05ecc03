/**
 * Opens the embedded database in its folder. A new one is made next to it and renamed when it is complete, so a start that
 * is killed half-way leaves nothing that looks like a database. The caller holds the lock on the folder (data-lock.ts):
 * PGlite takes none.
 */
import { chmod, cp, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { CriticalError } from '../lib/errors.ts';
import { isDatabase, requireNothingElse } from './database-folder.ts';

const UNFINISHED = '.unfinished';

/**
 * PGlite takes all of `shared_buffers` at once, 128 MB by default, and fills it with zeros: a third of our memory and a
 * second of each start. The journal is small, and the system keeps its files in memory as well.
 */
const BUFFERS = ['-c', 'shared_buffers=8MB'];
/** A new database is made in memory first, with a segment of its write-ahead log: 16 MB by default. */
const NEW_DATABASE = [...BUFFERS, '--wal-segsize=1'];
const SMALL = { startParams: [...PGlite.defaultStartParams, ...BUFFERS], initDbStartParams: NEW_DATABASE };

/** PGlite makes the first files of a database writable for every user, whatever the umask says. */
async function closeFiles(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  await Promise.all(files.map(({ parentPath, name }) => chmod(join(parentPath, name), 0o600)));
}

/** Makes a new database in `folder`, which must be empty or missing. Takes some 400 MB that the process keeps. */
export async function makeDatabase(folder: string): Promise<void> {
  const unfinished = join(dirname(folder), `${basename(folder)}${UNFINISHED}`);
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(dirname(folder), { recursive: true });
  const db = await PGlite.create(unfinished, SMALL);
  // Closing does not flush; the checkpoint completes the folder.
  await db.exec('CHECKPOINT');
  await db.close();
  await closeFiles(unfinished);
  await rm(folder, { recursive: true, force: true });
  await rename(unfinished, folder);
}

/**
 * @param dataDir null: in memory, from `image` if given
 * @throws CriticalError DATA_FOLDER_INVALID when the folder holds something else, or cannot be opened
 */
export async function openPGlite(dataDir: string | null, image?: Blob): Promise<PGlite> {
  if (dataDir === null) return PGlite.create({ ...SMALL, ...(image === undefined ? {} : { loadDataDir: image }) });
  const folder = resolve(dataDir);
  if (!isDatabase(folder)) {
    requireNothingElse(folder);
    await makeDatabase(folder);
  }
  try {
    return await PGlite.create(folder, SMALL);
  } catch (error) {
    throw new CriticalError(
      'DATA_FOLDER_INVALID',
      `the database in ${folder} cannot be opened: ${error instanceof Error ? error.message : String(error)}`,
      { folder, remedy: 'restore it from a copy, or move it away; a new paper account then starts' },
      { cause: error },
    );
  }
}

/** @param folder must not be there yet. Nothing may use the database meanwhile. */
export async function copyDatabase(dataDir: string, folder: string): Promise<void> {
  await cp(dataDir, folder, { recursive: true, errorOnExist: true, force: false });
  await closeFiles(folder);
}
