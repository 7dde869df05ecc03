/** One hash over files and folders, by path and content: when it changes, what depends on them is built again. */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Files under `path`, sorted; a file gives itself. Dependencies and builds are passed over. */
async function filesUnder(root: string, path: string): Promise<readonly string[]> {
  const full = join(root, path);
  if ((await stat(full)).isFile()) return [path];
  const entries = await readdir(full, { withFileTypes: true });
  const nested = entries
    .filter(({ name }) => name !== 'node_modules' && name !== 'dist')
    .map(({ name }) => filesUnder(root, join(path, name)));
  return (await Promise.all(nested)).flat().sort();
}

/** Hex, the same on every system. */
export async function contentHash(root: string, paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) {
    const files = await filesUnder(root, path);
    const contents = await Promise.all(files.map((file) => readFile(join(root, file))));
    for (const [index, file] of files.entries()) {
      const content = contents[index] ?? Buffer.alloc(0);
      hash.update(`${file.replaceAll('\\', '/')}\n${content.length}\n`).update(content);
    }
  }
  return hash.digest('hex').slice(0, 32);
}
