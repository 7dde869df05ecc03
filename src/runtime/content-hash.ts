/** One hash over files and folders, by path and content: when it changes, what depends on them is built again. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What `npm run build` made ahead, for an image: a start uses it where its hash fits, and builds nothing then. */
export const aheadFolder = (root: string): string => join(root, 'dist');

/** Files under `path`, sorted; a file gives itself. Dependencies and builds are passed over. */
function filesUnder(root: string, path: string): readonly string[] {
  const full = join(root, path);
  if (statSync(full).isFile()) return [path];
  return readdirSync(full, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules' && name !== 'dist')
    .flatMap((entry) => (entry.isFile() ? [join(path, entry.name)] : filesUnder(root, join(path, entry.name))))
    .sort();
}

/**
 * Hex, the same on every system. Synchronous: some hundred small files are read in a few milliseconds, and one after the other
 * through promises they take ten times that at each start.
 */
export function contentHash(root: string, paths: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of paths.flatMap((path) => filesUnder(root, path))) {
    const content = readFileSync(join(root, file));
    hash.update(`${file.replaceAll('\\', '/')}\n${content.length}\n`).update(content);
  }
  return hash.digest('hex').slice(0, 32);
}
