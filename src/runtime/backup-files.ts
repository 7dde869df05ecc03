/** Backups as files, where no product runs: one is made of what a stopped product left, moved, or made a data folder. */
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Restored, StoppedBackup } from '../cli/ports.ts';
import { lockDataFolder } from '../journal/data-lock.ts';
import { isDatabase } from '../journal/database-folder.ts';
import type { JournalCopied } from '../journal/journal.ts';
import { knownMigrations } from '../journal/migrate.ts';
import { inspectJournal } from '../journal/open-journal.ts';
import { copyDatabase } from '../journal/pglite-folder.ts';
import { ValidationError } from '../lib/errors.ts';
import { checkFiles, JOURNAL_FOLDER, MANIFEST_FILE, type Manifest, readManifest } from './backup-manifest.ts';
import { loadSettings, readSettingSource, type SettingSource, SettingsError } from './config.ts';
import { lastBackup, noteBackup } from './last-backup.ts';
import { makeBackup } from './make-backup.ts';
import { requireOwnStores } from './own-stores.ts';
import { writeRestored } from './restored-folder.ts';
import { copyTemporalStore, temporalStoreIn } from './temporal-store.ts';

const FOLDER_MODE = 0o700;
const clock = { nowMs: () => Date.now() };

/** @param homes data folders, of which the first with both stores is backed up */
export async function backupStopped(
  homes: readonly string[],
  version: string,
  source: SettingSource = readSettingSource(process.cwd(), process.env),
): Promise<StoppedBackup> {
  try {
    requireOwnStores(loadSettings(source));
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return { kind: 'nothing', why: error.message };
  }
  const home = homes.find((one) => isDatabase(join(one, JOURNAL_FOLDER)) && existsSync(temporalStoreIn(one)));
  if (home === undefined) return { kind: 'nothing', why: `There is nothing to back up in ${homes[0]} either.` };
  const lock = await lockDataFolder(home, { pid: process.pid, url: null });
  if (lock.kind === 'held') {
    return {
      kind: 'nothing',
      why: `The data folder ${home} is in use by process ${lock.by.pid}, which does not answer.`,
    };
  }
  try {
    const made = await makeBackup({
      ...{ home, version, clock, madeWhile: 'stopped' },
      workflowSequences: async () => new Map(),
      copyTemporal: (into) => copyTemporalStore(home, into),
      async copyJournal(folder) {
        await copyDatabase(join(home, JOURNAL_FOLDER), folder);
        return await contentOfFolder(folder);
      },
    });
    return { kind: 'made', made };
  } finally {
    await lock.release();
  }
}

/** Of a copy of it: to open a database is to write to it. */
async function contentOfFolder(folder: string): Promise<JournalCopied> {
  const scratch = await mkdtemp(join(tmpdir(), 'driftless-copy-'));
  try {
    const dataDir = join(scratch, JOURNAL_FOLDER);
    await cp(folder, dataDir, { recursive: true });
    const { content, close } = await inspectJournal({ databaseUrl: null, dataDir });
    try {
      return await content();
    } finally {
      await close();
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

const isEmptyOrNew = async (folder: string): Promise<boolean> => {
  const found = await stat(folder).catch(() => null);
  return found === null || (found.isDirectory() && (await readdir(folder)).length === 0);
};

/** @throws ValidationError FOLDER_NOT_EMPTY */
async function requireEmpty(folder: string): Promise<void> {
  if (await isEmptyOrNew(folder)) return;
  throw new ValidationError('FOLDER_NOT_EMPTY', `${folder} is not an empty folder.`, {
    folder,
    remedy: 'name one that is empty or not there yet',
  });
}

/** What the system says of a folder that cannot be written becomes one sentence. */
async function writing<T>(folder: string, meanwhile: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).syscall !== 'string') throw error;
    throw new ValidationError(
      'FOLDER_UNUSABLE',
      `${folder} cannot be written (${(error as NodeJS.ErrnoException).code}). ${meanwhile}`,
      { folder, remedy: 'name a folder that you may write and that has room' },
    );
  }
}

/** @throws ValidationError FOLDER_NOT_EMPTY, FOLDER_UNUSABLE, BACKUP_INVALID where the copy on another disk differs */
export async function moveBackup(from: string, to: string): Promise<void> {
  if (!existsSync(from)) {
    throw new ValidationError('BACKUP_ELSEWHERE', `The backup was made on another machine, in ${from}.`, {
      folder: from,
      remedy: 'move it there',
    });
  }
  await requireEmpty(to);
  await writing(to, `The backup stays in ${from}.`, async () => {
    await mkdir(dirname(to), { recursive: true });
    await rmdir(to).catch(() => undefined);
    try {
      await rename(from, to);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
      await cp(from, to, { recursive: true });
      await checkFiles(to, await readManifest(to));
      await rm(from, { recursive: true });
    }
  });
  const home = dirname(dirname(from));
  const last = await lastBackup(home);
  if (last?.folder === from) await noteBackup(home, { ...last, folder: to });
}

/** @throws ValidationError JOURNAL_SCHEMA */
async function requireKnown({ migrations, version }: Manifest): Promise<void> {
  const known = await knownMigrations();
  const unknown = migrations.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new ValidationError(
    'JOURNAL_SCHEMA',
    `Driftless ${version} made this backup, which is newer than this one (${unknown}).`,
    {
      remedy: `restore it with Driftless ${version} or a newer one`,
    },
  );
}

/**
 * Complete or not there. What starts in it signs nothing: docs/architecture/backup.md.
 * @throws ValidationError FOLDER_NOT_EMPTY, BACKUP_INVALID, JOURNAL_SCHEMA
 */
export async function restoreBackup(backup: string, into: string): Promise<Restored> {
  await requireEmpty(into);
  const manifest = await readManifest(backup);
  await requireKnown(manifest);
  const unfinished = `${into}.unfinished`;
  const said = 'Nothing was restored.';
  await writing(into, said, async () => {
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true, mode: FOLDER_MODE });
  });
  try {
    await writing(into, said, () => cp(backup, unfinished, { recursive: true }));
    // The copy is what will run, so the copy is what is checked.
    await checkFiles(unfinished, manifest);
    await rm(join(unfinished, MANIFEST_FILE));
    writeRestored(unfinished, {
      ...{ restored_at: clock.nowMs(), backup_made_at: manifest.made_at },
      ...{ workflows_ended: false, confirmed_at: null, compared: [] },
    });
    await rmdir(into).catch(() => undefined);
    await rename(unfinished, into);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
  return {
    folder: into,
    backupMadeAtMs: manifest.made_at,
    engines: manifest.engines.map((engine) => engine.engine_id),
  };
}
