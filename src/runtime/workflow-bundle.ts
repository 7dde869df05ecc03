/** The workflows as one script, built when their sources change and kept in the data folder. */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { contentHash } from './content-hash.ts';
import { type Logger, temporalLogger } from './logger.ts';

const SOURCES = ['workflows', 'src/domain', 'package-lock.json'];

export interface WorkflowBundle {
  readonly code: string;
}

export async function openWorkflowBundle(options: {
  readonly root: string;
  /** Where bundles are kept. */
  readonly folder: string;
  readonly logger: Logger;
  readonly say: (line: string) => void;
}): Promise<WorkflowBundle> {
  const { root, folder, logger, say } = options;
  const name = `workflows-${await contentHash(root, SOURCES)}.js`;
  const path = join(folder, name);
  const kept = await readFile(path, 'utf8').catch(() => null);
  if (kept !== null) return { code: kept };
  say('Bundling the workflows (after each change of theirs) ...');
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(root, 'workflows', 'index.ts'),
    logger: temporalLogger(logger),
  });
  await mkdir(folder, { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, code);
  await rename(unfinished, path);
  const old = (await readdir(folder)).filter((other) => other.startsWith('workflows-') && other !== name);
  await Promise.all(old.map((other) => rm(join(folder, other), { force: true })));
  return { code };
}
