/**
 * What of this process's memory and environment could end up in a file: core dumps, and Node's own crash reports. A process
 * that holds a key leaves neither with it.
 */
import { writeFileSync } from 'node:fs';

/** Linux: which parts of the memory a core dump of this process has. None of them; its children inherit that. */
const COREDUMP_FILTER = '/proc/self/coredump_filter';

/** Secrets by the names under which they stand in the environment. */
export const KEY_VARIABLES = ['SOLANA_PRIVATE_KEY'] as const;

/**
 * Call it once the settings are read. The variables leave our environment, and so every child's and every report's; the system
 * keeps a copy from the start of the process, which only this user can read.
 */
export function keepKeyToOurselves(): void {
  for (const name of KEY_VARIABLES) delete process.env[name];
  try {
    writeFileSync(COREDUMP_FILTER, '0');
  } catch {
    // Another system, or a container without it: `ulimit -c 0` does it there.
  }
}
