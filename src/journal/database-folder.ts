/** Whether a folder holds a database, told without loading one. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CriticalError } from '../lib/errors.ts';

/** Files that every complete Postgres data folder has. */
const MARKS = ['PG_VERSION', 'global/pg_control'] as const;

/** @throws CriticalError DATA_FOLDER_INVALID when that cannot be told: what may not be read is not missing */
export const isDatabase = (folder: string): boolean => MARKS.every((mark) => isThere(join(folder, mark)));

function isThere(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw cannotRead(path, error);
  }
}

const WHY: Readonly<Record<string, readonly [why: string, remedy: string]>> = {
  EACCES: [
    'this user may not read it',
    'run this as the user whose data folder it is, or set DRIFTLESS_HOME to another folder',
  ],
  ENOTDIR: ['a part of that path is no folder', 'set DRIFTLESS_HOME to a folder'],
};

/** A file of the data folder that may be there and cannot be read. */
export function cannotRead(path: string, cause: unknown): CriticalError {
  const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
  const [why, remedy] = WHY[code] ?? [code, 'look at that disk, or set DRIFTLESS_HOME to another folder'];
  return new CriticalError('DATA_FOLDER_INVALID', `${path} cannot be read: ${why}`, { path, remedy }, { cause });
}

/** @throws CriticalError DATA_FOLDER_INVALID when a folder without a database has something else in it */
export function requireNothingElse(folder: string): void {
  if (!existsSync(folder) || readdirSync(folder).length === 0) return;
  throw new CriticalError('DATA_FOLDER_INVALID', `${folder} is not empty but holds no database`, {
    folder,
    remedy: 'set DRIFTLESS_HOME to another folder, or move the content of this one away',
  });
}
