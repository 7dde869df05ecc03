/**
 * Answers and errors of the engine as the protocol has them. They come out of Temporal and the journal as JSON, perhaps
 * of an older version, so that their types are taken on trust here; every test that receives one checks it.
 */
import type { Action, CommandAnswer } from '../domain/order/command.ts';
import type * as z from '../lib/codec.ts';
import type { ErrorReport } from '../lib/errors.ts';
import type { ErrorInfo } from '../protocol/error.ts';
import type { CommandResult } from '../protocol/result.ts';

export const errorView = (report: ErrorReport): z.input<typeof ErrorInfo> => report as z.input<typeof ErrorInfo>;

export const resultView = (
  action: Action | string | null,
  commandId: string | null,
  { success, message, data, error }: CommandAnswer,
): z.input<typeof CommandResult> => ({
  type: 'COMMAND_RESULT',
  action,
  command_id: commandId,
  success,
  message,
  data: data as z.input<typeof CommandResult>['data'],
  ...(error === undefined ? {} : { error: errorView(error) }),
});
