/** An operation that was open when the backup was made from which its data folder was restored. */
import type { ErrorReport } from '../../lib/errors.ts';

/** What its record says where no outcome can be proven. */
export const MAY_HAVE_BEEN_SENT: ErrorReport = {
  code: 'TRANSACTION_UNKNOWN',
  message:
    'This operation was open when the backup was made. The original may have sent it since, so its outcome is not known. ' +
    'Compare the account with the history.',
  details: { part: 'restore' },
};
