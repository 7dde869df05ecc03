/** Workflows as one script, by Temporal's bundler. Loads webpack: imported where a process may grow, never by the product's own. */
import { join } from 'node:path';
import { type BundleOptions, bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { transform } from 'esbuild';

/** The bundler keeps every module whole and separate. Unused code goes, and the rest becomes a few scopes. */
const bundled: NonNullable<BundleOptions['webpackConfigHook']> = (config) => ({
  ...config,
  // The map says where code comes from; the sources themselves are on disk.
  devtool: 'inline-nosources-source-map',
  optimization: {
    ...config.optimization,
    providedExports: true,
    usedExports: true,
    sideEffects: true,
    innerGraph: true,
    concatenateModules: true,
  },
});

/** @param root where `workflows` is */
export async function bundleWorkflows(root: string, entry = join(root, 'workflows', 'index.ts')): Promise<string> {
  const interceptors = ['unsigned-payloads.ts', 'tracing.ts'].map((name) => join(root, 'workflows', name));
  const { code } = await bundleWorkflowCode({
    workflowsPath: entry,
    workflowInterceptorModules: interceptors,
    logger: new DefaultLogger('ERROR'),
    // Evaluated once for all workflows, not again at each start of one. Our modules keep no state.
    preloadModules: [entry, ...interceptors],
    webpackConfigHook: bundled,
  });
  return await compact(code);
}

/**
 * A third of the size. A process holds several copies of the script, and V8 needs two bytes a character if a single one
 * is not ASCII. Names stay as they are: stacks and Temporal's errors show them.
 */
async function compact(script: string): Promise<string> {
  const { code, map } = await transform(script, {
    minifyWhitespace: true,
    legalComments: 'none',
    charset: 'ascii',
    sourcemap: 'external',
    sourcesContent: false,
  });
  // The SDK reads the script's own name from the map.
  const named = JSON.stringify({ ...JSON.parse(map), file: 'workflows.js' });
  return `${code}//# sourceMappingURL=data:application/json;base64,${Buffer.from(named).toString('base64')}\n`;
}
