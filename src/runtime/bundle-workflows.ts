/** Workflows as one script, by Temporal's bundler. Loads webpack: imported where a process may grow, never by the product's own. */
import { type BundleOptions, bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

/**
 * The bundler leaves every module by itself and whole. Each start of a workflow evaluates them anew, so what nobody uses
 * goes, and the rest becomes few scopes: half the time of a workflow's first task.
 */
const bundled: NonNullable<BundleOptions['webpackConfigHook']> = (config) => ({
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

export async function bundleWorkflows(entry: string): Promise<string> {
  const logger = new DefaultLogger('ERROR');
  const { code } = await bundleWorkflowCode({ workflowsPath: entry, logger, webpackConfigHook: bundled });
  return code;
}
