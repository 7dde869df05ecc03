/**
 * Where a secret of this process could end up beside its memory: the environment, which children and Node's crash reports copy,
 * and core dumps, which copy the memory. Rules: SECURITY.md.
 */
import { writeFileSync } from 'node:fs';
import { SECRET_SETTINGS } from './setting-table.ts';

/** Linux: which parts of the memory a core dump of this process has. Its children inherit it. */
const COREDUMP_FILTER = '/proc/self/coredump_filter';
const NOTHING = '0';

/**
 * Call it once the settings are read. The system keeps a copy of the environment from the start of the process, which only this
 * user can read: a key file leaves none.
 */
export function forgetSecretsInEnvironment(env: NodeJS.ProcessEnv = process.env): void {
  for (const name of SECRET_SETTINGS) delete env[name];
  // Node 22.13 and later have it; others find nothing of ours in the environment either.
  Object.assign(process.report, { excludeEnv: true });
}

/** A crash then leaves a core without memory, and so without the key. @returns false: the system has no such switch */
export function leaveNoMemoryInCores(): boolean {
  try {
    writeFileSync(COREDUMP_FILTER, NOTHING);
    return true;
  } catch {
    return false;
  }
}
