/** Writes LICENCES.md: each package that Driftless runs with, its version and its licence, from the lockfile. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(fileURLToPath(import.meta.url), '..', '..');
/** The lockfile has no licence of these: it is read from the file in the package. */
const BY_THEIR_FILE = { eyes: 'MIT', 'text-encoding-utf-8': 'Unlicense', unionfs: 'Unlicense' };
/** Binaries of one platform: the lockfile may hold no licence, and it is that of the package beside. */
const OF_A_PLATFORM = /-(android|darwin|freebsd|linux|openharmony|wasm32|win32)\b/;

/** @param {string} lockfile the text of package-lock.json @returns {string} the text of LICENCES.md */
export function licencesText(lockfile) {
  const rows = new Set();
  for (const [path, { version, license, dev, link }] of Object.entries(JSON.parse(lockfile).packages)) {
    if (path === '' || dev === true || link === true) continue;
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    if (license === undefined && OF_A_PLATFORM.test(name)) continue;
    rows.add(`| ${name} | ${version} | ${license ?? BY_THEIR_FILE[name] ?? 'unknown'} |`);
  }
  return [
    '# Licences of what Driftless runs with',
    '',
    'Written by `node scripts/write-licences.mjs` from `package-lock.json`. Driftless itself is under Apache-2.0.',
    'tests/architecture/dependencies.test.ts judges them, those of the tools of developers too.',
    '',
    '| package | version | licence |',
    '|---|---|---|',
    ...[...rows].sort(),
    '',
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = licencesText(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  writeFileSync(join(ROOT, 'LICENCES.md'), text);
}
