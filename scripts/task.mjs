/** Runs one task of the product in a separate process: src/runtime/tasks.ts. */
import { register } from 'tsx/esm/api';

register();
const { runTask } = await import('../src/runtime/tasks.ts');
process.exit(await runTask(process.argv.slice(2)));
