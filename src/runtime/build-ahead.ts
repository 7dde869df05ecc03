/** The workflows and the page, made ahead into `dist/`: scripts/build.mjs. */
import { aheadFolder } from './content-hash.ts';
import { openPage } from './page.ts';
import { openWorkflowBundle } from './workflow-bundle.ts';

export async function buildAhead(root: string, say: (line: string) => void): Promise<void> {
  const folder = aheadFolder(root);
  await openWorkflowBundle({ root, folder, say });
  await openPage({ root, folder, say });
}
