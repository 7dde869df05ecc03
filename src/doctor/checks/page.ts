/** The page and the bundle of the workflows: built, or what builds them at the next start is there. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { aheadFolder } from '../../runtime/content-hash.ts';
import { pageName } from '../../runtime/page.ts';
import { bundleName } from '../../runtime/workflow-bundle.ts';
import type { Check } from '../check.ts';
import { fail, pass } from '../finding.ts';

/** An image has them beside the program. Local chains have a folder each, and one cache for all. */
const cachesOf = (home: string, root: string): readonly string[] => [
  aheadFolder(root),
  join(home, 'cache'),
  join(dirname(home), 'cache'),
];

export const page: Check = {
  name: 'page',
  needsSettings: true,
  async run({ settings: { home }, root }) {
    const caches = cachesOf(home, root);
    const parts = [
      ['the page', join(pageName(root), 'index.html'), 'vite'],
      ['the workflows', bundleName(root), 'webpack'],
    ] as const;
    const missing = parts.filter(([, file]) => !caches.some((cache) => existsSync(join(cache, file))));
    if (missing.length === 0) return [pass('The page and the workflows are built.')];
    const lacking = missing.filter(([, , builder]) => !existsSync(join(root, 'node_modules', builder)));
    if (lacking.length > 0) {
      return lacking.map(([what, , builder]) =>
        fail(`${what} must be built at the next start, and ${builder} is missing for that.`, 'Run npm ci.'),
      );
    }
    return [pass(`The next start builds ${missing.map(([what]) => what).join(' and ')}, which takes half a minute.`)];
  },
};
