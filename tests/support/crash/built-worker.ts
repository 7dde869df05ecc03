/** The worker process as plain JavaScript: a process that starts a hundred times should not translate itself each time. */
import { execFile } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const BUILDER = fileURLToPath(new URL('./build-worker.mjs', import.meta.url));
const NAME = 'worker.mjs';

/** Into a folder of the caller's; packages are found through a link. @param entry from the project's root @returns the path of the script */
export async function buildWorker(folder: string, entry = 'tests/support/transfer-worker.ts'): Promise<string> {
  await promisify(execFile)(process.execPath, [BUILDER, ROOT, entry, folder, NAME], { cwd: ROOT });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  return join(folder, NAME);
}
