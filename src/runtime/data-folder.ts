/** The data folder is its owner's alone: journal, Temporal's store and token are all that another user would need. */
import { access, chmod, constants, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CriticalError } from '../lib/errors.ts';

const OWNER_ONLY = 0o700;
const OTHERS = 0o077;

/**
 * Made when it is missing; closed to others when it was open. What this process and its children write from now on is
 * closed too, wherever it stands: the embedded database would make its files writable for everybody.
 * @returns what is still wrong, in words, or null
 * @throws CriticalError DATA_FOLDER_INVALID when it cannot be made, or written
 */
export async function openDataFolder(folder: string): Promise<string | null> {
  process.umask(OTHERS);
  try {
    await makeFolder(folder);
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CriticalError(
      'DATA_FOLDER_INVALID',
      `The data folder ${folder} cannot be used: ${why}.`,
      { folder, remedy: 'set DRIFTLESS_HOME to a folder that you can write' },
      { cause: error },
    );
  }
  // Windows has access lists instead; a user's own folders are closed there by default.
  return process.platform === 'win32' ? null : await closeToOthers(folder);
}

/** As `mkdir -p`. Node's own never ends where the system denies that a folder is there which is (below /proc). */
async function makeFolder(folder: string): Promise<void> {
  const made = await stat(folder).catch(() => null);
  if (made?.isDirectory()) return;
  const parent = dirname(folder);
  if (parent !== folder) await makeFolder(parent);
  await mkdir(folder, { mode: OWNER_ONLY }).catch(async (error: unknown) => {
    // Another process may have made it just now.
    if (!(await stat(folder).catch(() => null))?.isDirectory()) throw error;
  });
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
