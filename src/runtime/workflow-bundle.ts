/** The workflows as one script, built when their sources change and kept in the data folder. */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BundleOptions, bundleWorkflowCode } from '@temporalio/worker';
import { contentHash } from './content-hash.ts';
import { type Logger, temporalLogger } from './logger.ts';

const SOURCES = ['workflows', 'src/domain', 'src/lib', 'src/runtime/workflow-bundle.ts', 'package-lock.json'];

/**
 * The bundler leaves every module by itself and whole. Each start of a workflow evaluates them anew, so what nobody uses
 * goes, and the rest becomes few scopes: half the time of a workflow's first task.
 */
export const bundled: NonNullable<BundleOptions['webpackConfigHook']> = (config) => ({
  ...config,
  optimization: {
    ...config.optimization,
    providedExports: true,
    usedExports: true,
    sideEffects: true,
    innerGraph: true,
    concatenateModules: true,
  },
});

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
  say('Bundling the workflows ...');
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(root, 'workflows', 'index.ts'),
    logger: temporalLogger(logger),
    webpackConfigHook: bundled,
  });
  await mkdir(folder, { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, code);
  await rename(unfinished, path);
  const old = (await readdir(folder)).filter((other) => other.startsWith('workflows-') && other !== name);
  await Promise.all(old.map((other) => rm(join(folder, other), { force: true })));
  return { code };
}
