/** Writes the software bill of materials (CycloneDX, by `npm sbom`) of what Driftless runs with: dist/sbom.json by default. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(fileURLToPath(import.meta.url), '..', '..');
const MAX_BYTES = 64 * 1024 * 1024;

/** @param {string} path where to */
export function writeSbom(path) {
  const isWindows = process.platform === 'win32';
  const words = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only', '--omit=dev'];
  const text = execFileSync(isWindows ? 'npm.cmd' : 'npm', words, {
    cwd: ROOT,
    maxBuffer: MAX_BYTES,
    shell: isWindows,
  });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeSbom(resolve(process.argv[2] ?? join(ROOT, 'dist', 'sbom.json')));
}
