/** A copy of the embedded journal, to be read while nothing runs: opening the journal itself would write to it. */
import { rmSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LockInfo, lockDataFolder } from '../journal/data-lock.ts';

type JournalCopy =
  | {
      readonly kind: 'copy';
      readonly dataDir: string;
      /** What was said of the copy, as said of the journal: a person finds no copy to mend. */
      readonly named: (text: string) => string;
      readonly remove: () => Promise<void>;
    }
  /** Another process has the data folder. */
  | { readonly kind: 'held'; readonly by: LockInfo };

const INTERRUPTED = 130;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** The lock is held only while the folder is copied: a start a moment later finds it free. */
export async function copyJournal(home: string): Promise<JournalCopy> {
  const lock = await lockDataFolder(home, { pid: process.pid, url: null });
  if (lock.kind === 'held') return lock;
  const folder = await mkdtemp(join(tmpdir(), 'driftless-copy-'));
  const atExit = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', atExit);
  // Without a listener a signal ends the process before it can clean up.
  const interrupted = () => process.exit(INTERRUPTED);
  for (const signal of SIGNALS) process.once(signal, interrupted);
  const remove = async () => {
    await rm(folder, { recursive: true, force: true });
    process.off('exit', atExit);
    for (const signal of SIGNALS) process.off(signal, interrupted);
  };
  const dataDir = join(folder, 'journal');
  const journal = join(home, 'journal');
  try {
    await cp(journal, dataDir, { recursive: true });
  } catch (error) {
    await remove();
    throw error;
  } finally {
    await lock.release();
  }
  const named = (text: string) => text.replaceAll(dataDir, journal);
  return { kind: 'copy', dataDir, named, remove };
}
