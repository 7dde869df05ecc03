/** The answer to a command that comes again under the same id: the engine and the bridge give the same. */
import { type Action, type CommandAnswer, isFinal, refused } from './command.ts';

/** What is known of the command that the id was used for first. */
export interface UsedCommand {
  /** Same engine, same action, same data. */
  readonly isSame: boolean;
  readonly answer: CommandAnswer | null;
  /** When it came, where that is known: for whoever wonders what took the id. */
  readonly first: { readonly action: Action; readonly receivedAtMs: number } | null;
  readonly operation: {
    readonly operationId: string;
    readonly answer: CommandAnswer | null;
    readonly endedAtMs: number | null;
  } | null;
}

/** Null: nothing became of it yet, and it may go on; it may wait for its confirmation. */
export function repeatedAnswer(
  commandId: string,
  { isSame, answer, first, operation }: UsedCommand,
): CommandAnswer | null {
  if (!isSame) return idConflict(commandId, first);
  if (answer !== null && isFinal(answer)) return answer;
  if (operation === null) return null;
  // An operation that was rebuilt without its command answers for it.
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
