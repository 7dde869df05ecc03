/** Node itself. */
import { NODE_REMEDY, whyUnfitNode } from '../../runtime/node-version.mjs';
import type { Check } from '../check.ts';
import { fail, pass } from '../finding.ts';

export const node: Check = {
  name: 'node',
  needsSettings: false,
  async run({ nodeVersion }) {
    const why = whyUnfitNode(nodeVersion);
    return [why === null ? pass(`Node ${nodeVersion}.`) : fail(why, `I${NODE_REMEDY.slice(1)}`)];
  },
};
