/**
 * A container's probe of a worker: exit code 0 if its health note (src/runtime/health-note.ts) is young and, with the word
 * `ready`, says so. Node's builtins only.
 */
import { readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** Written every two seconds, and after a look that may take as long. */
const YOUNG_MS = 20_000;

const path = join(process.env.DRIFTLESS_HOME ?? '.driftless', `health.${hostname()}`);
const wantsReady = process.argv[2] === 'ready';

function trouble() {
  try {
    const ageMs = Date.now() - statSync(path).mtimeMs;
    if (ageMs > YOUNG_MS) return `${path} is ${Math.round(ageMs / 1000)} s old`;
    const text = readFileSync(path, 'utf8').trim();
    return wantsReady && text !== 'ready' ? text : null;
  } catch (error) {
    return `${path} cannot be read (${error.code})`;
  }
}

const found = trouble();
if (found !== null) {
  process.stderr.write(`${found}\n`);
  process.exit(1);
}
