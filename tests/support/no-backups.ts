/** The command line's ports to backups, for tests that make none. */
import type { CliPorts } from '../../src/cli/ports.ts';

export const NO_BACKUPS = {
  backupStopped: async () => ({ kind: 'nothing', why: 'There is nothing to back up either.' }),
  moveBackup: () => Promise.reject(new Error('no backup is moved in this test')),
  restore: () => Promise.reject(new Error('nothing is restored in this test')),
} as const satisfies Partial<CliPorts>;
