/** When the last backup of a data folder was made, and where it was put. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from '../lib/codec.ts';
import { replacePrivateFile } from './private-file.ts';

const FILE = 'last-backup.json';

const Noted = z.object({ folder: z.string(), made_at: z.isoTime() });

export interface LastBackup {
  readonly folder: string;
  readonly madeAtMs: number;
}

export async function noteBackup(home: string, { folder, madeAtMs }: LastBackup): Promise<void> {
  const text = JSON.stringify(z.encode(Noted, { folder, made_at: madeAtMs }));
  await replacePrivateFile(join(home, FILE), `${text}\n`);
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
