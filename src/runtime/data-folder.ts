/** The data folder is its owner's alone: journal, Temporal's store and token are all that another user would need. */
import { chmod, mkdir, stat } from 'node:fs/promises';

const OWNER_ONLY = 0o700;
const OTHERS = 0o077;

/**
 * Made when it is missing; closed to others when it was open. What this process and its children write from now on is
 * closed too, wherever it stands: the embedded database would make its files writable for everybody.
 * @returns what is still wrong, in words, or null
 */
export async function openDataFolder(folder: string): Promise<string | null> {
  process.umask(OTHERS);
  await mkdir(folder, { recursive: true, mode: OWNER_ONLY });
  // Windows has access lists instead; a user's own folders are closed there by default.
  return process.platform === 'win32' ? null : await closeToOthers(folder);
}

async function closeToOthers(folder: string): Promise<string | null> {
  const { mode } = await stat(folder);
  if ((mode & OTHERS) === 0) return null;
  try {
    await chmod(folder, OWNER_ONLY);
    return null;
  } catch (error) {
    const bits = (mode & 0o777).toString(8).padStart(3, '0');
    const why = error instanceof Error ? error.message : String(error);
    return (
      `Other users of this machine can reach the data folder ${folder} (mode ${bits}), and it cannot be closed: ${why}.\n` +
      `Remedy: as its owner, run chmod 700 ${folder}`
    );
  }
}
