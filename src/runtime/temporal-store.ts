/** The file of our own Temporal server, and a copy of it. Nothing may write to it meanwhile: docs/architecture/backup.md. */
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const FILE = 'temporal.db';
/** What SQLite keeps beside a database: by the first it undoes a write that was cut off, from the second it completes one. */
const BESIDE = ['-journal', '-wal'] as const;
const OWNER_ONLY = 0o600;

/** Of a store, in a data folder and in a backup. */
export const TEMPORAL_FILES: readonly string[] = [FILE, ...BESIDE.map((suffix) => `${FILE}${suffix}`)];

export const temporalStoreIn = (home: string): string => join(home, FILE);

/** @throws when the database itself is not there, or `signal` ends it */
export async function copyTemporalStore(home: string, into: string, signal?: AbortSignal): Promise<void> {
  for (const name of TEMPORAL_FILES) {
    const file = join(home, name);
    if (name !== FILE && !existsSync(file)) continue;
    const copy = createWriteStream(join(into, name), { mode: OWNER_ONLY, flags: 'wx' });
    await pipeline(createReadStream(file), copy, ...(signal === undefined ? [] : [{ signal }]));
  }
}
