/** Makes a backup: Temporal first, the journal second, then the manifest that closes it. docs/architecture/backup.md. */
import { mkdir, readdir, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JournalCopied } from '../journal/journal.ts';
import type { Clock } from '../lib/clock.ts';
import { TransientError } from '../lib/errors.ts';
import type { BackupMade } from '../protocol/api.ts';
import { filesIn, JOURNAL_FOLDER, MANIFEST_FILE, type Manifest, manifestText } from './backup-manifest.ts';
import { noteBackup } from './last-backup.ts';
import { TEMPORAL_FILES } from './temporal-store.ts';

const BACKUPS = 'backups';
const OWNER_ONLY = 0o600;
const FOLDER_MODE = 0o700;
const MIB = 1024 * 1024;
/** What doctor calls a full disk. */
const LEFT_FREE = 256 * MIB;

interface BackupSources {
  readonly home: string;
  /** Of this program. */
  readonly version: string;
  readonly clock: Clock;
  readonly madeWhile: Manifest['made_while'];
  /** The sequence of each engine's workflow, of those that answer. */
  readonly workflowSequences: () => Promise<ReadonlyMap<string, number>>;
  readonly copyTemporal: (into: string) => Promise<void>;
  readonly copyJournal: (folder: string) => Promise<JournalCopied>;
}

/** A full disk would end more than the backup. @throws TransientError UNAVAILABLE */
async function requireRoom(home: string): Promise<void> {
  const stores = [...TEMPORAL_FILES, JOURNAL_FOLDER].map((name) => join(home, name));
  const needed = (await Promise.all(stores.map(bytesIn))).reduce((sum, bytes) => sum + bytes, LEFT_FREE);
  const { bavail, bsize } = await statfs(home);
  if (bavail * bsize >= needed) return;
  throw new TransientError(
    'UNAVAILABLE',
    `The disk of ${home} has no room for a backup (${mib(needed)} MiB are needed).`,
    {
      part: 'disk',
      remedy: 'free space there: delete older backups, or move them away with driftless backup --to',
    },
  );
}

const mib = (bytes: number): number => Math.ceil(bytes / MIB);

/** Of a file, or of a folder; 0: it is not there, or has gone in the meantime. */
async function bytesIn(path: string): Promise<number> {
  const found = await stat(path).catch(() => null);
  if (found === null) return 0;
  if (!found.isDirectory()) return found.size;
  const entries = await readdir(path);
  return (await Promise.all(entries.map((name) => bytesIn(join(path, name))))).reduce((sum, bytes) => sum + bytes, 0);
}

/** A folder of its own below the data folder: complete, or not there. */
export async function makeBackup(sources: BackupSources): Promise<BackupMade> {
  const { home, version, clock, madeWhile } = sources;
  const madeAtMs = clock.nowMs();
  const folder = join(home, BACKUPS, new Date(madeAtMs).toISOString().replaceAll(/[:.]/g, '-'));
  const unfinished = `${folder}.unfinished`;
  await requireRoom(home);
  await mkdir(unfinished, { recursive: true, mode: FOLDER_MODE });
  try {
    const sequences = await sources.workflowSequences();
    await sources.copyTemporal(unfinished);
    const { journalId, engines, migrations } = await sources.copyJournal(join(unfinished, JOURNAL_FOLDER));
    const manifest = {
      ...{ version, made_at: madeAtMs, made_while: madeWhile, journal_id: journalId, migrations: [...migrations] },
      engines: engines.map(({ engineId, mode, epoch, sequence }) => ({
        ...{ engine_id: engineId, mode, epoch, journal_sequence: sequence },
        workflow_sequence: sequences.get(engineId) ?? null,
      })),
      files: [...(await filesIn(unfinished))],
    };
    await writeFile(join(unfinished, MANIFEST_FILE), manifestText(manifest), { mode: OWNER_ONLY });
    await rename(unfinished, folder);
    await noteBackup(home, { folder, madeAtMs });
    const { files } = manifest;
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    return { folder, made_at: madeAtMs, files: files.length, bytes, engines: manifest.engines };
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
}
