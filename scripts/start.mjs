/** `npm start`: runs the product. A command's name as the first word (`npm start -- status`) runs that command instead. */
import { runCommand, runToTheEnd } from './driftless.mjs';
import { ROLES } from './options.mjs';
import { runProduct } from './product.mjs';

const words = process.argv.slice(2);
const [first] = words;
const isCommand = first !== undefined && !first.startsWith('-') && !ROLES.includes(first);
await runToTheEnd(() => (isCommand ? runCommand(words) : runProduct(words)));
