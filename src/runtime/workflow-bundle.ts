/** The workflows as one script, built when their sources change and kept in the data folder. */
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CriticalError } from '../lib/errors.ts';
import { aheadFolder, contentHash } from './content-hash.ts';
import { runTask } from './run-task.ts';

const SOURCES = ['workflows', 'src/domain', 'src/lib', 'src/runtime/bundle-workflows.ts', 'package-lock.json'];
const BUILD_MS = 300_000;

export interface WorkflowBundle {
  readonly code: string;
}

/** Of the file that holds the workflows as these sources are bundled. */
export const bundleName = (root: string): string => `workflows-${contentHash(root, SOURCES)}.js`;

export async function openWorkflowBundle(options: {
  readonly root: string;
  /** Where bundles are kept. */
  readonly folder: string;
  readonly say: (line: string) => void;
}): Promise<WorkflowBundle> {
  const { root, folder, say } = options;
  const name = bundleName(root);
  const path = join(folder, name);
  for (const built of [join(aheadFolder(root), name), path]) {
    const code = await readFile(built, 'utf8').catch(() => null);
    if (code !== null) return { code };
  }
  say('Bundling the workflows (after each change of theirs) ...');
  await mkdir(folder, { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  const problem = await runTask('workflows', [root, unfinished], BUILD_MS);
  if (problem !== null) {
    await rm(unfinished, { force: true });
    throw new CriticalError('WORKFLOWS_BUILD_FAILED', `The workflows could not be bundled: ${problem}`);
  }
  await rename(unfinished, path);
  const old = (await readdir(folder)).filter((other) => other.startsWith('workflows-') && other !== name);
  await Promise.all(old.map((other) => rm(join(folder, other), { force: true })));
  return { code: await readFile(path, 'utf8') };
}
