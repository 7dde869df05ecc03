/** Small files of the data folder that only its owner may read. */
import { rename, writeFile } from 'node:fs/promises';

export const OWNER_ONLY = 0o600;

/** Written whole or not at all, whenever the process is killed. */
export async function replacePrivateFile(path: string, text: string): Promise<void> {
  const unfinished = `${path}.part`;
  await writeFile(unfinished, text, { mode: OWNER_ONLY });
  await rename(unfinished, path);
}
