/** Why a command is not carried out, where the reason lies in the engine itself. */
import { type CommandAnswer, done, refused } from '../../src/domain/order/command.ts';
import type { ErrorReport } from '../../src/lib/errors.ts';

const RETRY_AFTER_S = 10;

const unavailable = (part: string, message: string): ErrorReport => ({
  code: 'UNAVAILABLE',
  message,
  details: { part, retry_after_s: RETRY_AFTER_S },
});

export const NOT_READY = unavailable(
  'journal',
  'The engine has just started and is still checking its records. Nothing was sent.',
);
export const JOURNAL_DOWN = unavailable('journal', 'The journal is not reachable. Nothing was sent.');
export const VENUE_DOWN = unavailable('venue', 'The account cannot be read now. Nothing was sent.');
/** RESUME would have the engine buy back, without a look at the size, what somebody else sold. */
export const NAKED_FOREIGN: ErrorReport = {
  code: 'ENGINE_REDUCING',
  message:
    'The position was changed outside Driftless, and the short is larger than spot. Use ADOPT_POSITION to take it over (it ' +
    'shows the correction first), REBALANCE to hedge it now, or CLOSE.',
};
export const NAKED_RESUMED =
  ' The short is larger than spot. After one cooldown the engine buys the excess back. REBALANCE does so now, CLOSE ends it.';

export const RESUME_UNREAD = unavailable('venue', 'The account cannot be read now, and RESUME needs to read it first.');
/** What was open in a backup must be over before more than exits is signed again. */
export const stillOpen = (operations: readonly string[]): ErrorReport => ({
  code: 'ACCOUNT_UNRESOLVED',
  message:
    'A transaction that was open in the backup is unresolved. Wait for its proof or submit its outcome, then RESUME.',
  details: { operations },
});

export const ADOPT_UNREAD = unavailable('venue', 'The account cannot be read now.');

export const CONFIRMATION_INVALID: ErrorReport = {
  code: 'CONFIRMATION_INVALID',
  message:
    'The confirmation token is unknown, used, expired, or belongs to another command. Send the command without it to get a new one.',
};

export const expiry = (): CommandAnswer =>
  refused({
    code: 'COMMAND_EXPIRED',
    message: 'The command reached the engine too late. Nothing was sent. Send it again with a new command_id.',
  });

/** Not recorded: the same command may come again. */
export const engineBusy = (waiting: number, limit: number): ErrorReport => ({
  code: 'ENGINE_BUSY',
  message: 'The engine is busy. Try again in a few seconds.',
  details: { waiting, limit },
});

/** Accepted and then in vain: recorded, since it was answered pending, so it is no use to send it again as it is. */
export const waitedForSlot = (waitedMs: number): ErrorReport => ({
  code: 'ENGINE_BUSY',
  message: 'Timed out while waiting for the running operation. Nothing was sent.',
  details: { waited_s: waitedMs / 1_000, remedy: 'Send it again with a new command_id.' },
});

/** Likewise. */
export const waitedForVenue = ({ code, message }: ErrorReport, waitedMs: number): ErrorReport => ({
  code,
  message: `${message} Timed out while waiting for it. Nothing was sent.`,
  details: { part: 'venue', waited_s: waitedMs / 1_000, remedy: 'Send it again with a new command_id.' },
});

/** A double click, or two pages: the settle that is under way settles what this one would. */
export const alreadySettling = (operationId: string): CommandAnswer =>
  done('A settle of this market is already under way.', { changed: false, operation_id: operationId });

/** Likewise: what was shown to a person, or never had to be, is not what would be done now. */
export const confirmationMissed: ErrorReport = {
  code: 'CONFIRMATION_REQUIRED',
  message: 'The account changed while the command waited, and it needs a confirmation now. Nothing was sent.',
  details: { remedy: 'Send it again with a new command_id.' },
};

export const unreadInTurn: ErrorReport = {
  ...VENUE_DOWN,
  details: { part: 'venue', remedy: 'Send it again with a new command_id.' },
};

/** Likewise. */
export const waitedForProof = ({ code, message, details }: ErrorReport, waitedMs: number): ErrorReport => ({
  code,
  message: `${message} Timed out while waiting for that. Nothing was sent.`,
  details: { ...details, waited_s: waitedMs / 1_000, remedy: 'Send it again with a new command_id.' },
});

export const failedInside = (error: unknown): ErrorReport => ({
  code: 'UNAVAILABLE',
  message: error instanceof Error ? error.message : String(error),
  details: { part: 'engine' },
});
