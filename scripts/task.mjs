/** One piece of work that the product does in a process of its own: src/runtime/tasks.ts. */
import { register } from 'tsx/esm/api';

register();
const { runTask } = await import('../src/runtime/tasks.ts');
process.exit(await runTask(process.argv.slice(2)));
