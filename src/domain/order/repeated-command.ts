/** The answer to a command that is sent again under the same id. Engine and bridge both use it. */
import { type Action, type CommandAnswer, isFinal, refused } from './command.ts';

/** The command that first used the id. */
export interface UsedCommand {
  /** Same engine, same action, same data. */
  readonly isSame: boolean;
  readonly answer: CommandAnswer | null;
  /** When it arrived, if known; it helps to find out what used the id. */
  readonly first: { readonly action: Action; readonly receivedAtMs: number } | null;
  readonly operation: {
    readonly operationId: string;
    readonly answer: CommandAnswer | null;
    readonly endedAtMs: number | null;
  } | null;
}

/** Null: it has no result yet and may continue, for instance with its confirmation. */
export function repeatedAnswer(
  commandId: string,
  { isSame, answer, first, operation }: UsedCommand,
): CommandAnswer | null {
  if (!isSame) return idConflict(commandId, first);
  if (answer !== null && isFinal(answer)) return answer;
  if (operation === null) return null;
  // The operation was rebuilt without its command; its result is the answer.
  if (operation.answer !== null && operation.endedAtMs !== null) return operation.answer;
  return accepted(operation.operationId);
}

export const accepted = (operationId: string): CommandAnswer => ({
  success: true,
  message: 'Accepted. The result follows.',
  data: { status: 'pending', operation_id: operationId },
});

export const idConflict = (commandId: string, first: UsedCommand['first'] = null): CommandAnswer =>
  refused({
    code: 'COMMAND_ID_CONFLICT',
    message: 'This command_id was used for another command. Use a new command_id.',
    details: {
      command_id: commandId,
      ...(first === null ? {} : { action: first.action, received_at: new Date(first.receivedAtMs).toISOString() }),
    },
  });
