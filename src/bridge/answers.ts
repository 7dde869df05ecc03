/** Answers that the bridge gives itself, if nothing behind it responded. */
import { type CommandAnswer, refused } from '../domain/order/command.ts';
import { RETRY_AFTER_S } from './limits.ts';

type UnavailablePart = 'temporal' | 'engine' | 'journal' | 'bridge';

/** Nothing was sent. */
export const unavailable = (part: UnavailablePart, message: string): CommandAnswer =>
  refused({ code: 'UNAVAILABLE', message, details: { part, retry_after_s: RETRY_AFTER_S } });

/** Nothing was sent. */
export const busy = (message: string): CommandAnswer =>
  refused({ code: 'ENGINE_BUSY', message, details: { retry_after_s: 1 } });

/** It may have been taken or not; what became of it follows under the same command id. */
export const acceptanceUnknown = (): CommandAnswer =>
  refused(
    {
      code: 'ACCEPTANCE_UNKNOWN',
      message:
        'The engine did not answer in time, so it is not known yet whether it accepted the command. The result follows under the same command_id. Nothing starts later than 5 s after sending.',
      details: { part: 'engine' },
    },
    'unknown',
  );
