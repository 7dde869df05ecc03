/** The test workflows as one script: bundled once per content, kept in a temporary file that test files share. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflows } from '../../src/runtime/bundle-workflows.ts';
import { contentHash } from '../../src/runtime/content-hash.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ENTRY = 'tests/support/test-workflows.ts';
const SOURCES = [
  'workflows',
  'src/domain',
  'src/runtime/bundle-workflows.ts',
  ENTRY,
  'tests/support/report-sink-messages.ts',
  'package-lock.json',
];

async function build(): Promise<string> {
  const folder = join(tmpdir(), `driftless-test-${userInfo().username}`);
  const path = join(folder, `workflows-${contentHash(ROOT, SOURCES)}.js`);
  const kept = await readFile(path, 'utf8').catch(() => null);
  if (kept !== null) return kept;
  const code = await bundleWorkflows(ROOT, join(ROOT, ENTRY));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, code);
  await rename(unfinished, path);
  return code;
}

let built: Promise<string> | null = null;

export async function testWorkflowBundle(): Promise<{ readonly code: string }> {
  built ??= build();
  return { code: await built };
}
