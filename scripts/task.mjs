/** Runs one task of the product in a separate process: src/runtime/tasks.ts. */
import { importCompiled } from './compiled.mjs';
import { ROOT } from './setup.mjs';

const { runTask } = await importCompiled(ROOT, 'src/runtime/tasks.ts');
process.exit(await runTask(process.argv.slice(2)));
