/** What scripts/task.mjs can do. Nothing here is imported by the product itself: it asks for it through run-task.ts. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import type { TaskName } from './run-task.ts';

const DAY_MS = 86_400_000;

const TASKS: Readonly<Record<TaskName, (...args: string[]) => Promise<void>>> = {
  page: buildPage,
  workflows: buildWorkflows,
  journal: makeJournal,
  'temporal-cli': downloadTemporalCli,
};

/** The exit code; what went wrong is said on stderr. */
export async function runTask([name = '', ...args]: readonly string[]): Promise<number> {
  try {
    if (!Object.hasOwn(TASKS, name)) throw new Error(`there is no task ${name}`);
    await TASKS[name as TaskName](...args);
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

async function buildPage(root = '', outDir = ''): Promise<void> {
  const { build } = await import('vite');
  await build({
    configFile: join(root, 'dashboard', 'vite.config.ts'),
    root: join(root, 'dashboard'),
    logLevel: 'silent',
    build: { outDir, emptyOutDir: true },
  });
}

async function buildWorkflows(root = '', file = ''): Promise<void> {
  const { bundleWorkflows } = await import('./bundle-workflows.ts');
  await writeFile(file, await bundleWorkflows(root));
}

async function makeJournal(folder = ''): Promise<void> {
  // A database that is made once is not worth optimizing for: a third of the time and 100 MB less.
  setFlagsFromString('--liftoff-only');
  const { makeDatabase } = await import('../journal/pglite-folder.ts');
  await makeDatabase(folder);
}

/** The SDK downloads the CLI when it starts its own test server; offline that fails in a tenth of a second. */
async function downloadTemporalCli(downloadDir = '', version = ''): Promise<void> {
  const { Runtime } = await import('@temporalio/worker');
  const runtime = Runtime.instance();
  const server = await runtime.createEphemeralServer({
    type: 'dev-server',
    exe: {
      type: 'cached-download',
      downloadDir,
      version: `v${version}`,
      ttl: DAY_MS,
      sdkName: 'sdk-typescript',
      sdkVersion: 'driftless',
    },
    namespace: 'default',
    ip: '127.0.0.1',
    port: null,
    uiPort: null,
    dbFilename: null,
    ui: false,
    log: { format: 'pretty', level: 'error' },
    extraArgs: [],
  });
  await runtime.shutdownEphemeralServer(server);
}
