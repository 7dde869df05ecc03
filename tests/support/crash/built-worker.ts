/** The worker process as plain JavaScript: a process that starts a hundred times should not translate itself each time. */
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const NAME = 'worker.mjs';

/** Into a folder of the caller's; packages are found through a link. @param entry from the project's root @returns the path of the script */
export async function buildWorker(folder: string, entry = 'tests/support/transfer-worker.ts'): Promise<string> {
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: entry,
      outDir: folder,
      emptyOutDir: false,
      minify: false,
      rolldownOptions: { output: { format: 'es', entryFileNames: NAME } },
    },
  });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  return join(folder, NAME);
}
