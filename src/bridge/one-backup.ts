/** One backup at a time: each holds the journal for a moment, and two would fill the disk twice. */
import { TransientError, ValidationError } from '../lib/errors.ts';
import type { BackupMade } from '../protocol/api.ts';

/** @throws ValidationError EXTERNAL_STORES where this process owns no store; TransientError UNAVAILABLE while one is made */
export function oneBackup(make: (() => Promise<BackupMade>) | undefined): () => Promise<BackupMade> {
  let isMaking = false;
  return async () => {
    if (make === undefined)
      throw new ValidationError('EXTERNAL_STORES', 'This process owns no store that it could copy.');
    if (isMaking) throw new TransientError('UNAVAILABLE', 'A backup is being made. Try again when it is done.');
    isMaking = true;
    try {
      return await make();
    } finally {
      isMaking = false;
    }
  };
}
