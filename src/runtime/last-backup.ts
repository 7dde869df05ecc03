/** When the last backup of a data folder was made, and where it was put. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from '../lib/codec.ts';

const FILE = 'last-backup.json';
const OWNER_ONLY = 0o600;

const Noted = z.object({ folder: z.string(), made_at: z.isoTime() });

export interface LastBackup {
  readonly folder: string;
  readonly madeAtMs: number;
}

export async function noteBackup(home: string, { folder, madeAtMs }: LastBackup): Promise<void> {
  const path = join(home, FILE);
  const text = JSON.stringify(z.encode(Noted, { folder, made_at: madeAtMs }));
  await writeFile(`${path}.part`, `${text}\n`, { mode: OWNER_ONLY });
  await rename(`${path}.part`, path);
}

/** Null: none is known. */
export async function lastBackup(home: string): Promise<LastBackup | null> {
  try {
    const noted = z.read(Noted, JSON.parse(await readFile(join(home, FILE), 'utf8')));
    return noted === null ? null : { folder: noted.folder, madeAtMs: noted.made_at };
  } catch {
    return null;
  }
}
