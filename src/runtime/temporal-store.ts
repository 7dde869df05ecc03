/** The file of our own Temporal server, and a copy of it. Nothing may write to it meanwhile: docs/architecture/backup.md. */
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { cannotRead } from '../journal/database-folder.ts';
import { CriticalError } from '../lib/errors.ts';

const FILE = 'temporal.db';
/** What SQLite keeps beside a database: by the first it undoes a write that was cut off, from the second it completes one. */
const BESIDE = ['-journal', '-wal'] as const;
const OWNER_ONLY = 0o600;

/** Of a store, in a data folder and in a backup. */
export const TEMPORAL_FILES: readonly string[] = [FILE, ...BESIDE.map((suffix) => `${FILE}${suffix}`)];

export const temporalStoreIn = (home: string): string => join(home, FILE);

const SQLITE = Buffer.from('SQLite format 3\0');

/**
 * What a disk or a wrong copy has left there is told in our words before the server dies of it. An empty file is a new store.
 * @throws CriticalError DATA_FOLDER_INVALID when the file is no database
 */
export async function requireTemporalStore(home: string): Promise<void> {
  const path = temporalStoreIn(home);
  const start = await firstBytes(path, SQLITE.length);
  if (start === null || start.length === 0 || start.equals(SQLITE)) return;
  throw new CriticalError('DATA_FOLDER_INVALID', `Temporal’s file ${path} is damaged: it is no database`, {
    path,
    remedy: `restore the last backup into an empty folder (driftless restore), or move ${path} away: the engines are then made anew from the journal`,
  });
}

/** Null: there is no such file. */
async function firstBytes(path: string, length: number): Promise<Buffer | null> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw cannotRead(path, error);
  });
  if (file === null) return null;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** @throws when the database itself is not there, or `signal` ends it */
export async function copyTemporalStore(home: string, into: string, signal?: AbortSignal): Promise<void> {
  for (const name of TEMPORAL_FILES) {
    const file = join(home, name);
    if (name !== FILE && !existsSync(file)) continue;
    const copy = createWriteStream(join(into, name), { mode: OWNER_ONLY, flags: 'wx' });
    await pipeline(createReadStream(file), copy, ...(signal === undefined ? [] : [{ signal }]));
  }
}
