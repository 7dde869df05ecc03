/** Room for the journal, Temporal's file and the log. */
import { statfs } from 'node:fs/promises';
import type { Check } from '../check.ts';
import { fail, type Judgement, pass, warn } from '../finding.ts';
import { existing } from './files.ts';

const MIB = 1024 * 1024;
/** Below it a first start cannot even make its database. */
const LEAST = 256 * MIB;
/** A month of histories, log and journal. */
const WANTED = 2_048 * MIB;
const LEAST_FILES = 1_000;

export interface Room {
  readonly folder: string;
  readonly freeBytes: number;
  /** Null: the file system counts none. */
  readonly freeFiles: number | null;
}

const REMEDY = 'Free space there, or set DRIFTLESS_HOME (or LOG_DIR) to another disk.';
const shown = (bytes: number): string => `${Math.floor(bytes / MIB).toLocaleString('en-US')} MiB`;

export function judgeRoom({ folder, freeBytes, freeFiles }: Room): Judgement {
  if (freeBytes < LEAST) return fail(`${folder}: the disk is full, or nearly (${shown(freeBytes)} free).`, REMEDY);
  if (freeFiles !== null && freeFiles < LEAST_FILES)
    return fail(`${folder}: its disk has room for ${freeFiles} more files only.`, REMEDY);
  if (freeBytes < WANTED) return warn(`${folder}: ${shown(freeBytes)} free; a month wants 2 GiB.`, REMEDY);
  return pass(`${folder}: ${shown(freeBytes)} free.`);
}

async function roomOf(path: string): Promise<Room> {
  const folder = await existing(path);
  const { bavail, bsize, files, ffree } = await statfs(folder);
  return { folder, freeBytes: bavail * bsize, freeFiles: files === 0 ? null : ffree };
}

export const disk: Check = {
  name: 'disk',
  needsSettings: true,
  async run({ settings: { home, logDir } }) {
    const rooms = await Promise.all([home, logDir].map(roomOf));
    const different = rooms.filter(({ folder }, index) => rooms.findIndex((room) => room.folder === folder) === index);
    return different.map(judgeRoom);
  },
};
