/** Whether the data folder can be written: databases answer for long after the disk below them is full. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** More than a disk has left that was filled in blocks of 64 KiB. */
const PROBE_BYTES = 256 * 1_024;
const NO_ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

/** Null: it can. Else why not, in words. */
export async function whyUnwritable(folder: string): Promise<string | null> {
  const path = join(folder, `.write-probe.${process.pid}`);
  try {
    await writeFile(path, Buffer.alloc(PROBE_BYTES));
    return null;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    return NO_ROOM.has(code) ? 'the disk is full' : `the data folder cannot be written (${code})`;
  } finally {
    await rm(path, { force: true }).catch(() => undefined);
  }
}
