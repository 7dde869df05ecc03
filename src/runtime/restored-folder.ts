/**
 * The note in a data folder that came from a backup, and what may be signed there: docs/architecture/backup.md. The original
 * may have gone on, so this folder signs nothing before a person has confirmed that it is stopped.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Restoration } from '../../activities/engine.ts';
import type { RestoredStage } from '../domain/engine/restored.ts';
import { cannotRead } from '../journal/database-folder.ts';
import type { Clock } from '../lib/clock.ts';
import * as z from '../lib/codec.ts';
import { CriticalError } from '../lib/errors.ts';

const FILE = 'restored.json';
const OWNER_ONLY = 0o600;

const Note = z.object({
  restored_at: z.isoTime(),
  backup_made_at: z.isoTime(),
  workflows_ended: z.boolean().about('Those that were open in the backup.'),
  confirmed_at: z.isoTime().nullable().about('A person confirmed that the original is stopped.'),
  compared: z.array(z.string()).about('Engines whose account and books were compared with the chain since.'),
});
export type RestoredNote = z.output<typeof Note>;

const fileIn = (home: string): string => join(home, FILE);

/**
 * Null: the folder is an original.
 * @throws CriticalError DATA_FOLDER_INVALID when the note cannot be read: what it forbids would be allowed
 */
export function readRestored(home: string): RestoredNote | null {
  let text: string;
  try {
    text = readFileSync(fileIn(home), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw cannotRead(fileIn(home), error);
  }
  try {
    const note = z.read(Note, JSON.parse(text));
    if (note !== null) return note;
  } catch (error) {
    throw unreadable(home, error);
  }
  throw unreadable(home, null);
}

const unreadable = (home: string, cause: unknown): CriticalError =>
  new CriticalError(
    'DATA_FOLDER_INVALID',
    `${fileIn(home)} says what this folder was restored from, and cannot be read.`,
    { folder: home, remedy: 'restore the backup again, into an empty folder' },
    { cause },
  );

export function writeRestored(home: string, note: RestoredNote): void {
  const path = fileIn(home);
  writeFileSync(`${path}.part`, `${JSON.stringify(z.encode(Note, note), null, 2)}\n`, { mode: OWNER_ONLY });
  renameSync(`${path}.part`, path);
}

function stageOf({ compared, confirmed_at: confirmedAt }: RestoredNote, engineId: string): RestoredStage {
  if (compared.includes(engineId)) return 'compared';
  return confirmedAt === null ? 'restored' : 'confirmed';
}

/** Undefined: the folder is an original. The note is read once; this process is the only one that writes it. */
export function openRestoration(home: string, clock: Clock): Restoration | undefined {
  const found = readRestored(home);
  if (found === null) return undefined;
  let note = found;
  return {
    of(engineId) {
      const { backup_made_at: backupMadeAtMs, restored_at: restoredAtMs } = note;
      return { stage: stageOf(note, engineId), backupMadeAtMs, restoredAtMs };
    },
    note(engineId, stage) {
      const compared = stage === 'compared' && !note.compared.includes(engineId) ? [engineId] : [];
      note = {
        ...note,
        confirmed_at: note.confirmed_at ?? clock.nowMs(),
        compared: [...note.compared, ...compared],
      };
      writeRestored(home, note);
    },
  };
}
