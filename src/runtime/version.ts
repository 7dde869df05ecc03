/** The version of this program, from its package. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export function versionIn(root: string): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string };
  return version;
}
