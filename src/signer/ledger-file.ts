/** The ledger on disk: written whole and made durable before a signature leaves, so that a crash forgets nothing signed. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from '../lib/codec.ts';
import { CriticalError } from '../lib/errors.ts';
import { EMPTY_LEDGER, LEDGER, type SigningLedger } from './ledger.ts';

/** @throws CriticalError SIGNER_STATE: counters that cannot be read must not begin at zero */
export function readLedger(path: string): SigningLedger {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return EMPTY_LEDGER;
    throw unreadable(path, error);
  }
  try {
    return z.decodeExactly(LEDGER, JSON.parse(text));
  } catch (error) {
    throw unreadable(path, error);
  }
}

const unreadable = (path: string, error: unknown): CriticalError =>
  new CriticalError(
    'SIGNER_STATE',
    `The signer’s counters in ${path} cannot be read (${error instanceof Error ? error.message : String(error)}). Without ` +
      'them today’s limits would begin at zero. Restore the file, or delete it if you accept that.',
  );

/** @throws as the file system does; then the old file stands */
export function writeLedger(path: string, ledger: SigningLedger): void {
  const fresh = `${path}.new`;
  const file = openSync(fresh, 'w', 0o600);
  try {
    writeSync(file, JSON.stringify(z.encode(LEDGER, ledger)));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(fresh, path);
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
