/** What many test files need built or made: once per content, before the first of them, and kept from run to run. */
import { cp, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openPage } from '../../src/runtime/page.ts';
import { openWorkflowBundle, type WorkflowBundle } from '../../src/runtime/workflow-bundle.ts';
import { makeTestImages } from './pglite-image.ts';
import { testWorkflowBundle } from './workflow-bundle.ts';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const BUNDLES = join(tmpdir(), 'driftless-test-bundles');
/** The built page and the product's workflows, both named by their content: a product copies them into its data folder. */
export const SHARED_CACHE = join(ROOT, 'node_modules', '.cache', 'driftless-product');

/** The product's workflows. */
export const productWorkflowBundle = (say: (line: string) => void = () => undefined): Promise<WorkflowBundle> =>
  openWorkflowBundle({ root: ROOT, folder: BUNDLES, say });

/** Test files that run side by side would each build it for themselves. */
export async function makeSharedBuilds(say: (line: string) => void): Promise<void> {
  await productWorkflowBundle(say);
  await mkdir(SHARED_CACHE, { recursive: true });
  await cp(BUNDLES, SHARED_CACHE, { recursive: true });
  await openPage({ root: ROOT, folder: SHARED_CACHE, say });
  await testWorkflowBundle();
  await makeTestImages();
}
