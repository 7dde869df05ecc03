/** The page, built with Vite when its sources change and kept in the data folder. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CriticalError } from '../lib/errors.ts';
import { aheadFolder, contentHash } from './content-hash.ts';
import { runTask } from './run-task.ts';

/** Whatever the page is built from: it is built again when one of these changes. */
export const PAGE_SOURCES = ['dashboard', 'src/protocol', 'src/domain', 'src/lib', 'package-lock.json'] as const;
const BUILD_MS = 300_000;

/** Of the folder that holds the page as these sources build it. */
export const pageName = (root: string): string => `page-${contentHash(root, PAGE_SOURCES)}`;

/** The folder of the built page. */
export async function openPage(options: {
  readonly root: string;
  /** Where builds are kept. */
  readonly folder: string;
  readonly say: (line: string) => void;
}): Promise<string> {
  const { root, folder, say } = options;
  const name = pageName(root);
  const path = join(folder, name);
  const built = [join(aheadFolder(root), name), path].find((one) => existsSync(join(one, 'index.html')));
  if (built !== undefined) return built;
  say('Building the page ...');
  const unfinished = `${path}.${process.pid}`;
  await mkdir(folder, { recursive: true });
  const problem = await runTask('page', [root, unfinished], BUILD_MS);
  if (problem !== null) {
    await rm(unfinished, { recursive: true, force: true });
    throw new CriticalError('PAGE_BUILD_FAILED', `The page could not be built: ${problem}`);
  }
  await rm(path, { recursive: true, force: true });
  await rename(unfinished, path);
  const old = (await readdir(folder)).filter((other) => other.startsWith('page-') && other !== name);
  await Promise.all(old.map((other) => rm(join(folder, other), { recursive: true, force: true })));
  return path;
}
