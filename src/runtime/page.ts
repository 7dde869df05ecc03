/** The page, built with Vite when its sources change and kept in the data folder. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { CriticalError } from '../lib/errors.ts';
import { contentHash } from './content-hash.ts';

const MAX_SAID_CHARS = 600;
/** Whatever the page is built from: it is built again when one of these changes. */
export const PAGE_SOURCES = ['dashboard', 'src/protocol', 'src/domain', 'src/lib', 'package-lock.json'] as const;

/** The folder of the built page. */
export async function openPage(options: {
  readonly root: string;
  /** Where builds are kept. */
  readonly folder: string;
  readonly say: (line: string) => void;
}): Promise<string> {
  const { root, folder, say } = options;
  const name = `page-${await contentHash(root, PAGE_SOURCES)}`;
  const path = join(folder, name);
  if (existsSync(join(path, 'index.html'))) return path;
  say('Building the page ...');
  const { build } = await import('vite');
  const unfinished = `${path}.${process.pid}`;
  await mkdir(folder, { recursive: true });
  try {
    await build({
      configFile: join(root, 'dashboard', 'vite.config.ts'),
      root: join(root, 'dashboard'),
      logLevel: 'silent',
      build: { outDir: unfinished, emptyOutDir: true },
    });
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    const said = stripVTControlCharacters(error instanceof Error ? error.message : String(error));
    throw new CriticalError('PAGE_BUILD_FAILED', `The page could not be built: ${said.slice(0, MAX_SAID_CHARS)}`);
  }
  await rm(path, { recursive: true, force: true });
  await rename(unfinished, path);
  const old = (await readdir(folder)).filter((other) => other.startsWith('page-') && other !== name);
  await Promise.all(old.map((other) => rm(join(folder, other), { recursive: true, force: true })));
  return path;
}
