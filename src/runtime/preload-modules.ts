/**
 * Modules that a worker loads once for all workflows instead of once for each: a workflow's first task is some 10 ms
 * shorter for it. Only what is pure and keeps no state in its module may stand here, as all of `src/domain`.
 */
import { join } from 'node:path';

const PURE = ['snapshot', 'policy', 'gates', 'operation-step', 'ids'];

export const preloadModules = (root: string): string[] => [
  'zod',
  ...PURE.map((name) => join(root, 'src', 'domain', `${name}.ts`)),
];
