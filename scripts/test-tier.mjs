/** `npm run test:unit`, `test:integration`, `test:product`: one tier; paths and Jest's own options (`--watch`, `-t`) pass through. */
import { JEST } from './jest.mjs';
import { run } from './run.mjs';
import { ROOT } from './setup.mjs';

const [tier, ...args] = process.argv.slice(2);
// Behind all other arguments: Jest takes whatever follows as more projects.
process.exitCode = await run(process.execPath, [...JEST, ...args, '--selectProjects', tier], { cwd: ROOT });
